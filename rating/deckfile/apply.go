package deckfile

import (
	"errors"
	"fmt"
	"time"

	"trunkline/internal/clock"
	"trunkline/rating"
)

// ErrMode is returned, wrapped, for text that names no mode.
var ErrMode = errors.New("unknown mode")

// Mode says what becomes of the prefixes that a price list does not name.
type Mode string

// The modes.
const (
	Full   Mode = "full"   // They are closed: the list is all that the carrier offers.
	Update Mode = "update" // They stay as they are.
)

// ParseMode reads the text form; empty text is Full.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case "":
		return Full, nil
	case Full, Update:
		return m, nil
	}
	return Full, fmt.Errorf("%w: %q: want full or update", ErrMode, s)
}

// Plan says how a price list is put in force.
type Plan struct {
	Mode          Mode
	Effective     time.Time // When the list takes effect; rates of it without a start begin then.
	Label         string    // Of the new deck.
	Closed        []Closure // What the list says ends.
	DropAnnounced bool      // In an update, changes that were announced for after its own are taken back.
}

// scopeKey is what a rate of a list replaces: the rates of the same prefix, caller and period.
type scopeKey struct{ prefix, origin, period string }

func keyOf(r rating.Rate) scopeKey { return scopeKey{r.Prefix.Digits(), r.Origin.Digits(), r.Period} }

// reach is the time over which a list says what a prefix costs.
type reach struct {
	start time.Time // Of its first rate.
	last  time.Time // Start of its last rate.
	till  time.Time // End of the last one; zero: none is said.
	ends  bool      // It is closed from start on.
}

// Apply returns the deck that old becomes when a price list takes effect at a moment: history before it stays as it was,
// and what the list names is closed from the start of its new rate on. A change that was announced for after the last one that
// an update names stays announced. Neither deck is changed, so keeping old is all that undoing needs.
func Apply(old, list *rating.Deck, plan Plan) (*rating.Deck, error) {
	b := rating.NewDeckBuilder(plan.Label, list.Currency())
	b.Grow(old.Len() + list.Len())
	named, err := addList(b, list, plan.Effective)
	if err != nil {
		return nil, err
	}
	for _, c := range plan.Closed {
		key := scopeKey{c.Prefix.Digits(), c.Origin.Digits(), c.Period}
		if _, priced := named[key]; !priced {
			named[key] = reach{start: clock.Later(plan.Effective, c.From), ends: true}
		}
	}
	for r := range old.Rates() {
		for _, kept := range keptOf(r, named, &plan) {
			if err := b.Add(kept); err != nil {
				return nil, err
			}
		}
	}
	return b.Build()
}

// addList adds the rates of a list from the moment on at which it takes effect, and returns over which time it says what.
func addList(b *rating.DeckBuilder, list *rating.Deck, effective time.Time) (map[scopeKey]reach, error) {
	named := make(map[scopeKey]reach, list.Len())
	for r := range list.Rates() {
		r.From = clock.Later(effective, r.From)
		if !r.Till.IsZero() && !r.From.Before(r.Till) {
			continue // It ended before the list takes effect.
		}
		key := keyOf(r)
		n, known := named[key]
		if !known || r.From.Before(n.start) {
			n.start = r.From
		}
		if !known || !r.From.Before(n.last) {
			n.last, n.till = r.From, r.Till
		}
		named[key] = n
		if err := b.Add(r); err != nil {
			return nil, err
		}
	}
	return named, nil
}

// keptOf returns what stays of a rate: what is before the list, and what was announced for after it.
func keptOf(r rating.Rate, named map[scopeKey]reach, plan *Plan) []rating.Rate {
	n, ok := named[keyOf(r)]
	switch {
	case !ok && plan.Mode != Update:
		n = reach{start: plan.Effective, ends: true}
	case !ok:
		return []rating.Rate{r}
	case plan.Mode == Update && !plan.DropAnnounced && !n.ends && announcedAfter(r, n):
		return []rating.Rate{r}
	}
	if kept, keep := closedAt(r, n.start); keep {
		return []rating.Rate{kept}
	}
	return nil
}

// announcedAfter reports whether a rate begins after the last one that a list names, and where the list has nothing to say any more.
func announcedAfter(r rating.Rate, n reach) bool {
	return !r.From.IsZero() && r.From.After(n.last) && (n.till.IsZero() || !r.From.Before(n.till))
}

// closedAt ends a rate at a moment; a rate that had not begun by then is dropped. The zero moment changes nothing.
func closedAt(r rating.Rate, at time.Time) (rating.Rate, bool) {
	if at.IsZero() {
		return r, true
	}
	if !r.From.IsZero() && !r.From.Before(at) {
		return r, false
	}
	if r.Till.IsZero() || at.Before(r.Till) {
		r.Till = at
	}
	return r, true
}
