package access

import (
	"context"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// A code of the step before and after is taken as well: clocks of phones are not exact (RFC 6238, section 5.2).
const (
	codeStepSeconds = 30
	codeSkew        = 1
)

// codeStep returns the time step that a code is of, and whether it is any near now.
func codeStep(secret, code string, now time.Time) (int64, bool) {
	step := now.Unix() / codeStepSeconds
	for s := step - codeSkew; s <= step+codeSkew; s++ {
		at := time.Unix(s*codeStepSeconds, 0).UTC()
		good, err := totp.ValidateCustom(code, secret, at, totp.ValidateOpts{Period: codeStepSeconds, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && good {
			return s, true
		}
	}
	return 0, false
}

// Factor is a second factor that was begun: what an app needs to make codes.
type Factor struct {
	Secret string // Base32, for typing.
	URL    string // otpauth://, for a picture.
}

// BeginFactor makes a second factor for a user. It counts when ConfirmFactor was given a code of it; until then the former one does.
func (g *Gate) BeginFactor(ctx context.Context, login string) (Factor, error) {
	user, _, err := g.users.User(ctx, login)
	if err != nil {
		return Factor{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: g.issuer, AccountName: login})
	if err != nil {
		return Factor{}, fmt.Errorf("make a second factor: %w", err)
	}
	err = g.users.PutUser(ctx, user, false, func(s *Secrets) error {
		s.Pending = key.Secret()
		return nil
	})
	return Factor{Secret: key.Secret(), URL: key.URL()}, err
}

// ConfirmFactor puts the second factor that was begun in force, proved by a code of it; ErrCredentials.
func (g *Gate) ConfirmFactor(ctx context.Context, login, code string) error {
	user, _, err := g.users.User(ctx, login)
	if err != nil {
		return err
	}
	user.TOTP = true
	return g.users.PutUser(ctx, user, false, func(s *Secrets) error {
		step, good := codeStep(s.Pending, code, g.clock.Now())
		if s.Pending == "" || !good {
			return ErrCredentials
		}
		s.TOTP, s.Pending, s.Step = s.Pending, "", step
		return nil
	})
}

// DropFactor takes a user's second factor away, proved by their password.
func (g *Gate) DropFactor(ctx context.Context, login, password string) error {
	if err := g.checkPassword(ctx, login, password); err != nil {
		return err
	}
	return g.ResetFactor(ctx, login)
}

// ResetFactor takes a user's second factor away, by somebody who may write users.
func (g *Gate) ResetFactor(ctx context.Context, login string) error {
	user, _, err := g.users.User(ctx, login)
	if err != nil {
		return err
	}
	user.TOTP = false
	return g.users.PutUser(ctx, user, false, func(s *Secrets) error {
		s.TOTP, s.Pending = "", ""
		return nil
	})
}
