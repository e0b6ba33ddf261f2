package rating

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// ErrTooLarge is returned when a deck has more of something than its tables hold.
var ErrTooLarge = errors.New("deck too large")

// Limits of one deck.
const (
	MaxLines   = 50_000_000
	maxPeriods = 1000
)

// DeckBuilder collects lines and makes a Deck of them. It packs every line at once, so that a million of them take
// 40 bytes each and no more. It is not safe for concurrent use.
type DeckBuilder struct {
	label    string
	currency money.Currency
	lines    []keyedLine
	terms    table[Terms]
	dests    table[string]
	spans    table[span]
	scopes   table[scope]
	periods  table[string]
}

type keyedLine struct {
	key uint64
	line
	source int32
}

// NewDeckBuilder starts a deck with its version label and currency.
func NewDeckBuilder(label string, currency money.Currency) *DeckBuilder {
	b := &DeckBuilder{label: label, currency: currency}
	b.periods.id("")
	b.scopes.id(scope{})
	b.spans.id(span{math.MinInt64, math.MaxInt64})
	return b
}

// Grow makes room for n more lines.
func (b *DeckBuilder) Grow(n int) { b.lines = slices.Grow(b.lines, n) }

// Len returns the number of lines so far.
func (b *DeckBuilder) Len() int { return len(b.lines) }

// Add takes one line. A line without an increment gets 60/60. An error leaves the builder as it was.
func (b *DeckBuilder) Add(r Rate) error {
	if r.Increment.IsZero() {
		r.Increment = PerMinuteSteps()
	}
	if err := r.Validate(); err != nil {
		return err
	}
	if len(b.lines) >= MaxLines {
		return fmt.Errorf("%w: more than %d lines", ErrTooLarge, MaxLines)
	}
	period := b.periods.id(r.Period)
	if period >= maxPeriods {
		return fmt.Errorf("%w: more than %d periods", ErrTooLarge, maxPeriods)
	}
	b.lines = append(b.lines, keyedLine{r.Prefix.Key(), line{
		nanos: r.PerMinute.Nanos(),
		terms: b.terms.id(r.Terms),
		dest:  b.dests.id(r.Destination),
		span:  b.spans.id(span{unixOr(r.From, math.MinInt64), unixOr(r.Till, math.MaxInt64)}),
		scope: b.scopes.id(scope{r.Origin.Key(), uint16(period)}),
	}, int32(min(max(r.Line, 0), MaxLines))})
	return nil
}

// Build makes the deck. A line without an end is closed where the next line of the same prefix, caller and period begins.
// Lines that still overlap are an *OverlapError; a line that is there twice, equal in everything, counts once.
// The builder must not be used afterwards.
func (b *DeckBuilder) Build() (*Deck, error) {
	d, overlaps, _, err := b.BuildReporting()
	if err == nil && len(overlaps) > 0 {
		return nil, &OverlapError{First: overlaps[0], Count: len(overlaps)}
	}
	return d, err
}

// BuildReporting is Build for files that may be wrong: of two lines that contradict each other the earlier in time stays,
// or the earlier in the file, the other is left out and reported; repeated lines are counted.
func (b *DeckBuilder) BuildReporting() (d *Deck, overlaps []Overlap, repeated int, err error) {
	slices.SortStableFunc(b.lines, b.compare)
	overlaps, repeated = b.closeAndCheck()
	d, err = b.pack()
	return d, overlaps, repeated, err
}

func (b *DeckBuilder) pack() (*Deck, error) {
	d := &Deck{
		label: b.label, currency: b.currency,
		lines: make([]line, len(b.lines)),
		terms: b.terms.values, dests: b.dests.values, spans: b.spans.values, scopes: b.scopes.values, periods: b.periods.values,
	}
	keys := make([]uint64, 0, b.countKeys())
	d.first = make([]uint32, 0, cap(keys)+1)
	for i := range b.lines {
		if i == 0 || b.lines[i].key != b.lines[i-1].key {
			keys = append(keys, b.lines[i].key)
			d.first = append(d.first, uint32(i))
		}
		d.lines[i] = b.lines[i].line
	}
	d.first = append(d.first, uint32(len(b.lines))) //nolint:gosec // Add bounds the number of lines
	index, err := NewPrefixIndex(keys)
	d.index = index
	return d, err
}

func (b *DeckBuilder) compare(x, y keyedLine) int {
	if x.key != y.key {
		return cmp.Compare(x.key, y.key)
	}
	if x.scope != y.scope {
		return cmp.Compare(x.scope, y.scope)
	}
	sx, sy := b.spans.values[x.span], b.spans.values[y.span]
	return cmp.Or(cmp.Compare(sx.from, sy.from), cmp.Compare(x.source, y.source))
}

// closeAndCheck keeps the lines that do not contradict one another.
func (b *DeckBuilder) closeAndCheck() (overlaps []Overlap, repeated int) {
	kept := b.lines[:0]
	for _, l := range b.lines {
		if len(kept) == 0 || kept[len(kept)-1].key != l.key || kept[len(kept)-1].scope != l.scope {
			kept = append(kept, l)
			continue
		}
		prev := &kept[len(kept)-1]
		switch {
		case prev.line == l.line:
			repeated++
		case b.closeAt(prev, b.spans.values[l.span].from):
			kept = append(kept, l)
		default:
			overlaps = append(overlaps, Overlap{
				Prefix: e164.PrefixOfKey(l.key), At: spanTime(b.spans.values[l.span].from, math.MinInt64),
				Lines: [2]int{int(prev.source), int(l.source)},
			})
		}
	}
	b.lines = kept
	return overlaps, repeated
}

// closeAt ends a line, if it has no end, at the start of the next one of its prefix and scope; it reports whether the two
// can stand beside each other.
func (b *DeckBuilder) closeAt(l *keyedLine, next int64) bool {
	sp := b.spans.values[l.span]
	if sp.till == math.MaxInt64 && sp.from < next {
		l.span = b.spans.id(span{sp.from, next})
		return true
	}
	return sp.till <= next
}

func (b *DeckBuilder) countKeys() int {
	n := 0
	for i := range b.lines {
		if i == 0 || b.lines[i].key != b.lines[i-1].key {
			n++
		}
	}
	return n
}

func unixOr(t time.Time, none int64) int64 {
	if t.IsZero() {
		return none
	}
	return t.Unix()
}

// table numbers different values from zero on. The last value is remembered, because neighbouring lines repeat it.
type table[T comparable] struct {
	values []T
	ids    map[T]uint32
	last   uint32
}

func (t *table[T]) id(v T) uint32 {
	if int(t.last) < len(t.values) && t.values[t.last] == v {
		return t.last
	}
	id, ok := t.ids[v]
	if !ok {
		if t.ids == nil {
			t.ids = make(map[T]uint32)
		}
		id = uint32(len(t.values)) //nolint:gosec // no more values than lines, which Add bounds
		t.values = append(t.values, v)
		t.ids[v] = id
	}
	t.last = id
	return id
}
