package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Keys keeps keys of programs, by the hashes of their secrets.
type Keys interface {
	AddKey(ctx context.Context, hash []byte, k Key) error
	// Key returns a key and the user it belongs to; ErrNotFound. It notes the use, to within minutes.
	Key(ctx context.Context, hash []byte, now time.Time) (Key, User, error)
	// Keys returns the keys of a user, or of all with an empty login, by the time they were made.
	Keys(ctx context.Context, login string) ([]Key, error)
	// Revoke ends a key of a user, or of anybody with an empty login; ErrNotFound.
	Revoke(ctx context.Context, login, id string, at time.Time) error
}

// Key lets a program in with some of the permissions of the user it belongs to.
type Key struct {
	ID      string
	Login   string
	Name    string
	Scopes  []Permission
	Made    time.Time
	Till    time.Time // Zero: without end.
	Used    time.Time // Last, to within minutes; zero: never.
	Revoked time.Time // Zero: not.
}

// ErrKey is returned, wrapped, for a key that is not well described.
var ErrKey = errors.New("bad key")

// keyMark begins every key, so that a leaked one is found by those who look for such things.
const keyMark = "tlk_"

// NewKey makes a key for a user and returns its secret, which is not shown again. A key has no more permissions than its user.
func (g *Gate) NewKey(ctx context.Context, login, name string, scopes []Permission, till time.Time) (string, Key, error) {
	now := g.clock.Now()
	user, _, err := g.users.User(ctx, login)
	if err != nil {
		return "", Key{}, err
	}
	switch {
	case name == "" || len(name) > 100:
		return "", Key{}, fmt.Errorf("%w: give it a name of up to 100 bytes that says what uses it", ErrKey)
	case len(scopes) == 0:
		return "", Key{}, fmt.Errorf("%w: name at least one scope, such as calls:read", ErrKey)
	case !till.IsZero() && !till.After(now):
		return "", Key{}, fmt.Errorf("%w: it would be over already", ErrKey)
	}
	for _, p := range scopes {
		if !slices.Contains(Permissions(), p) {
			return "", Key{}, fmt.Errorf("%w: unknown scope %q: use some of %s", ErrKey, p, words(Permissions()))
		}
		if !user.Role.May(p) {
			return "", Key{}, fmt.Errorf("%w: %s has no %s itself", ErrKey, user.Role, p)
		}
	}
	secret, err := newToken()
	if err != nil {
		return "", Key{}, err
	}
	id, err := newToken()
	if err != nil {
		return "", Key{}, err
	}
	secret = keyMark + secret
	k := Key{ID: id[:12], Login: login, Name: name, Scopes: scopes, Made: now, Till: till}
	return secret, k, g.keys.AddKey(ctx, tokenHash(secret), k)
}

// ByKey returns who a key belongs to; ErrNoSession.
func (g *Gate) ByKey(ctx context.Context, secret string) (*Principal, error) {
	if !strings.HasPrefix(secret, keyMark) {
		return nil, ErrNoSession
	}
	now := g.clock.Now()
	k, user, err := g.keys.Key(ctx, tokenHash(secret), now)
	if errors.Is(err, ErrNotFound) {
		return nil, ErrNoSession
	}
	if err != nil {
		return nil, err
	}
	if user.Disabled || !k.Revoked.IsZero() || !k.Till.IsZero() && !k.Till.After(now) {
		return nil, ErrNoSession
	}
	p := user.principal("")
	p.Scopes, p.Key = slices.Clone(k.Scopes), k.ID
	return p, nil
}

// KeysOf returns the keys of a user.
func (g *Gate) KeysOf(ctx context.Context, login string) ([]Key, error) {
	return g.keys.Keys(ctx, login)
}

// RevokeKey ends a key. With an empty login it may be anybody's.
func (g *Gate) RevokeKey(ctx context.Context, login, id string) error {
	return g.keys.Revoke(ctx, login, id, g.clock.Now())
}

// SameSecret compares secrets without telling by its time where they differ.
func SameSecret(a, b string) bool {
	return subtle.ConstantTimeCompare(tokenHash(a), tokenHash(b)) == 1
}
