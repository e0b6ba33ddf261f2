package sipproxy

import (
	"sync"

	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/routing"
)

// slots counts the calls in progress, and the new ones of this second, against capacities. A slot is taken once and given
// back once by its holder.
type slots struct {
	clock  clock.Clock
	mu     sync.Mutex
	used   map[string]int
	second int64          // That fresh counts in, Unix time.
	fresh  map[string]int // New calls of this second.
}

func newSlots(c clock.Clock) *slots {
	return &slots{clock: c, used: make(map[string]int), fresh: make(map[string]int)}
}

// take takes a slot, or tells why there is none.
func (s *slots) take(c routing.Capacity) lcr.Reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	if second := s.clock.Now().Unix(); second != s.second {
		s.second = second
		clear(s.fresh)
	}
	switch {
	case c.Max > 0 && s.used[c.Key] >= c.Max:
		return lcr.ReasonCapacity
	case c.PerSecond > 0 && s.fresh[c.Key] >= c.PerSecond:
		return lcr.ReasonCPS
	}
	s.used[c.Key]++
	if c.PerSecond > 0 {
		s.fresh[c.Key]++
	}
	return ""
}

// takeAll takes a slot of each, or of none and tells why.
func (s *slots) takeAll(limits []routing.Capacity) ([]string, lcr.Reason) {
	keys := make([]string, 0, len(limits))
	for _, limit := range limits {
		if reason := s.take(limit); reason != "" {
			s.release(keys)
			return nil, reason
		}
		keys = append(keys, limit.Key)
	}
	return keys, ""
}

// keep takes slots whatever the bounds say: the call is there.
func (s *slots) keep(limits []routing.Capacity) []string {
	keys := make([]string, 0, len(limits))
	for _, limit := range limits {
		s.take(routing.Capacity{Key: limit.Key})
		keys = append(keys, limit.Key)
	}
	return keys
}

func (s *slots) release(keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if s.used[key]--; s.used[key] <= 0 {
			delete(s.used, key)
		}
	}
}

// inUse returns how many slots of a key are taken.
func (s *slots) inUse(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used[key]
}
