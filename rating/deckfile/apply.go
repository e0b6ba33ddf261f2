package deckfile

import (
	"errors"
	"fmt"
	"time"

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

// scopeKey is what a rate of a list replaces: the rates of the same prefix, caller and period.
type scopeKey struct{ prefix, origin, period string }

func keyOf(r rating.Rate) scopeKey { return scopeKey{r.Prefix.Digits(), r.Origin.Digits(), r.Period} }

// Apply returns the deck that old becomes when a price list takes effect at a moment: history before it stays as it was,
// and what the list names is closed from the start of its new rate on. Rates of the list without a start begin at the
// moment. Neither deck is changed, so keeping old is all that undoing needs.
func Apply(old, list *rating.Deck, mode Mode, effective time.Time, label string) (*rating.Deck, error) {
	b := rating.NewDeckBuilder(label, list.Currency())
	b.Grow(old.Len() + list.Len())
	starts, err := addList(b, list, effective)
	if err != nil {
		return nil, err
	}
	for r := range old.Rates() {
		start, named := starts[keyOf(r)]
		if !named && mode == Full {
			start = effective
		}
		if r, keep := closedAt(r, start); keep {
			if err := b.Add(r); err != nil {
				return nil, err
			}
		}
	}
	return b.Build()
}

// addList adds the rates of a list from the moment on at which it takes effect, and returns when each begins.
func addList(b *rating.DeckBuilder, list *rating.Deck, effective time.Time) (map[scopeKey]time.Time, error) {
	starts := make(map[scopeKey]time.Time, list.Len())
	for r := range list.Rates() {
		if r.From.IsZero() || r.From.Before(effective) {
			r.From = effective
		}
		if !r.Till.IsZero() && !r.From.Before(r.Till) {
			continue // It ended before the list takes effect.
		}
		if start, ok := starts[keyOf(r)]; !ok || r.From.Before(start) {
			starts[keyOf(r)] = r.From
		}
		if err := b.Add(r); err != nil {
			return nil, err
		}
	}
	return starts, nil
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
