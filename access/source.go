package access

import (
	"sync"
	"time"
)

// sources counts failed tries by the address they come from, so that nobody tries one password on many logins.
type sources struct {
	mu    sync.Mutex
	count map[string]tries
}

type tries struct {
	n     int
	since time.Time
}

// sourcesMost bounds the addresses that are remembered; beyond it those whose time is over are forgotten, then all.
const sourcesMost = 100_000

func newSources() *sources { return &sources{count: make(map[string]tries)} }

func (s *sources) full(source string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.count[source]
	return ok && now.Sub(t.since) < lockFor && t.n >= perSourceMost
}

func (s *sources) failed(source string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.count) >= sourcesMost {
		for k, t := range s.count {
			if now.Sub(t.since) >= lockFor {
				delete(s.count, k)
			}
		}
		if len(s.count) >= sourcesMost {
			clear(s.count)
		}
	}
	t := s.count[source]
	if now.Sub(t.since) >= lockFor {
		t = tries{since: now}
	}
	t.n++
	s.count[source] = t
}
