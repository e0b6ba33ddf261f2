package deckfile

import (
	"iter"
	"slices"
	"time"

	"trunkline/internal/e164"
	"trunkline/rating"
)

// Kind is what a price list changes about one rate.
type Kind string

// The kinds.
const (
	New     Kind = "new"
	Dearer  Kind = "dearer"
	Cheaper Kind = "cheaper"
	Same    Kind = "same"
	Closed  Kind = "closed"
	Dropped Kind = "dropped" // A change that was announced, and is not to come any more.
)

// Kinds returns all kinds in the order in which reports show them.
func Kinds() []Kind { return []Kind{New, Dearer, Cheaper, Same, Closed, Dropped} }

// Change is one prefix, for one group of callers and one period, before and after a moment.
type Change struct {
	Kind   Kind
	Prefix e164.Prefix
	Origin e164.Prefix
	Period string
	At     time.Time    // From when on; zero: since ever.
	Old    *rating.Rate // What was to hold; nil: nothing.
	New    *rating.Rate // What is to hold; nil: nothing.
}

// Destination returns the name of the destination after the change, or before it.
func (c Change) Destination() string {
	if c.New != nil {
		return c.New.Destination
	}
	return c.Old.Destination
}

// Changes compares a deck with what it becomes, at every moment from now on: each step of a price that the one has and the other
// has not, what ends, and what was announced and is dropped. What stays as it is comes once as Same. The changes come in the
// order of the prefixes, and then of time.
func Changes(old, updated *rating.Deck, now time.Time) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		i, j := 0, 0
		for i < old.Prefixes() || j < updated.Prefixes() {
			var before, after []rating.Rate
			switch {
			case j >= updated.Prefixes() || i < old.Prefixes() && old.Index().Key(i) < updated.Index().Key(j):
				before, i = slices.Collect(old.At(i)), i+1
			case i >= old.Prefixes() || old.Index().Key(i) > updated.Index().Key(j):
				after, j = slices.Collect(updated.At(j)), j+1
			default:
				before, after = slices.Collect(old.At(i)), slices.Collect(updated.At(j))
				i, j = i+1, j+1
			}
			for _, c := range scopes(before, after, now) {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// scopes compares the rates of one prefix, for each group of callers and each period.
func scopes(before, after []rating.Rate, now time.Time) []Change {
	var out []Change
	for len(before)+len(after) > 0 {
		first := append(slices.Clip(before), after...)[0]
		var t timeline
		t.first, t.now = first, now
		before, t.old = parted(before, &first)
		after, t.updated = parted(after, &first)
		out = append(out, t.changes()...)
	}
	return out
}

// parted takes the rates of one scope out.
func parted(rates []rating.Rate, of *rating.Rate) (others, same []rating.Rate) {
	for _, r := range rates {
		if r.Origin == of.Origin && r.Period == of.Period {
			same = append(same, r)
		} else {
			others = append(others, r)
		}
	}
	return others, same
}

// timeline is what one scope costs over time, in both decks.
type timeline struct {
	first        rating.Rate
	now          time.Time
	old, updated []rating.Rate
}

func (t *timeline) changes() []Change {
	var out []Change
	for _, at := range t.moments() {
		was, is := inForce(t.old, at), inForce(t.updated, at)
		before := inForce(t.updated, at.Add(-time.Nanosecond))
		if at.Equal(t.now) {
			before = inForce(t.old, at) // What holds at this moment, before anything is done.
		}
		switch {
		case equal(was, is) && equal(before, inForce(t.old, at.Add(-time.Nanosecond))) && !at.Equal(t.now):
			continue // The step was to be so all along.
		case before != nil || is != nil:
			if c := t.change(compareRates(before, is), at, before, is); c.Kind != Same {
				out = append(out, c)
			}
		}
		if t.announced(at) && !equal(was, is) && !at.Equal(t.now) {
			out = append(out, t.change(Dropped, at, was, is))
		}
	}
	if len(out) == 0 {
		held := inForce(t.updated, t.now)
		if held == nil {
			if held = next(t.updated, t.now); held == nil {
				return nil // It ended long ago.
			}
		}
		return []Change{t.change(Same, t.now, held, held)}
	}
	return out
}

// moments are now, and all later ones at which something begins or ends, in their order.
func (t *timeline) moments() []time.Time {
	out := []time.Time{t.now}
	for _, rates := range [...][]rating.Rate{t.old, t.updated} {
		for i := range rates {
			for _, at := range [...]time.Time{rates[i].From, rates[i].Till} {
				if at.After(t.now) {
					out = append(out, at)
				}
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}

// announced reports whether the old deck was to begin something at a moment.
func (t *timeline) announced(at time.Time) bool {
	return slices.ContainsFunc(t.old, func(r rating.Rate) bool { return r.From.Equal(at) })
}

func (t *timeline) change(kind Kind, at time.Time, old, updated *rating.Rate) Change {
	return Change{Kind: kind, Prefix: t.first.Prefix, Origin: t.first.Origin, Period: t.first.Period, At: at, Old: old, New: updated}
}

func inForce(rates []rating.Rate, at time.Time) *rating.Rate {
	for i := range rates {
		if rates[i].InForce(at) {
			return &rates[i]
		}
	}
	return nil
}

// next is the first rate that begins after a moment.
func next(rates []rating.Rate, at time.Time) *rating.Rate {
	var out *rating.Rate
	for i := range rates {
		if rates[i].From.After(at) && (out == nil || rates[i].From.Before(out.From)) {
			out = &rates[i]
		}
	}
	return out
}

func equal(a, b *rating.Rate) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.PerMinute == b.PerMinute && a.Terms == b.Terms
}

// compareRates says what becomes of a rate; nil is none.
func compareRates(before, after *rating.Rate) Kind {
	switch {
	case before == nil && after == nil:
		return Same
	case before == nil:
		return New
	case after == nil:
		return Closed
	}
	return compare(before, after)
}

// compare says whether the new rate is dearer; a blocked one counts as the dearest. A rate that is dearer in one thing and cheaper
// in another is judged by its price per minute, then its fees, then its increments.
func compare(old, updated *rating.Rate) Kind {
	for _, sign := range []int{
		boolSign(updated.Blocked) - boolSign(old.Blocked),
		updated.PerMinute.Cmp(old.PerMinute),
		updated.ConnectFee.Cmp(old.ConnectFee),
		updated.AttemptFee.Cmp(old.AttemptFee),
		updated.MinCharge.Cmp(old.MinCharge),
		int(updated.Increment.Initial - old.Increment.Initial),
		int(updated.Increment.Next - old.Increment.Next),
		int(old.Grace - updated.Grace),
	} {
		switch {
		case sign > 0:
			return Dearer
		case sign < 0:
			return Cheaper
		}
	}
	return Same
}

func boolSign(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Summary counts the changes of each kind.
type Summary map[Kind]int

// Summarize counts changes.
func Summarize(changes iter.Seq[Change]) Summary {
	s := make(Summary)
	for c := range changes {
		s[c.Kind]++
	}
	return s
}
