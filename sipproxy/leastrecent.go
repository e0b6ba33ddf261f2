package sipproxy

import (
	"slices"
	"sync"
	"time"

	"trunkline/routing"
)

// lastTaken remembers when the phones of groups last took a call, so that the one that has waited longest rings first. Shards share it.
type lastTaken struct {
	mu      sync.Mutex
	byLogin map[string]time.Time // By login.
}

func newLastTaken() *lastTaken { return &lastTaken{byLogin: make(map[string]time.Time)} }

// took notes that a phone has taken a call. Only groups that ask for it are kept note of.
func (l *lastTaken) took(t *routing.Target, at time.Time) {
	if !t.LeastRecent {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byLogin[t.Login] = at
}

// order returns the targets with those of a group in the order of their waiting. It leaves the route's own list as it is.
func (l *lastTaken) order(targets []routing.Target) []routing.Target {
	from := slices.IndexFunc(targets, func(t routing.Target) bool { return t.LeastRecent })
	if from < 0 {
		return targets
	}
	out := slices.Clone(targets)
	till := from
	for till < len(out) && out[till].LeastRecent {
		till++
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortStableFunc(out[from:till], func(a, b routing.Target) int {
		return l.byLogin[a.Login].Compare(l.byLogin[b.Login])
	})
	return out
}
