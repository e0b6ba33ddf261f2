package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"trunkline/access"
)

// Begin implements access.Sessions.
func (s *Store) Begin(_ context.Context, hash []byte, one access.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[string(hash)] = &one
	return nil
}

// Session implements access.Sessions.
func (s *Store) Session(_ context.Context, hash []byte, now time.Time) (access.Session, access.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.sessions[string(hash)]
	if !ok || !one.Till.After(now) {
		return access.Session{}, access.User{}, access.ErrNotFound
	}
	return *one, s.users[one.Login].User, nil
}

// Touch implements access.Sessions.
func (s *Store) Touch(_ context.Context, hash []byte, seen, till time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one, ok := s.sessions[string(hash)]; ok {
		one.Seen, one.Till = seen, till
	}
	return nil
}

// End implements access.Sessions.
func (s *Store) End(_ context.Context, login, id, but string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.sessions, func(_ string, one *access.Session) bool {
		return one.Login == login && (id == "" || one.ID == id) && (but == "" || one.ID != but)
	})
	return nil
}

// AddKey implements access.Keys.
func (s *Store) AddKey(_ context.Context, hash []byte, k access.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[string(hash)] = &k
	return nil
}

// Key implements access.Keys.
func (s *Store) Key(_ context.Context, hash []byte, now time.Time) (access.Key, access.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.keys[string(hash)]
	if !ok {
		return access.Key{}, access.User{}, access.ErrNotFound
	}
	before := *k
	k.Used = now
	return before, s.users[k.Login].User, nil
}

// Keys implements access.Keys.
func (s *Store) Keys(_ context.Context, login string) ([]access.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []access.Key
	for _, k := range s.keys {
		if login == "" || k.Login == login {
			out = append(out, *k)
		}
	}
	slices.SortFunc(out, func(a, b access.Key) int { return cmp.Or(a.Made.Compare(b.Made), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// Revoke implements access.Keys.
func (s *Store) Revoke(_ context.Context, login, id string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		if k.ID == id && (login == "" || k.Login == login) {
			if k.Revoked.IsZero() {
				k.Revoked = at
			}
			return nil
		}
	}
	return access.ErrNotFound
}

// AddLink implements access.Links.
func (s *Store) AddLink(_ context.Context, hash []byte, login string, till time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links[string(hash)] = link{login, till}
	return nil
}

// PeekLink implements access.Links.
func (s *Store) PeekLink(_ context.Context, hash []byte, now time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peek(hash, now)
}

func (s *Store) peek(hash []byte, now time.Time) (string, error) {
	l, ok := s.links[string(hash)]
	if !ok || !l.till.After(now) || s.users[l.login].Disabled {
		return "", access.ErrNotFound
	}
	return l.login, nil
}

// UseLink implements access.Links. With the link all others of its user are spent.
func (s *Store) UseLink(_ context.Context, hash []byte, now time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	login, err := s.peek(hash, now)
	if err == nil {
		maps.DeleteFunc(s.links, func(_ string, l link) bool { return l.login == login })
	}
	return login, err
}
