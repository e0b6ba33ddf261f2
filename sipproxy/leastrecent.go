package sipproxy

import (
	"slices"
	"sync"
	"time"

	"trunkline/routing"
)

// idle remembers when the phones of groups last took a call, so that who has waited longest rings first. Shards share it.
type idle struct {
	mu   sync.Mutex
	last map[string]time.Time // By login.
}

func newIdle() *idle { return &idle{last: make(map[string]time.Time)} }

// took notes that a phone has taken a call. Only groups that ask for it are kept note of.
func (i *idle) took(t *routing.Target, at time.Time) {
	if !t.LeastRecent {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last[t.Login] = at
}

// order returns the targets with those of a group in the order of their waiting. It leaves the route's own list as it is.
func (i *idle) order(targets []routing.Target) []routing.Target {
	from := slices.IndexFunc(targets, func(t routing.Target) bool { return t.LeastRecent })
	if from < 0 {
		return targets
	}
	out := slices.Clone(targets)
	till := from
	for till < len(out) && out[till].LeastRecent {
		till++
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	slices.SortStableFunc(out[from:till], func(a, b routing.Target) int {
		return i.last[a.Login].Compare(i.last[b.Login])
	})
	return out
}
