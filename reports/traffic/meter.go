package traffic

import (
	"container/heap"
	"time"
)

// releases are when the calls in progress end, the next one first.
type releases []int64

func (r releases) Len() int           { return len(r) }
func (r releases) Less(i, j int) bool { return r[i] < r[j] }
func (r releases) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }

// Push implements heap.Interface.
func (r *releases) Push(v any) {
	if at, ok := v.(int64); ok {
		*r = append(*r, at)
	}
}

// Pop implements heap.Interface.
func (r *releases) Pop() any {
	last := len(*r) - 1
	at := (*r)[last]
	*r = (*r)[:last]
	return at
}

// maxNamed bounds the lines that a group is known to have used.
const maxNamed = 10_000

// meter measures one group: legs come in the order of their setups.
type meter struct {
	group Group
	bins  *bins
	busy  releases // One for every line that is occupied.
	used  map[string]struct{}

	calls, answered, lost, lostBusy int64
	occupied                        int64 // Microseconds of all calls as far as they are in the period.
	peak                            int
	peakAt                          int64
	longest                         struct{ wait, ring time.Duration }
	full                            stretches
}

func newMeter(g Group, b *bins) *meter {
	return &meter{group: g, bins: b, used: make(map[string]struct{})}
}

// allBusy reports whether no line is free; where nobody knows how many there are, one always is.
func (m *meter) allBusy() bool { return m.group.Lines > 0 && len(m.busy) >= m.group.Lines }

// advance releases the lines whose calls are over at a moment.
func (m *meter) advance(to int64) {
	for len(m.busy) > 0 && m.busy[0] <= to {
		at, was := m.busy[0], m.allBusy()
		heap.Pop(&m.busy)
		if was && !m.allBusy() {
			m.full.end(at)
		}
	}
}

// take counts a leg that took a line, or found none.
func (m *meter) take(l *Leg, line string) {
	g := m.bins.grid
	began := l.Setup.UnixMicro()
	from, till := max(began, g.from), min(l.Disconnect.UnixMicro(), g.till)
	m.advance(from)
	if l.lost(m.group.Kind, m.allBusy()) {
		m.lose(began)
		return
	}
	if began >= g.from && began < g.till {
		m.count(l, began, line)
	}
	if from < till {
		m.seize(from, till)
	}
}

func (m *meter) lose(at int64) {
	if g := m.bins.grid; at < g.from || at >= g.till {
		return
	}
	m.lost++
	if m.allBusy() {
		m.lostBusy++
	}
	m.bins.at(at).lost++
}

// count counts a call that began in the period.
func (m *meter) count(l *Leg, at int64, line string) {
	m.calls++
	m.bins.at(at).calls++
	if line != "" && len(m.used) < maxNamed {
		m.used[line] = struct{}{}
	}
	over := l.Disconnect
	if l.answered() {
		m.answered++
		over = l.Connect
	}
	m.longest.wait = max(m.longest.wait, over.Sub(l.Setup))
	if !l.Progress.IsZero() {
		m.longest.ring = max(m.longest.ring, over.Sub(l.Progress))
	}
}

// seize occupies a line between two moments of the period.
func (m *meter) seize(from, till int64) {
	was := m.allBusy()
	heap.Push(&m.busy, till)
	m.occupied += till - from
	m.bins.occupy(from, till)
	if n := len(m.busy); n > m.peak {
		m.peak, m.peakAt = n, from
	}
	if !was && m.allBusy() {
		m.full.begin(from)
	}
}

// finish ends the period.
func (m *meter) finish() {
	m.advance(m.bins.grid.till)
	m.full.close()
}

// stretches are the times when all lines were busy.
type stretches struct {
	open, ended bool
	from, till  int64 // Of the last one. It goes on where a line is taken in the moment in which it is released.

	times   int
	total   int64
	longest struct{ from, length int64 }
}

func (s *stretches) begin(at int64) {
	if s.ended && s.till == at {
		s.open, s.ended = true, false
		return
	}
	s.close()
	s.open, s.from = true, at
}

func (s *stretches) end(at int64) { s.open, s.ended, s.till = false, true, at }

// close counts the last stretch.
func (s *stretches) close() {
	if !s.ended {
		return
	}
	s.ended = false
	length := s.till - s.from
	s.times++
	s.total += length
	if length > s.longest.length {
		s.longest.from, s.longest.length = s.from, length
	}
}
