package deckfile

import (
	"iter"
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
)

// Kinds returns all kinds in the order in which reports show them.
func Kinds() []Kind { return []Kind{New, Dearer, Cheaper, Same, Closed} }

// Change is one prefix, for one group of callers and one period, before and after.
type Change struct {
	Kind   Kind
	Prefix e164.Prefix
	Origin e164.Prefix
	Period string
	Old    *rating.Rate // Nil: it is new.
	New    *rating.Rate // Nil: it is closed.
}

// Destination returns the name of the destination after the change, or before it.
func (c Change) Destination() string {
	if c.New != nil {
		return c.New.Destination
	}
	return c.Old.Destination
}

// Diff compares the rates of two decks, each at a moment of its own: what holds in old at the one with what holds in updated
// at the other. The changes come in the order of the prefixes. A rate that is dearer in one thing and cheaper in another
// is judged by its price per minute, then its fees, then its increments.
func Diff(old *rating.Deck, oldAt time.Time, updated *rating.Deck, newAt time.Time) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		i, j := 0, 0
		for i < old.Prefixes() || j < updated.Prefixes() {
			var before, after []rating.Rate
			switch {
			case j >= updated.Prefixes() || i < old.Prefixes() && old.Index().Key(i) < updated.Index().Key(j):
				before, i = inForce(old, i, oldAt), i+1
			case i >= old.Prefixes() || old.Index().Key(i) > updated.Index().Key(j):
				after, j = inForce(updated, j, newAt), j+1
			default:
				before, after = inForce(old, i, oldAt), inForce(updated, j, newAt)
				i, j = i+1, j+1
			}
			for _, c := range pair(before, after) {
				if !yield(c) {
					return
				}
			}
		}
	}
}

func inForce(d *rating.Deck, position int, at time.Time) []rating.Rate {
	var out []rating.Rate
	for r := range d.At(position) {
		if r.InForce(at) {
			out = append(out, r)
		}
	}
	return out
}

// pair matches the rates of one prefix by caller and period.
func pair(before, after []rating.Rate) []Change {
	var out []Change
	for i := range before {
		old := &before[i]
		c := Change{Kind: Closed, Prefix: old.Prefix, Origin: old.Origin, Period: old.Period, Old: old}
		for j := range after {
			if sameScope(old, &after[j]) {
				c.New, c.Kind = &after[j], compare(old, &after[j])
			}
		}
		out = append(out, c)
	}
	for j := range after {
		r := &after[j]
		known := false
		for i := range before {
			known = known || sameScope(&before[i], r)
		}
		if !known {
			out = append(out, Change{Kind: New, Prefix: r.Prefix, Origin: r.Origin, Period: r.Period, New: r})
		}
	}
	return out
}

func sameScope(a, b *rating.Rate) bool { return a.Origin == b.Origin && a.Period == b.Period }

// compare says whether the new rate is dearer; a blocked one counts as the dearest.
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
