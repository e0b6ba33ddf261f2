package sipproxy

import "sync"

// slots counts the calls in progress against capacities. A slot is taken once and given back once by its holder.
type slots struct {
	mu   sync.Mutex
	used map[string]int
}

func newSlots() *slots { return &slots{used: make(map[string]int)} }

// take takes a slot, or reports that all are in use. A limit of 0 is none.
func (s *slots) take(key string, limit int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if limit > 0 && s.used[key] >= limit {
		return false
	}
	s.used[key]++
	return true
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
