package access

import (
	"encoding/base32"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCodesOfRFC6238 takes the codes of RFC 6238, appendix B (SHA-1), by their last six digits.
func TestCodesOfRFC6238(t *testing.T) {
	t.Parallel()
	secret := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		now := time.Unix(at, 0)
		for shift, taken := range map[time.Duration]bool{0: true, codeStepSeconds * time.Second: true, -codeStepSeconds * time.Second: true, 90 * time.Second: false, -90 * time.Second: false} {
			step, ok := codeStep(secret, code, now.Add(shift))
			require.Equal(t, taken, ok, "%d, %s off", at, shift)
			if taken {
				require.Equal(t, at/codeStepSeconds, step, "the step of the code, not of the clock")
			}
		}
		for _, wrong := range []string{"", "1", code[1:], code + "0", "abcdef"} {
			_, ok := codeStep(secret, wrong, now)
			require.False(t, ok, wrong)
		}
	}
}

func TestPasswordsThatMayBeUsed(t *testing.T) {
	t.Parallel()
	for password, ok := range map[string]bool{
		"correct horse battery": true, "коррект лошадь": true, "short": false, "": false, "aaaaaaaaaaaa": false, "my-Olga-2026!": false, "abcdabcdabcd": false,
		string(make([]byte, maxPassword+1)): false,
	} {
		if err := checkPassword("olga", password); ok {
			require.NoError(t, err, password)
		} else {
			require.ErrorIs(t, err, ErrPassword, password)
		}
	}
}

// TestHashes proves a password by its hash only, in whatever parameters the hash was made, and refuses a hash that was damaged.
func TestHashes(t *testing.T) {
	t.Parallel()
	h := newHasher(fullEffort())
	one, err := h.hash(t.Context(), "correct horse battery")
	require.NoError(t, err)
	require.Contains(t, one, "$argon2id$v=19$m=19456,t=2,p=1$", "as OWASP's guide gives it")
	two, err := h.hash(t.Context(), "correct horse battery")
	require.NoError(t, err)
	require.NotEqual(t, one, two, "each has a salt of its own")
	const light = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$4GHP0vLZA0lFyhDMBmNKBDs0dvtTSFeu1FHHBvE4WZI" // Other parameters; the key is not of this password.
	for hash, want := range map[string]bool{one: true, two: true, light: false, "": false, "$2b$10$bcrypt": false} {
		got, err := h.verify(t.Context(), hash, "correct horse battery")
		require.NoError(t, err, hash)
		require.Equal(t, want, got, hash)
	}
	got, err := h.verify(t.Context(), one, "correct horse batterz")
	require.NoError(t, err)
	require.False(t, got)
	_, err = h.verify(t.Context(), "$argon2id$v=19$m=64,t=1,p=1$!!!$!!!", "x")
	require.Error(t, err)
}
