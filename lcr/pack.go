package lcr

import (
	"fmt"
	"math"
	"time"

	"trunkline/rating"
)

// NewCosts packs a deck.
func NewCosts(deck *rating.Deck) (*Costs, error) {
	if deck.Prefixes() > maxPrefixes {
		return nil, fmt.Errorf("%w: deck %s: %d prefixes are more than %d", ErrWorld, deck.Label(), deck.Prefixes(), maxPrefixes)
	}
	tariff, err := rating.FlatTariff(deck, rating.DefaultRounding())
	if err != nil {
		return nil, fmt.Errorf("%w: deck %s: %w", ErrWorld, deck.Label(), err)
	}
	c := &Costs{deck: deck, tariff: tariff}
	p := packer{ids: make(map[rating.Terms]uint32)}
	c.fresh = p.pack(deck)
	c.terms, c.dated, c.short = p.terms, p.dated, p.short
	return c, nil
}

// packed are the prefixes of a deck by their buckets.
type packed struct {
	tails  []uint32 // The digits after those that the bucket has in common, as in tail.
	values []value
	starts []uint32 // Of the buckets; one more at the end.
}

func (p *packed) bucket(b int) ([]uint32, []value) {
	return p.tails[p.starts[b]:p.starts[b+1]], p.values[p.starts[b]:p.starts[b+1]]
}

// take hands the packed entries over to a world. They are packed anew when another world has them already.
func (c *Costs) take() *packed {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.fresh
	c.fresh = nil
	if p == nil {
		again := packer{ids: make(map[rating.Terms]uint32)}
		p = again.pack(c.deck)
	}
	return p
}

// packer packs the rates of a deck. The same deck always gives the same.
type packer struct {
	ids   map[rating.Terms]uint32
	terms []rating.Terms
	dated []dated
	short []shortEntry
	lines []rating.Rate
	open  openPrefixes // Of the bucket.
	above openPrefixes // Of short.
	out   *packed
}

func (p *packer) pack(deck *rating.Deck) *packed {
	index := deck.Index()
	p.out = &packed{tails: make([]uint32, 0, index.Len()), values: make([]value, 0, index.Len()), starts: make([]uint32, 0, buckets+1)}
	for i := range index.Len() {
		price, kind := p.price(deck, i)
		key := index.Key(i)
		if b, ok := bucketOf(key); ok {
			p.begin(b)
			p.add(key, price, kind)
			continue
		}
		parent := p.above.close(func(at int) bool { return p.short[at].begins(key) })
		p.above = append(p.above, len(p.short))
		p.short = append(p.short, shortEntry{key, newValue(price, kind, rating.KeyDigits(key), parent)})
	}
	p.begin(buckets)
	return p.out
}

// begin makes a bucket the one that prefixes are added to.
func (p *packer) begin(bucket int) {
	for len(p.out.starts) <= bucket {
		p.out.starts = append(p.out.starts, uint32(len(p.out.tails))) //nolint:gosec // A deck's index bounds it.
		p.open = p.open[:0]
	}
}

// add adds a prefix to the bucket.
func (p *packer) add(key uint64, price, kind uint32) {
	start := int(p.out.starts[len(p.out.starts)-1])
	digits, at := rating.KeyDigits(key), len(p.out.tails)-start
	if digits > maxDigits { // All numbers that begin like it are left to the tariff.
		digits, kind = maxDigits, kindOdd
		if at > 0 && p.out.tails[start+at-1] == tail(key) {
			last := &p.out.values[start+at-1]
			*last = newValue(0, kindOdd, maxDigits, last.parent())
			return
		}
	}
	parent := p.open.close(func(at int) bool {
		return beginsWith(tail(key), p.out.tails[start+at], p.out.values[start+at].digits())
	})
	p.open = append(p.open, at)
	p.out.tails, p.out.values = append(p.out.tails, tail(key)), append(p.out.values, newValue(price, kind, digits, parent))
}

// openPrefixes are the positions of the prefixes that the next one, in the order of keys, may begin with: each begins with
// the one before.
type openPrefixes []int

// close forgets those that the next one does not begin with, and returns the last that is left, or -1.
func (o *openPrefixes) close(keep func(at int) bool) int {
	for len(*o) > 0 {
		if last := (*o)[len(*o)-1]; keep(last) {
			return last
		}
		*o = (*o)[:len(*o)-1]
	}
	return -1
}

// price packs the rates of the prefix at a position, and tells in what way.
func (p *packer) price(deck *rating.Deck, position int) (price, kind uint32) {
	p.lines = p.lines[:0]
	for line := range deck.At(position) {
		if !line.Origin.IsZero() || line.Period != "" {
			return 0, kindOdd
		}
		p.lines = append(p.lines, line)
	}
	if len(p.lines) == 1 {
		if price, kind, ok := p.plain(&p.lines[0]); ok {
			return price, kind
		}
	}
	first := len(p.dated)
	for i := range p.lines {
		line := &p.lines[i]
		p.dated = append(p.dated, dated{
			nanos: line.PerMinute.Nanos(), terms: p.term(line.Terms), more: i < len(p.lines)-1,
			from: unixOr(line.From, math.MinInt64), till: unixOr(line.Till, math.MaxInt64),
		})
	}
	return uint32(first), kindDated //nolint:gosec // A deck has fewer lines than that.
}

// plain packs a rate into an entry, if it holds for ever and is no finer than a millionth.
func (p *packer) plain(line *rating.Rate) (price, kind uint32, ok bool) {
	nanos := line.PerMinute.Nanos()
	if !line.From.IsZero() || !line.Till.IsZero() || nanos%priceUnit != 0 || nanos/priceUnit > math.MaxUint32 {
		return 0, 0, false
	}
	id := p.term(line.Terms)
	return uint32(nanos / priceUnit), id, id < kindDated //nolint:gosec // Checked above.
}

func (p *packer) term(t rating.Terms) uint32 {
	id, ok := p.ids[t]
	if !ok {
		id = uint32(len(p.terms)) //nolint:gosec // No more than lines.
		p.ids[t] = id
		p.terms = append(p.terms, t)
	}
	return id
}

func unixOr(t time.Time, none int64) int64 {
	if t.IsZero() {
		return none
	}
	return t.Unix()
}
