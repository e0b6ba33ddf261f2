package access

import (
	"context"
	"errors"
	"strings"
	"time"

	"trunkline/internal/clock"
)

// What a sign-in fails with. What is told to the outside does not say which of login, password or code was wrong.
var (
	ErrCredentials = errors.New("login, password or code is wrong")
	ErrCode        = errors.New("the code of the second factor is needed")
	ErrLocked      = errors.New("too many tries: wait a while")
	ErrNoSession   = errors.New("sign in first")
	ErrNotFound    = errors.New("there is no such thing")
	ErrExists      = errors.New("there is one already")
	ErrLastOne     = errors.New("the last operator cannot be taken away")
)

// Users keeps people. Logins are the keys.
type Users interface {
	// User returns a user with their secrets; ErrNotFound.
	User(ctx context.Context, login string) (User, Secrets, error)
	// Users returns all users, or those of one tenant, by login.
	Users(ctx context.Context, tenant string) ([]User, error)
	// PutUser stores a user, and calls change with their secrets as they are stored, in one transaction with a lock on them.
	// With create it is ErrExists when there is one. It is ErrLastOne, and nothing is stored, when no operator who may sign in would be left.
	PutUser(ctx context.Context, u User, create bool, change func(*Secrets) error) error
	// Count books a try to sign in: a failure counts, and locks from so many on; a success forgets failures and takes the
	// time step of the code, and is false when a code of that step or a later one was taken already.
	Count(ctx context.Context, login string, success bool, step int64, lock Lock) (bool, error)
}

// Lock says when tries are stopped.
type Lock struct {
	After int // Failures one after the other.
	For   time.Duration
}

// Sessions keeps who is signed in, by the hashes of tokens.
type Sessions interface {
	Begin(ctx context.Context, hash []byte, s Session) error
	// Session returns a session that is not over, and the user it belongs to; ErrNotFound.
	Session(ctx context.Context, hash []byte, now time.Time) (Session, User, error)
	// Touch notes that a session is used, and its new end.
	Touch(ctx context.Context, hash []byte, seen, till time.Time) error
	// End ends one session of a user, or with an empty id all of them but one.
	End(ctx context.Context, login, id, but string) error
}

// Session is a person signed in at one browser.
type Session struct {
	ID     string // Not the token: it may be shown.
	Login  string
	Made   time.Time
	Seen   time.Time
	Till   time.Time // The end, if it is not used before.
	Source string    // Address it was begun from.
	Agent  string
}

const (
	sessionIdle   = 8 * time.Hour      // A session that is not used so long is over.
	sessionMost   = 7 * 24 * time.Hour // And so after this, used or not.
	sessionTouch  = time.Minute        // How exactly use is noted.
	lockAfter     = 5
	lockFor       = 15 * time.Minute
	perSourceMost = 20 // Failures from one address in the time of a lock.
)

// Gate lets in those who prove who they are. It is safe for concurrent use.
type Gate struct {
	users    Users
	sessions Sessions
	keys     Keys
	links    Links
	clock    clock.Clock
	issuer   string
	hasher   *hasher
	sources  *sources
}

// Stores are what a Gate keeps things in.
type Stores interface {
	Users
	Sessions
	Keys
	Links
}

// NewGate returns a gate. The issuer is shown by apps that make codes.
func NewGate(s Stores, issuer string, c clock.Clock) *Gate {
	return newGate(s, issuer, c, fullEffort())
}

// NewQuickGate returns a gate for tests. It hashes passwords with next to no effort, so that whoever gets its hashes guesses them as easily.
func NewQuickGate(s Stores, issuer string, c clock.Clock) *Gate {
	return newGate(s, issuer, c, quickEffort())
}

func newGate(s Stores, issuer string, c clock.Clock, e effort) *Gate {
	return &Gate{users: s, sessions: s, keys: s, links: s, clock: c, issuer: issuer, hasher: newHasher(e), sources: newSources()}
}

// Credentials are what somebody signs in with.
type Credentials struct {
	Login, Password string
	Code            string // Of the second factor, where the user has one.
	Source, Agent   string
}

// SignIn begins a session and returns its token. It is ErrCode when only the code is missing, ErrLocked after too many
// failures of the login or the source, and else ErrCredentials.
func (g *Gate) SignIn(ctx context.Context, c Credentials) (string, *Principal, error) {
	now := g.clock.Now()
	if g.sources.full(c.Source, now) {
		return "", nil, ErrLocked
	}
	user, err := g.prove(ctx, c, now)
	if err != nil {
		if errors.Is(err, ErrCredentials) {
			g.sources.failed(c.Source, now)
		}
		return "", nil, err
	}
	return g.begin(ctx, user, c.Source, c.Agent)
}

// Vouched begins a session for the user with a mail address that somebody else has proved; ErrNotFound when there is none, or
// more than one. A second factor is not asked for: it is for whoever vouches to ask for one.
func (g *Gate) Vouched(ctx context.Context, email, source, agent string) (string, *Principal, error) {
	if email == "" { // It is no address, and not that of whoever has none.
		return "", nil, ErrNotFound
	}
	users, err := g.users.Users(ctx, "")
	if err != nil {
		return "", nil, err
	}
	var found *User
	for i := range users {
		u := &users[i]
		if u.Disabled || !strings.EqualFold(u.Email, email) && u.Login != email {
			continue
		}
		if found != nil {
			return "", nil, ErrNotFound
		}
		found = u
	}
	if found == nil {
		return "", nil, ErrNotFound
	}
	return g.begin(ctx, found, source, agent)
}

// Knock counts a try of a source that nobody can see the outcome of; ErrLocked after too many.
func (g *Gate) Knock(source string) error {
	now := g.clock.Now()
	if g.sources.full(source, now) {
		return ErrLocked
	}
	g.sources.failed(source, now)
	return nil
}

// begin begins a session of a user who has proved who they are.
func (g *Gate) begin(ctx context.Context, user *User, source, agent string) (string, *Principal, error) {
	now := g.clock.Now()
	token, err := newToken()
	if err != nil {
		return "", nil, err
	}
	id, err := newToken()
	if err != nil {
		return "", nil, err
	}
	id = id[:16]
	err = g.sessions.Begin(ctx, tokenHash(token), Session{
		ID: id, Login: user.Login, Made: now, Seen: now, Till: now.Add(sessionIdle), Source: source, Agent: cut(agent, 200),
	})
	if err != nil {
		return "", nil, err
	}
	return token, user.principal(id), nil
}

// prove checks password and code. Every try counts, known login or not.
func (g *Gate) prove(ctx context.Context, c Credentials, now time.Time) (*User, error) {
	user, secrets, err := g.users.User(ctx, c.Login)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	known := err == nil && !user.Disabled
	if known && user.Locked.After(now) {
		return nil, ErrLocked
	}
	if !known {
		secrets = Secrets{}
	}
	good, err := g.hasher.verify(ctx, secrets.Password, c.Password)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, ErrCredentials
	}
	var step int64
	if good && secrets.TOTP != "" {
		if c.Code == "" {
			return nil, ErrCode
		}
		step, good = codeStep(secrets.TOTP, c.Code, now)
	}
	taken, err := g.users.Count(ctx, user.Login, good, step, Lock{lockAfter, lockFor})
	if err != nil {
		return nil, err
	}
	if !good || !taken {
		return nil, ErrCredentials
	}
	return &user, nil
}

// BySession returns who a session's token belongs to; ErrNoSession.
func (g *Gate) BySession(ctx context.Context, token string) (*Principal, error) {
	if token == "" {
		return nil, ErrNoSession
	}
	now, hash := g.clock.Now(), tokenHash(token)
	s, user, err := g.sessions.Session(ctx, hash, now)
	if errors.Is(err, ErrNotFound) || err == nil && user.Disabled {
		return nil, ErrNoSession
	}
	if err != nil {
		return nil, err
	}
	if now.Sub(s.Seen) >= sessionTouch {
		till := now.Add(sessionIdle)
		if last := s.Made.Add(sessionMost); till.After(last) {
			till = last
		}
		if err := g.sessions.Touch(ctx, hash, now, till); err != nil {
			return nil, err
		}
	}
	return user.principal(s.ID), nil
}

// SignOut ends the session of a principal.
func (g *Gate) SignOut(ctx context.Context, who *Principal) error {
	return g.sessions.End(ctx, who.User, who.Session, "")
}

func cut(s string, most int) string {
	if len(s) > most {
		return s[:most]
	}
	return s
}
