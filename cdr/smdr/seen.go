package smdr

import "time"

// runs tells equal records apart. Records that are equal to the last byte are several calls only where they stand in one
// run of equal time stamps: a system that repeats its buffer goes back in time and begins a new run.
type runs struct {
	started bool
	wall    time.Time
	first   uint64
	more    map[uint64]int
}

// count returns how many equal records the run had before this one.
func (r *runs) count(wall time.Time, digest uint64) int {
	if !r.started || !wall.Equal(r.wall) {
		r.started, r.wall, r.first = true, wall, digest
		if len(r.more) > 0 {
			clear(r.more)
		}
		return 0
	}
	if r.more == nil {
		r.more = make(map[uint64]int)
	}
	n, ok := r.more[digest]
	if !ok && digest == r.first {
		n = 1
	}
	r.more[digest] = n + 1
	return n
}

// seen remembers records, the last million or so, in a table that grows up to a bound.
type seen struct {
	table []uint64 // Sets of seenWays keys, the newest last; zero is an empty place.
	count int
}

const (
	seenWays  = 4
	seenFirst = 1 << 8  // Sets at the beginning.
	seenMost  = 1 << 18 // Sets at last: 8 MiB.
)

func newSeen() *seen { return &seen{table: make([]uint64, seenFirst*seenWays)} }

// before reports whether the key was there before, and remembers it.
func (s *seen) before(key uint64) bool {
	key |= 1 // Never zero.
	if s.count > len(s.table)/4 && len(s.table) < seenMost*seenWays {
		s.grow()
	}
	return s.put(key)
}

func (s *seen) put(key uint64) bool {
	sets := uint64(len(s.table) / seenWays)
	set := s.table[(key>>20)%sets*seenWays:][:seenWays]
	for i, k := range set {
		if k == key {
			return true
		}
		if k == 0 {
			set[i] = key
			s.count++
			return false
		}
	}
	copy(set, set[1:]) // The oldest goes.
	set[seenWays-1] = key
	return false
}

func (s *seen) grow() {
	old := s.table
	s.table, s.count = make([]uint64, 4*len(old)), 0
	for _, k := range old {
		if k != 0 {
			s.put(k)
		}
	}
}
