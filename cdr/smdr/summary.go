package smdr

import (
	"cmp"
	"slices"
	"time"
)

// Summary counts what a reader read.
type Summary struct {
	Bytes      int64
	Lines      int64
	Records    int64 // That were understood.
	Calls      int64
	Joined     int64 // Records that were joined to the call of another.
	Duplicates int64 // Records that had come before.
	Faulty     int64
	Other      int64 // Headers, and records that are no calls.
	Foreign    int64 // Records with bytes that are not of the charset: a hint that another is right.
	// Records whose clock was not set by another, as the system says.
	Unsynchronised int64
	First          time.Time
	Last           time.Time
	Gaps           []Gap // The longest silences, the longest first.

	reached time.Time
}

// Gap is a time in which the system recorded no call.
type Gap struct {
	From, Till time.Time
}

const (
	gapLeast = 6 * time.Hour
	gapMost  = 10
)

// time counts the beginning of a call.
func (s *Summary) time(at time.Time) {
	if s.First.IsZero() || at.Before(s.First) {
		s.First = at
	}
	if at.After(s.Last) {
		s.Last = at
	}
	if !s.reached.IsZero() && at.Sub(s.reached) >= gapLeast {
		s.gap(Gap{s.reached, at})
	}
	if at.After(s.reached) {
		s.reached = at
	}
}

func (s *Summary) gap(g Gap) {
	s.Gaps = append(slices.Clone(s.Gaps), g)
	slices.SortStableFunc(s.Gaps, func(a, b Gap) int { return cmp.Compare(b.Till.Sub(b.From), a.Till.Sub(a.From)) })
	s.Gaps = s.Gaps[:min(len(s.Gaps), gapMost)]
}
