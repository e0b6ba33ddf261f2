package e164_test

import (
	"cmp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/internal/e164"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"+74951234567", "+74951234567"},
		{"74951234567", "+74951234567"},
		{" +7 (495) 123-45.67 ", "+74951234567"},
		{"1", "+1"},
		{"", ""},
		{"+", ""},
		{"0049", ""},
		{"1234567890123456", ""},
		{"+7495x", ""},
		{"＋7495", ""},
	} {
		n, err := e164.Parse(c.in)
		if c.want == "" {
			require.ErrorIs(t, err, e164.ErrInvalid, c.in)
			require.True(t, n.IsZero())
			continue
		}
		require.NoError(t, err, c.in)
		require.Equal(t, c.want, n.String())
	}
}

func TestKeyOrdersLikeText(t *testing.T) {
	t.Parallel()
	digits := rapid.StringMatching(`[0-9]{0,15}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := digits.Draw(t, "a"), digits.Draw(t, "b")
		pa, pb := e164.MustParsePrefix(a), e164.MustParsePrefix(b)
		require.Equal(t, strings.Compare(a, b), cmp.Compare(pa.Key(), pb.Key()))
	})
}

func FuzzParse(f *testing.F) {
	f.Add("+7 (495) 123")
	f.Add("８")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := e164.Parse(s)
		if err != nil {
			return
		}
		again, err := e164.Parse(n.String())
		require.NoError(t, err)
		require.Equal(t, n, again)
	})
}

func TestPrefixOfKey(t *testing.T) {
	for _, digits := range []string{"", "1", "0", "7495", "491512345678901"} {
		p := e164.MustParsePrefix(digits)
		require.Equal(t, p, e164.PrefixOfKey(p.Key()))
	}
	require.Equal(t, e164.MustParsePrefix("7495"), e164.MustParse("+74951234567").Prefix(4))
	require.Equal(t, e164.MustParsePrefix("74"), e164.MustParse("+74").Prefix(9))
}
