package lcr

import (
	"math"
	"math/bits"
	"sync"
	"time"

	"trunkline/internal/money"
	"trunkline/rating"
)

// Costs is a carrier's deck as routing sees it. It gives the very costs that the deck gives as a rating.Tariff. It is safe for
// concurrent use; the rates themselves are moved into the book of the first world that is made with it.
type Costs struct {
	deck   *rating.Deck
	tariff *rating.Tariff
	terms  []rating.Terms
	dated  []dated
	short  []shortEntry // The prefixes of fewer digits than a bucket has, by their keys; parents are positions in it.

	mu    sync.Mutex
	fresh *packed // Until a world has taken them.
}

// value is what is kept of a prefix beside its digits. Price means what the kind says.
type value struct {
	price uint32
	bits  uint32 // From the lowest: kind, 4 bits; number of digits, 4 bits; position of the parent plus one, 24 bits.
}

type shortEntry struct {
	key uint64
	value
}

// begins reports whether a number or a longer prefix begins with this one.
func (s *shortEntry) begins(key uint64) bool { return (key^s.key)>>(64-4*s.digits()) == 0 }

// The kinds of value. Those below are positions in terms, with the price in millionths per minute.
const (
	kindDated = 14 // The price is a position in dated.
	kindOdd   = 15 // The rate depends on more than number and time: the tariff is asked.
)

// maxPrefixes bounds a deck: positions are kept in 24 bits.
const maxPrefixes = 1<<24 - 2

func newValue(price, kind uint32, digits, parent int) value {
	return value{price, kind | uint32(digits)<<4 | uint32(parent+1)<<8} //nolint:gosec // The packer bounds all of them.
}

func (v value) kind() uint32 { return v.bits & 15 }

func (v value) digits() int { return int(v.bits >> 4 & 15) }

// parent returns the position, in the same bucket, of the longest other prefix that this one begins with, or -1.
func (v value) parent() int { return int(v.bits>>8) - 1 }

// priceUnit is what price counts, in billionths.
const priceUnit = 1000

// dated is one of the rates of a prefix, for rates that begin or end, or do not fit into an entry.
type dated struct {
	nanos      int64
	from, till int64 // Unix time; till is not included.
	terms      uint32
	more       bool // Another one of the same prefix follows.
}

// rate is what a deck asks for a call.
type rate struct {
	nanos  int64
	terms  *rating.Terms
	digits int // Length of the prefix; -1: there is none, or only the tariff knows.
	odd    bool
}

// Tariff returns the deck as a tariff.
func (c *Costs) Tariff() *rating.Tariff { return c.tariff }

// Currency returns the currency of all costs.
func (c *Costs) Currency() money.Currency { return c.tariff.Currency() }

// rate returns the rate of a prefix at a moment; false: none is in force.
func (c *Costs) rate(v value, at int64) (rate, bool) {
	switch kind := v.kind(); kind {
	case kindOdd:
		return rate{digits: -1, odd: true}, true
	case kindDated:
		d := c.inForce(v.price, at)
		if d == nil {
			return rate{}, false
		}
		return rate{nanos: d.nanos, terms: &c.terms[d.terms], digits: v.digits()}, true
	default:
		return rate{nanos: int64(v.price) * priceUnit, terms: &c.terms[kind], digits: v.digits()}, true
	}
}

func (c *Costs) inForce(first uint32, at int64) *dated {
	for i := first; ; i++ {
		d := &c.dated[i]
		if at >= d.from && at < d.till {
			return d
		}
		if !d.more {
			return nil
		}
	}
}

// shortRate goes from a short prefix to those that it begins with, and returns the first rate in force.
func (c *Costs) shortRate(i int, at int64) rate {
	for ; i >= 0; i = c.short[i].parent() {
		if r, ok := c.rate(c.short[i].value, at); ok {
			return r
		}
	}
	return rate{digits: -1}
}

// shortNumber looks a number up that has fewer digits than a bucket.
func (c *Costs) shortNumber(number uint64, at int64) rate {
	for i := len(c.short) - 1; i >= 0; i-- {
		if c.short[i].begins(number) {
			return c.shortRate(i, at)
		}
	}
	return rate{digits: -1}
}

// cost is what an answered call of so long costs: the sum that rating.Tariff.Price makes of the same rate.
func (r *rate) cost(length time.Duration) (money.Amount, error) {
	t := r.terms
	if length < time.Duration(t.Grace)*time.Second {
		return t.AttemptFee, nil
	}
	billed := t.Increment.Billed(int64((length + time.Second - 1) / time.Second))
	high, product := bits.Mul64(uint64(r.nanos), uint64(billed)) //nolint:gosec // Neither is negative.
	if high != 0 || product > math.MaxInt64/2 {
		return money.Amount{}, errTooDear
	}
	total, err := money.Usage(money.PerMinute(int64(product)), 1, money.AmountScale, money.HalfUp)
	if err != nil {
		return total, err
	}
	if !t.ConnectFee.IsZero() || !t.AttemptFee.IsZero() {
		if total, err = money.Sum(total, t.ConnectFee, t.AttemptFee); err != nil {
			return total, err
		}
	}
	if total.Less(t.MinCharge) {
		return t.MinCharge, nil
	}
	return total, nil
}
