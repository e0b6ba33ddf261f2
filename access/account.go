package access

import (
	"context"
	"errors"
	"time"
)

// Links keeps one-time links, by the hashes of their tokens.
type Links interface {
	AddLink(ctx context.Context, hash []byte, login string, till time.Time) error
	// UseLink returns whose link it is and spends it; ErrNotFound for one that is spent, over or unknown.
	UseLink(ctx context.Context, hash []byte, now time.Time) (login string, err error)
	// PeekLink returns whose link it is without spending it; ErrNotFound.
	PeekLink(ctx context.Context, hash []byte, now time.Time) (login string, err error)
}

const (
	welcomeLast = 7 * 24 * time.Hour
	resetLast   = time.Hour
)

// Add makes a user, without a password: they are sent a link to choose one.
func (g *Gate) Add(ctx context.Context, u User) error {
	if err := u.Validate(); err != nil {
		return err
	}
	u.Made, u.Changed = g.clock.Now(), g.clock.Now()
	return g.users.PutUser(ctx, u, true, func(*Secrets) error { return nil })
}

// Change stores what is told of a user, by somebody who may write users. A disabled user's sessions end.
func (g *Gate) Change(ctx context.Context, u User) error {
	if err := u.Validate(); err != nil {
		return err
	}
	before, _, err := g.users.User(ctx, u.Login)
	if err != nil {
		return err
	}
	u.Made, u.TOTP, u.SignedIn, u.Locked, u.Changed = before.Made, before.TOTP, before.SignedIn, before.Locked, g.clock.Now()
	if err := g.users.PutUser(ctx, u, false, func(*Secrets) error { return nil }); err != nil {
		return err
	}
	if u.Disabled || u.Role != before.Role || u.Tenant != before.Tenant || u.Branch != before.Branch {
		return g.sessions.End(ctx, u.Login, "", "")
	}
	return nil
}

// User returns what is told of a user; ErrNotFound.
func (g *Gate) User(ctx context.Context, login string) (User, error) {
	u, _, err := g.users.User(ctx, login)
	return u, err
}

// Users returns all users, or those of one tenant.
func (g *Gate) Users(ctx context.Context, tenant string) ([]User, error) {
	return g.users.Users(ctx, tenant)
}

// Welcome makes a link by which a new user chooses their password. It is good for a week, once.
func (g *Gate) Welcome(ctx context.Context, login string) (token string, err error) {
	return g.link(ctx, login, welcomeLast)
}

// Reset makes a link by which a user chooses a new password. It is good for an hour, once; ErrNotFound.
func (g *Gate) Reset(ctx context.Context, login string) (token string, err error) {
	return g.link(ctx, login, resetLast)
}

func (g *Gate) link(ctx context.Context, login string, last time.Duration) (string, error) {
	if _, _, err := g.users.User(ctx, login); err != nil {
		return "", err
	}
	token, err := newToken()
	if err != nil {
		return "", err
	}
	return token, g.links.AddLink(ctx, tokenHash(token), login, g.clock.Now().Add(last))
}

// LinkOf returns whose link it is that may still be used; ErrNotFound.
func (g *Gate) LinkOf(ctx context.Context, token string) (login string, err error) {
	return g.links.PeekLink(ctx, tokenHash(token), g.clock.Now())
}

// Redeem sets the password of the user whose link it is. The link is spent only when the password may be used. All their
// sessions end.
func (g *Gate) Redeem(ctx context.Context, token, password string) (login string, err error) {
	now := g.clock.Now()
	if login, err = g.links.PeekLink(ctx, tokenHash(token), now); err != nil {
		return "", err
	}
	if err := checkPassword(login, password); err != nil {
		return login, err
	}
	if login, err = g.links.UseLink(ctx, tokenHash(token), now); err != nil {
		return "", err
	}
	return login, g.SetPassword(ctx, login, password, "")
}

// ChangePassword sets one's own password, proved by the former one. Other sessions end.
func (g *Gate) ChangePassword(ctx context.Context, who *Principal, former, password string) error {
	if err := g.checkPassword(ctx, who.User, former); err != nil {
		return err
	}
	return g.SetPassword(ctx, who.User, password, who.Session)
}

// SetPassword sets a user's password and ends their sessions but one.
func (g *Gate) SetPassword(ctx context.Context, login, password, but string) error {
	if err := checkPassword(login, password); err != nil {
		return err
	}
	user, _, err := g.users.User(ctx, login)
	if err != nil {
		return err
	}
	hash, err := g.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	user.Changed, user.Locked = g.clock.Now(), time.Time{}
	err = g.users.PutUser(ctx, user, false, func(s *Secrets) error {
		s.Password, s.Failures = hash, 0
		return nil
	})
	return errors.Join(err, g.sessions.End(ctx, login, "", but))
}

// checkPassword proves a user by their password. Failures count as those of signing in do.
func (g *Gate) checkPassword(ctx context.Context, login, password string) error {
	user, secrets, err := g.users.User(ctx, login)
	if err != nil {
		return err
	}
	if user.Locked.After(g.clock.Now()) {
		return ErrLocked
	}
	good, err := g.hasher.verify(ctx, secrets.Password, password)
	if err != nil {
		return err
	}
	if !good {
		_, err := g.users.Count(ctx, login, false, 0, Lock{lockAfter, lockFor})
		return errors.Join(ErrCredentials, err)
	}
	return nil
}

// Opens reports whether a password is a user's, without beginning a session or counting a failure. It is for commands on
// the machine itself.
func (g *Gate) Opens(ctx context.Context, login, password string) (bool, error) {
	user, secrets, err := g.users.User(ctx, login)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	good, err := g.hasher.verify(ctx, secrets.Password, password)
	return good && !user.Disabled, err
}
