package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/provision"
)

// People returns those who may sign in.
func (c *Console) People(ctx context.Context, who *access.Principal) ([]access.User, error) {
	if err := may(who, access.ReadUsers); err != nil {
		return nil, err
	}
	return c.d.Gate.Users(ctx, "")
}

// Person returns one of them; ErrNotFound.
func (c *Console) Person(ctx context.Context, who *access.Principal, login string) (access.User, error) {
	if err := may(who, access.ReadUsers); err != nil {
		return access.User{}, err
	}
	u, err := c.d.Gate.User(ctx, login)
	return u, accessFault(err)
}

// AddPerson makes a user, and returns the token of the link by which they choose their password, once, within a week.
func (c *Console) AddPerson(ctx context.Context, who *access.Principal, u access.User) (token string, err error) {
	if err := c.mayPerson(who, &u); err != nil {
		return "", err
	}
	if err := c.d.Gate.Add(ctx, u); err != nil {
		return "", accessFault(err)
	}
	if token, err = c.d.Gate.Welcome(ctx, u.Login); err != nil {
		return "", err
	}
	c.mailLink(ctx, &u, token, true)
	return token, c.log(ctx, who, access.AuditEvent{Tenant: u.Tenant, Action: "create", Object: "user " + u.Login, After: told(&u)})
}

func (c *Console) mayPerson(who *access.Principal, u *access.User) error {
	if err := may(who, access.WriteUsers); err != nil {
		return err
	}
	if err := u.Validate(); err != nil {
		return accessFault(err)
	}
	s := c.d.Snapshot()
	if _, ok := s.Tenant(u.Tenant); !ok && u.Tenant != "" {
		return invalid("tenant: there is no tenant %q", u.Tenant)
	}
	if _, ok := s.Branch(u.Tenant, u.Branch); !ok && u.Branch != "" {
		return invalid("branch: tenant %q has no branch %q", u.Tenant, u.Branch)
	}
	return nil
}

func told(u *access.User) string {
	return fmt.Sprintf("name: %s\nemail: %s\nrole: %s\ntenant: %s\nbranch: %s\nlanguage: %s\ndisabled: %t", u.Name, u.Email, u.Role, u.Tenant, u.Branch, u.Language, u.Disabled)
}

// ChangePerson stores what is told of a user. Who loses their role loses their sessions.
func (c *Console) ChangePerson(ctx context.Context, who *access.Principal, u access.User) error {
	if err := c.mayPerson(who, &u); err != nil {
		return err
	}
	before, err := c.d.Gate.User(ctx, u.Login)
	if err != nil {
		return accessFault(err)
	}
	if err := c.d.Gate.Change(ctx, u); err != nil {
		return accessFault(err)
	}
	return c.log(ctx, who, access.AuditEvent{Tenant: u.Tenant, Action: "update", Object: "user " + u.Login, Before: told(&before), After: told(&u)})
}

// ResetPerson makes a link by which a user chooses a new password, and with factor takes their second factor away.
func (c *Console) ResetPerson(ctx context.Context, who *access.Principal, login string, factor bool) (token string, err error) {
	if err := may(who, access.WriteUsers); err != nil {
		return "", err
	}
	if token, err = c.d.Gate.Reset(ctx, login); err != nil {
		return "", accessFault(err)
	}
	if factor {
		if err := c.d.Gate.ResetFactor(ctx, login); err != nil {
			return "", err
		}
	}
	if u, err := c.d.Gate.User(ctx, login); err == nil {
		c.mailLink(ctx, &u, token, false)
	}
	return token, c.log(ctx, who, access.AuditEvent{Action: "reset", Object: "user " + login})
}

// SetPassword gives a user a password and ends the sessions of the user.
func (c *Console) SetPassword(ctx context.Context, who *access.Principal, login, password string) error {
	if err := may(who, access.WriteUsers); err != nil {
		return err
	}
	if err := c.d.Gate.SetPassword(ctx, login, password, ""); err != nil {
		return accessFault(err)
	}
	return c.log(ctx, who, access.AuditEvent{Action: "password", Object: "user " + login})
}

// KeysOf returns the keys of a user, or of everybody for an empty login.
func (c *Console) KeysOf(ctx context.Context, who *access.Principal, login string) ([]access.Key, error) {
	if err := may(who, access.ReadUsers); err != nil {
		return nil, err
	}
	return c.d.Gate.KeysOf(ctx, login)
}

// AddKeyOf makes a key of a user and returns its secret, which is not shown again.
func (c *Console) AddKeyOf(ctx context.Context, who *access.Principal, login, name string, scopes []access.Permission, till time.Time) (string, access.Key, error) {
	if err := may(who, access.WriteUsers); err != nil {
		return "", access.Key{}, err
	}
	if who.Scopes != nil {
		return "", access.Key{}, fmt.Errorf("%w: a key makes no key of a user", ErrForbidden)
	}
	secret, k, err := c.d.Gate.NewKey(ctx, login, name, scopes, till)
	if err != nil {
		return "", k, accessFault(err)
	}
	return secret, k, c.log(ctx, who, access.AuditEvent{Action: "create", Object: "key " + k.ID, After: login + ": " + name})
}

// Keys returns the keys of programs: one's own, or with all everybody's.
func (c *Console) Keys(ctx context.Context, who *access.Principal, all bool) ([]access.Key, error) {
	need, login := access.OwnAccess, who.User
	if all {
		need, login = access.ReadUsers, ""
	}
	if err := may(who, need); err != nil {
		return nil, err
	}
	return c.d.Gate.KeysOf(ctx, login)
}

// AddKey makes a key of one's own and returns its secret, which is not shown again. A key makes no key with more than it has.
func (c *Console) AddKey(ctx context.Context, who *access.Principal, name string, scopes []access.Permission, till time.Time) (string, access.Key, error) {
	if err := may(who, access.OwnAccess); err != nil {
		return "", access.Key{}, err
	}
	for _, s := range scopes {
		if who.Scopes != nil && !slices.Contains(who.Scopes, s) {
			return "", access.Key{}, fmt.Errorf("%w: this key has no %s itself", ErrForbidden, s)
		}
	}
	secret, k, err := c.d.Gate.NewKey(ctx, who.User, name, scopes, till)
	if err != nil {
		return "", k, accessFault(err)
	}
	return secret, k, c.log(ctx, who, access.AuditEvent{Tenant: who.Tenant, Action: "create", Object: "key " + k.ID, After: name})
}

// RevokeKey ends a key of one's own, or anybody's for who may write users.
func (c *Console) RevokeKey(ctx context.Context, who *access.Principal, id string) error {
	if err := may(who, access.OwnAccess); err != nil {
		return err
	}
	login := who.User
	if who.May(access.WriteUsers) {
		login = ""
	}
	if err := c.d.Gate.RevokeKey(ctx, login, id); err != nil {
		return accessFault(err)
	}
	return c.log(ctx, who, access.AuditEvent{Tenant: who.Tenant, Action: "delete", Object: "key " + id})
}

// Audit returns what was done, the newest first, without secrets.
func (c *Console) Audit(ctx context.Context, who *access.Principal, f access.AuditFilter) ([]AuditEntry, error) {
	if err := may(who, access.ReadAudit); err != nil {
		return nil, err
	}
	if f.Limit < 1 || f.Limit > MaxPage {
		return nil, invalid("limit: use 1 to %d", MaxPage)
	}
	events, err := c.d.AuditLog.Events(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make([]AuditEntry, 0, len(events))
	for _, d := range events {
		one := AuditEntry{At: d.At, By: d.By, Source: d.Source, Tenant: d.Tenant, Action: d.Action, Object: d.Object}
		one.Changes, one.Note = toldOf(d.Before, d.After)
		out = append(out, one)
	}
	return out, nil
}

// toldOf is what is told of an event: the fields that changed, with secrets masked, or the words that were noted. A document in which nothing
// changed is neither.
func toldOf(before, after string) ([]provision.FieldChange, string) {
	if !strings.Contains(before+after, ": ") && !strings.Contains(before+after, "\n") {
		return nil, after
	}
	if changes := provision.Differences(before, after); len(changes) > 0 {
		return changes, ""
	}
	if len(provision.Differences("", after)) > 0 {
		return nil, ""
	}
	return nil, after
}

// AuditEntry is something that somebody did, as it is shown.
type AuditEntry struct {
	At      time.Time
	By      string
	Source  string
	Tenant  string
	Action  string
	Object  string
	Note    string
	Changes []provision.FieldChange
}

// own checks that somebody is a person who changes their own access: programs do not.
func own(who *access.Principal) error {
	if err := may(who, access.OwnAccess); err != nil {
		return err
	}
	if who.Key != "" {
		return fmt.Errorf("%w: a key cannot change how its owner signs in", ErrForbidden)
	}
	return nil
}

// ChangePassword sets one's own password, proved by the former one. Other sessions end.
func (c *Console) ChangePassword(ctx context.Context, who *access.Principal, former, password string) error {
	if err := own(who); err != nil {
		return err
	}
	if err := c.d.Gate.ChangePassword(ctx, who, former, password); err != nil {
		return accessFault(err)
	}
	return c.log(ctx, who, access.AuditEvent{Tenant: who.Tenant, Action: "password", Object: "user " + who.User})
}

// BeginFactor begins a second factor of one's own.
func (c *Console) BeginFactor(ctx context.Context, who *access.Principal) (access.Factor, error) {
	if err := own(who); err != nil {
		return access.Factor{}, err
	}
	return c.d.Gate.BeginFactor(ctx, who.User)
}

// ConfirmFactor puts one's second factor in force, proved by a code of it.
func (c *Console) ConfirmFactor(ctx context.Context, who *access.Principal, code string) error {
	if err := own(who); err != nil {
		return err
	}
	if err := c.d.Gate.ConfirmFactor(ctx, who.User, code); err != nil {
		return accessFault(err)
	}
	return c.log(ctx, who, access.AuditEvent{Tenant: who.Tenant, Action: "second factor", Object: "user " + who.User})
}

// DropFactor takes one's second factor away, proved by the password.
func (c *Console) DropFactor(ctx context.Context, who *access.Principal, password string) error {
	if err := own(who); err != nil {
		return err
	}
	if err := c.d.Gate.DropFactor(ctx, who.User, password); err != nil {
		return accessFault(err)
	}
	return c.log(ctx, who, access.AuditEvent{Tenant: who.Tenant, Action: "second factor taken away", Object: "user " + who.User})
}

// accessFault tells what the user did wrong from what is ours.
func accessFault(err error) error {
	switch {
	case errors.Is(err, access.ErrUser), errors.Is(err, access.ErrKey), errors.Is(err, access.ErrPassword):
		return invalid("%s", err)
	case errors.Is(err, access.ErrNotFound):
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case errors.Is(err, access.ErrExists), errors.Is(err, access.ErrLastOne):
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}
