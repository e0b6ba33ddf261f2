package memory

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"trunkline/access"
	"trunkline/internal/clock"
)

// Store keeps what a gate needs. It is safe for concurrent use.
type Store struct {
	clock    clock.Clock
	mu       sync.Mutex
	users    map[string]*user
	sessions map[string]*access.Session // By the hash of the token.
	keys     map[string]*access.Key     // By the hash of the secret.
	links    map[string]link            // By the hash of the token.
	views    map[string][]access.View   // By login.
	events   []access.AuditEvent
}

type user struct {
	access.User

	secrets access.Secrets
}

type link struct {
	login string
	till  time.Time
}

// New returns an empty store.
func New(c clock.Clock) *Store {
	return &Store{
		clock: c, users: make(map[string]*user), sessions: make(map[string]*access.Session), keys: make(map[string]*access.Key), links: make(map[string]link),
		views: make(map[string][]access.View),
	}
}

// User implements access.Users.
func (s *Store) User(_ context.Context, login string) (access.User, access.Secrets, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[login]
	if !ok {
		return access.User{}, access.Secrets{}, access.ErrNotFound
	}
	return u.User, u.secrets, nil
}

// Users implements access.Users.
func (s *Store) Users(_ context.Context, tenant string) ([]access.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []access.User{}
	for _, u := range s.users {
		if tenant == "" || u.Tenant == tenant {
			out = append(out, u.User)
		}
	}
	slices.SortFunc(out, func(a, b access.User) int { return cmp.Compare(a.Login, b.Login) })
	return out, nil
}

// PutUser implements access.Users.
func (s *Store) PutUser(_ context.Context, u access.User, create bool, change func(*access.Secrets) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, there := s.users[u.Login]
	switch {
	case there && create:
		return access.ErrExists
	case !there && !create:
		return access.ErrNotFound
	}
	next := &user{User: u}
	if there {
		next.secrets = before.secrets
	}
	if err := change(&next.secrets); err != nil {
		return err
	}
	s.users[u.Login] = next
	if there && signsIn(before) && !slices.ContainsFunc(s.all(), signsIn) {
		s.users[u.Login] = before
		return access.ErrLastOne
	}
	return nil
}

func (s *Store) all() []*user {
	out := make([]*user, 0, len(s.users))
	for _, u := range s.users {
		out = append(out, u)
	}
	return out
}

// signsIn reports whether a user is an operator who may sign in.
func signsIn(u *user) bool {
	return u.Role == access.Operator && !u.Disabled && u.secrets.Password != ""
}

// Count implements access.Users.
func (s *Store) Count(_ context.Context, login string, success bool, step int64, lock access.Lock) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[login]
	switch {
	case !ok:
		return false, nil
	case success && step > 0 && step <= u.secrets.Step:
		return false, nil
	case success:
		u.secrets.Failures, u.secrets.Step = 0, max(step, u.secrets.Step)
		u.Locked, u.SignedIn = time.Time{}, s.clock.Now()
		return true, nil
	}
	if u.secrets.Failures++; u.secrets.Failures >= lock.After {
		u.secrets.Failures, u.Locked = 0, s.clock.Now().Add(lock.For)
	}
	return true, nil
}
