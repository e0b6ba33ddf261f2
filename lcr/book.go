package lcr

import "slices"

// book holds the rates of all decks of a world: first by the leading digits of their prefixes, then by deck. What all
// carriers ask for one number so stands side by side, and a call reads a page or two of memory where a table for each
// deck would make it read as many pages as there are decks. It takes 12 bytes a rate, and 80 kB a deck. It is immutable.
type book struct {
	decks  []*Costs
	tails  []uint32
	values []value
	cells  []cell // By bucket, then by deck; one more at the end.
}

// cell is a bucket of a deck. It ends where the next cell begins.
type cell struct {
	start uint32
	above int32 // Position of the longest short prefix that all numbers of the bucket begin with; -1: none.
}

// A bucket is the prefixes that have their first digits in common.
const (
	bucketDigits = 4
	buckets      = 10_000
	maxDigits    = 12 // Of a bucket and a tail together.
)

// tail returns the digits of a prefix or number from the fifth to the twelfth, four bits each, as the key has them.
func tail(key uint64) uint32 { return uint32(key >> 16) } //nolint:gosec // Cut off on purpose.

// beginsWith reports whether a tail begins with that of a prefix of so many digits.
func beginsWith(tail, prefix uint32, digits int) bool {
	return (tail^prefix)>>(4*(maxDigits-digits)) == 0
}

// bucketOf returns the bucket of a prefix or number by its key; false: it is too short for one.
func bucketOf(key uint64) (int, bool) {
	const last = 64 - 4*bucketDigits
	if key>>last&15 == 0 {
		return 0, false
	}
	b := 0
	for shift := 60; shift >= last; shift -= 4 {
		b = b*10 + int(key>>shift&15) - 1
	}
	return b, true
}

// newBook makes the book of some decks. What the previous one has of them is copied from there.
func newBook(decks []*Costs, previous *book) *book {
	if previous != nil && slices.Equal(decks, previous.decks) {
		return previous
	}
	b := &book{decks: decks, cells: make([]cell, buckets*len(decks)+1)}
	sources := make([]func(int) ([]uint32, []value), len(decks))
	for i, c := range decks {
		if sources[i] = previous.column(c); sources[i] == nil {
			sources[i] = c.take().bucket
		}
		b.fillAbove(i)
	}
	total := 0
	for _, c := range decks {
		total += c.deck.Prefixes()
	}
	b.tails, b.values = make([]uint32, 0, total), make([]value, 0, total)
	for bucket := range buckets {
		for i, source := range sources {
			b.cells[bucket*len(decks)+i].start = uint32(len(b.tails)) //nolint:gosec // Bounded by the memory of decks.
			tails, values := source(bucket)
			b.tails, b.values = append(b.tails, tails...), append(b.values, values...)
		}
	}
	b.cells[len(b.cells)-1].start = uint32(len(b.tails)) //nolint:gosec // As above.
	return b
}

// column returns where the buckets of a deck are; nil when the book does not have it.
func (b *book) column(c *Costs) func(int) ([]uint32, []value) {
	if b == nil {
		return nil
	}
	i := slices.Index(b.decks, c)
	if i < 0 {
		return nil
	}
	return func(bucket int) ([]uint32, []value) {
		from, till := b.cells[bucket*len(b.decks)+i].start, b.cells[bucket*len(b.decks)+i+1].start
		return b.tails[from:till], b.values[from:till]
	}
}

// fillAbove notes for every bucket of a deck the short prefix that covers it. The longer come after the shorter that they
// begin with, and take their place.
func (b *book) fillAbove(deck int) {
	for bucket := range buckets {
		b.cells[bucket*len(b.decks)+deck].above = -1
	}
	for i, e := range b.decks[deck].short {
		low, size := 0, buckets
		for shift := 60; e.key>>shift&15 != 0 && size > 1; shift -= 4 {
			size /= 10
			low += (int(e.key>>shift&15) - 1) * size
		}
		for bucket := low; bucket < low+size; bucket++ {
			b.cells[bucket*len(b.decks)+deck].above = int32(i)
		}
	}
}

// spot is the place in a deck at or before which the longest prefix of a number is.
type spot struct {
	cell cell
	at   int32 // Position in the cell; -1: before its first.
	value
}

// locate finds the spots of a number in some decks. It reads the values too: reads that do not depend on each other are
// waited for together, and those of the prices later on would not be.
func (b *book) locate(decks []int, number uint64, out []spot) []spot {
	bucket, ok := bucketOf(number)
	if !ok {
		return out
	}
	row, wanted := b.cells[bucket*len(b.decks):(bucket+1)*len(b.decks)+1], tail(number)
	for _, deck := range decks {
		out = append(out, spot{cell: row[deck]})
		s := &out[len(out)-1]
		s.at = lastNotAfter(b.tails[s.cell.start:row[deck+1].start], wanted)
	}
	for i := range out {
		if s := &out[i]; s.at >= 0 {
			s.value = b.values[s.cell.start+uint32(s.at)]
		}
	}
	return out
}

// rate returns the rate in force in a deck for a number by its spot: that of the longest prefix that has one.
func (b *book) rate(deck int, s *spot, number uint64, at int64) rate {
	c, wanted := b.decks[deck], tail(number)
	for i, v := int(s.at), s.value; i >= 0; {
		here := int(s.cell.start) + i
		if i != int(s.at) {
			v = b.values[here]
		}
		if beginsWith(wanted, b.tails[here], v.digits()) {
			if r, ok := c.rate(v, at); ok {
				return r
			}
		}
		i = v.parent()
	}
	return c.shortRate(int(s.cell.above), at)
}

// lastNotAfter returns the position of the last tail that is not after the wanted, or -1: the longest prefix of the number is
// that entry, or one that it begins with. Which half it goes on with is worked out and not branched to: the processor would guess every second one wrong.
func lastNotAfter(tails []uint32, wanted uint32) int32 {
	at := 0
	for left := len(tails); left > 1; {
		half := left >> 1
		after := (int64(wanted) - int64(tails[at+half])) >> 63 // All ones when that tail is after the wanted, else 0.
		at += half &^ int(after)
		left -= half
	}
	if len(tails) == 0 || tails[at] > wanted {
		return -1
	}
	return int32(at)
}

// bytes returns the memory that the rates of all decks take, beside the decks themselves, and their number.
func (b *book) bytes() (bytes, rates int) {
	bytes = 12*len(b.tails) + 8*len(b.cells)
	rates = len(b.tails)
	for _, c := range b.decks {
		bytes += 16*len(c.short) + 32*len(c.dated) + 64*len(c.terms)
		rates += len(c.short)
	}
	return bytes, rates
}
