package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// effort is what a hash takes, in parameters of argon2id (RFC 9106).
type effort struct {
	memory uint32 // KiB.
	rounds uint32
}

// fullEffort is what OWASP's password storage guide gives for one lane: 19 MiB, two rounds.
func fullEffort() effort { return effort{memory: 19 << 10, rounds: 2} }

// quickEffort is the least that argon2id knows.
func quickEffort() effort { return effort{memory: 8, rounds: 1} }

const (
	argonLanes = 1
	argonSalt  = 16
	argonKey   = 32

	argonForm = "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s"
)

const (
	minPassword = 10
	maxPassword = 256
)

// ErrPassword is returned, wrapped, for a password that is not to be used.
var ErrPassword = errors.New("choose another password")

// hasher hashes passwords, a few at a time: each takes memory, and whoever guesses must not take all of it.
type hasher struct {
	effort effort
	turns  chan struct{}
}

func newHasher(e effort) *hasher { return &hasher{e, make(chan struct{}, 2)} }

// checkPassword tells whether a password may be used: long enough, and not made of the login.
func checkPassword(login, password string) error {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Errorf("%w: it needs at least %d characters", ErrPassword, minPassword)
	case len(password) > maxPassword:
		return fmt.Errorf("%w: it is longer than %d bytes", ErrPassword, maxPassword)
	case strings.Contains(strings.ToLower(password), login):
		return fmt.Errorf("%w: it contains the login", ErrPassword)
	case distinct(password) < 5:
		return fmt.Errorf("%w: it repeats the same few characters", ErrPassword)
	}
	return nil
}

func distinct(s string) int {
	seen := make(map[rune]bool)
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// hash returns the PHC string of a password with a new salt.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("salt of a password: %w", err)
	}
	key, err := h.key(ctx, password, salt, h.effort.rounds, h.effort.memory, argonLanes)
	if err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding
	return fmt.Sprintf(argonForm, argon2.Version, h.effort.memory, h.effort.rounds, argonLanes, enc.EncodeToString(salt), enc.EncodeToString(key)), nil
}

// verify reports whether a password belongs to a hash. Without a hash it takes as long and says no.
func (h *hasher) verify(ctx context.Context, hash, password string) (bool, error) {
	salt, want := make([]byte, argonSalt), make([]byte, argonKey)
	memory, rounds, lanes := h.effort.memory, h.effort.rounds, uint8(argonLanes)
	known := false
	if parts := strings.Split(hash, "$"); len(parts) == 6 && parts[1] == "argon2id" && len(password) <= maxPassword {
		_, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &rounds, &lanes)
		s, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
		k, errKey := base64.RawStdEncoding.DecodeString(parts[5])
		if err = errors.Join(err, errSalt, errKey); err != nil {
			return false, fmt.Errorf("stored password: %w", err)
		}
		salt, want, known = s, k, true
	}
	got, err := h.key(ctx, password, salt, rounds, memory, lanes)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func (h *hasher) key(ctx context.Context, password string, salt []byte, rounds, memory uint32, lanes uint8) ([]byte, error) {
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, rounds, memory, lanes, argonKey), nil
}

// newToken returns a secret that nobody guesses, in 43 characters.
func newToken() (string, error) {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// tokenHash is what is stored of a token. It has 256 bits of chance, so a fast hash is enough.
func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
