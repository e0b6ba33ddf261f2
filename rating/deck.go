package rating

import (
	"iter"
	"math"
	"slices"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// Deck is a price list: rates by prefix, dated, in one currency. It is immutable and safe for concurrent use.
// A carrier's deck and the price list of a tariff are the same thing.
type Deck struct {
	label    string
	currency money.Currency
	index    *PrefixIndex
	first    []uint32 // Lines of the prefix at i: first[i] to first[i+1].
	lines    []line
	terms    []Terms
	dests    []string
	spans    []span
	scopes   []scope
	periods  []string
}

// line is a Rate in 24 bytes: what lines have in common stands once in the deck's tables.
type line struct {
	nanos int64
	terms uint32
	dest  uint32
	span  uint32
	scope uint32
}

// span is a time of force in seconds of Unix time, the end not included.
type span struct{ from, till int64 }

// scope says for which callers and in which period a line holds; position 0 is every caller at any time.
type scope struct {
	origin uint64
	period uint16
}

// Label returns the version label, which is recorded with every charge.
func (d *Deck) Label() string { return d.label }

// Currency returns the currency of all prices of the deck.
func (d *Deck) Currency() money.Currency { return d.currency }

// Len returns the number of lines.
func (d *Deck) Len() int { return len(d.lines) }

// Prefixes returns the number of different prefixes.
func (d *Deck) Prefixes() int { return d.index.Len() }

// Index returns the prefix index, for routing over many decks.
func (d *Deck) Index() *PrefixIndex { return d.index }

// Bytes returns the memory that the deck takes: the index, and all.
func (d *Deck) Bytes() (index, all int) {
	index = d.index.Bytes() + 4*len(d.first)
	return index, index + 24*len(d.lines) + 64*len(d.terms) + 16*len(d.spans) + 16*len(d.scopes) + 16*len(d.dests)
}

// Lookup returns the rate of the longest prefix of the number that is in force at the moment and holds for every caller
// at any time of the week. False means that the deck does not know the number then.
func (d *Deck) Lookup(number e164.Number, at time.Time) (Rate, bool) {
	i, entry := d.match(number.Key(), at.Unix(), 0, 0)
	if i < 0 {
		return Rate{}, false
	}
	r := d.rate(i)
	r.Prefix = number.Prefix(KeyDigits(d.index.Key(entry)))
	return r, true
}

// At returns the rates of exactly the prefix at the index position, in the order of their scopes and dates.
func (d *Deck) At(position int) iter.Seq[Rate] {
	return func(yield func(Rate) bool) {
		prefix := e164.PrefixOfKey(d.index.Key(position))
		for i := d.first[position]; i < d.first[position+1]; i++ {
			r := d.rate(int(i))
			r.Prefix = prefix
			if !yield(r) {
				return
			}
		}
	}
}

// Rates returns all lines in the order of their prefixes.
func (d *Deck) Rates() iter.Seq[Rate] {
	return func(yield func(Rate) bool) {
		for position := range d.index.Len() {
			for r := range d.At(position) {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// rate unpacks a line, without its prefix.
func (d *Deck) rate(i int) Rate {
	l := &d.lines[i]
	sp, sc := d.spans[l.span], d.scopes[l.scope]
	return Rate{
		Origin: e164.PrefixOfKey(sc.origin), Period: d.periods[sc.period], Destination: d.dests[l.dest],
		PerMinute: money.PerMinute(l.nanos), Terms: d.terms[l.terms],
		From: spanTime(sp.from, math.MinInt64), Till: spanTime(sp.till, math.MaxInt64),
	}
}

func spanTime(sec, none int64) time.Time {
	if sec == none {
		return time.Time{}
	}
	return time.Unix(sec, 0).UTC()
}

// match finds the line for a number: the longest prefix that has a line for the moment, the period and the caller.
// It returns the line and the position of its prefix, or -1 for both.
func (d *Deck) match(number uint64, at int64, period uint16, caller uint64) (lineAt, entry int) {
	for entry = d.index.Find(number); entry >= 0; entry = d.index.Parent(entry) {
		if i := d.pick(entry, at, period, caller); i >= 0 {
			return i, entry
		}
	}
	return -1, -1
}

// pick chooses among the lines of one prefix: the longest prefix of the caller, then the period over any time.
func (d *Deck) pick(entry int, at int64, period uint16, caller uint64) int {
	best := -1
	for i := d.first[entry]; i < d.first[entry+1]; i++ {
		l := &d.lines[i]
		if sp := &d.spans[l.span]; at < sp.from || at >= sp.till {
			continue
		}
		sc := d.scopes[l.scope]
		if sc.period != 0 && sc.period != period || !begins(caller, sc.origin) {
			continue
		}
		if best < 0 || d.scopes[d.lines[best].scope].narrower(sc) {
			best = int(i)
		}
	}
	return best
}

// narrower reports whether other is the more particular scope of the two.
func (s scope) narrower(other scope) bool {
	if s.origin != other.origin {
		return KeyDigits(other.origin) > KeyDigits(s.origin)
	}
	return s.period == 0 && other.period != 0
}

// periodID returns the deck's number of a period's name, 0 for none of its own.
func (d *Deck) periodID(name string) uint16 {
	return uint16(max(0, slices.Index(d.periods, name))) //nolint:gosec // the builder bounds the number of periods
}

// In returns the same deck in another currency of the same prices, for files that name their currency on their lines.
func (d *Deck) In(c money.Currency) *Deck {
	out := *d
	out.currency = c
	return &out
}
