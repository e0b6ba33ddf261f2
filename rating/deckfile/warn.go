package deckfile

import (
	"fmt"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
)

// Warning is something about a list that is allowed and seldom meant.
type Warning struct {
	Kind  string `json:"kind"`
	Count int    `json:"count"`
	Text  string `json:"text"` // With the first of them.
}

// The kinds of warnings.
const (
	FreeOfCharge = "free"    // A price of nothing, where nothing is blocked.
	NoFirstStep  = "steps"   // A first step of 0 seconds.
	LargeChange  = "large"   // A price that changes by more than so many percent.
	Gap          = "gap"     // A time without a rate between two rates.
	Announced    = "dropped" // An announced change that is not to come.
)

const percent = 100

// Watch counts what is worth a warning while changes go by. It is not safe for concurrent use.
type Watch struct {
	Large    int // Percent by which a price may change; 0: by any.
	Summary  Summary
	found    map[string]*Warning
	order    []string
	lastGone Change
	gone     int // Scopes that end and do not come again.
}

// NewWatch begins to count.
func NewWatch(large int) *Watch {
	return &Watch{Large: large, Summary: make(Summary), found: make(map[string]*Warning)}
}

// See counts one change; they must come in the order of Changes.
func (w *Watch) See(c Change) {
	w.Summary[c.Kind]++
	switch c.Kind {
	case Closed:
		w.gone++
		w.lastGone = c
	case New:
		if w.lastGone.Kind == Closed && w.lastGone.Prefix == c.Prefix && w.lastGone.Origin == c.Origin && w.lastGone.Period == c.Period {
			w.gone--
			w.warn(Gap, fmt.Sprintf("%s has no rate from %s to %s", name(c), day(w.lastGone.At), day(c.At)))
		}
		w.price(c)
	case Dearer, Cheaper:
		w.price(c)
	case Dropped:
		text := "nothing"
		if c.New != nil {
			text = c.New.PerMinute.String()
		}
		if c.Old != nil {
			w.warn(Announced, fmt.Sprintf("%s was to cost %s from %s on, and will cost %s", name(c), c.Old.PerMinute, day(c.At), text))
		}
	case Same:
	}
}

// Gone returns how many prices end and do not come again.
func (w *Watch) Gone() int { return w.gone }

func (w *Watch) price(c Change) {
	r := c.New
	if r.PerMinute.IsZero() && r.ConnectFee.IsZero() && !r.Blocked {
		w.warn(FreeOfCharge, name(c)+" costs nothing")
	}
	if r.Increment.Initial == 0 {
		w.warn(NoFirstStep, fmt.Sprintf("%s is billed in steps of %s", name(c), r.Increment))
	}
	if c.Old != nil && w.Large > 0 && !c.Old.Blocked && !r.Blocked && largely(c.Old.PerMinute, r.PerMinute, int64(w.Large)) {
		w.warn(LargeChange, fmt.Sprintf("%s goes from %s to %s", name(c), c.Old.PerMinute, r.PerMinute))
	}
}

// largely reports whether a price changes by more than so many percent of what it was.
func largely(old, updated money.Rate, most int64) bool {
	if old.IsZero() {
		return !updated.IsZero()
	}
	more := updated.Nanos() - old.Nanos()
	if more < 0 {
		more = -more
	}
	bound, err := old.MulDiv(most, percent, money.Down)
	return err == nil && more > bound.Nanos()
}

func (w *Watch) warn(kind, text string) {
	if w.found[kind] == nil {
		w.found[kind] = &Warning{Kind: kind, Text: text}
		w.order = append(w.order, kind)
	}
	w.found[kind].Count++
}

// Warnings returns what was seen, in the order of the first of each kind.
func (w *Watch) Warnings() []Warning {
	out := make([]Warning, 0, len(w.order))
	for _, kind := range w.order {
		out = append(out, *w.found[kind])
	}
	return out
}

func name(c Change) string {
	text := prefixText(c.Prefix)
	if d := c.Destination(); d != "" {
		text += " " + d
	}
	return text
}

func day(at time.Time) string {
	if at.IsZero() {
		return "ever"
	}
	if at.Equal(at.Truncate(24 * time.Hour)) {
		return at.Format(time.DateOnly)
	}
	return at.Format(time.RFC3339)
}

// InForce counts the prices of a deck that hold at a moment.
func InForce(d *rating.Deck, at time.Time) int {
	n := 0
	for r := range d.Rates() {
		if r.InForce(at) {
			n++
		}
	}
	return n
}

// StepsAt returns in which steps each prefix of a deck is billed at a moment.
func StepsAt(d *rating.Deck, at time.Time) map[e164.Prefix]rating.Increment {
	out := make(map[e164.Prefix]rating.Increment, d.Prefixes())
	for r := range d.Rates() {
		if r.InForce(at) && r.Origin.IsZero() && r.Period == "" {
			out[r.Prefix] = r.Increment
		}
	}
	return out
}

// Usual returns the steps that most rates of a deck have; zero for an empty deck.
func Usual(d *rating.Deck) rating.Increment {
	counts := make(map[rating.Increment]int)
	var best rating.Increment
	for r := range d.Rates() {
		if counts[r.Increment]++; counts[r.Increment] > counts[best] {
			best = r.Increment
		}
	}
	return best
}
