package rating

import (
	"slices"
	"time"

	"trunkline/internal/money"
)

// Quote is the price of a call that is about to be made or is going on, for reservations: what its first seconds cost.
// It is a value, immutable, and safe for concurrent use as long as its counters are.
type Quote struct {
	tariff   *Tariff
	call     Call
	counters Counters
	first    Charge // The price of the first second, and so of the first increment.
	others   []Quote
}

// PriceStep is a duration of whole increments, in seconds from the start of a call, and what the call costs if it ends then.
type PriceStep struct {
	Seconds int64
	Cost    money.Amount
}

// Quote prices a call in advance; Duration is not looked at. Give Exhausted as counters to count on no allowance.
// A call that would have no price is an *UnratableError, which is the verdict on placing it.
func (t *Tariff) Quote(call Call, counters Counters) (Quote, error) {
	call.Duration = time.Second
	first, err := t.Price(call, counters)
	if err != nil {
		return Quote{}, err
	}
	q := Quote{tariff: t, call: call, counters: counters, first: first}
	if grace := q.grace(); grace > 1 {
		q.call.Duration = time.Duration(grace) * time.Second
		q.first, err = t.Price(q.call, counters)
	}
	return q, err
}

// grace returns the grace time of the call's rate in seconds.
func (q *Quote) grace() int64 {
	if q.first.Notes&NoteGrace == 0 {
		return 0
	}
	p := pricing{t: q.tariff, call: q.call}
	if p.find() != nil {
		return 0
	}
	return int64(p.line.terms.Grace)
}

// PerMinute returns the rate at the start of the call, for price caps.
func (q Quote) PerMinute() money.Rate { return q.first.PerMinute }

// ConnectFee returns the connect fee that is due, for price caps.
func (q Quote) ConnectFee() money.Amount { return q.first.ConnectFee }

// Destination returns the prefix and name of the destination.
func (q Quote) Destination() (prefix, name string) {
	return q.first.Prefix.String(), q.first.Destination
}

// Currency returns the currency of all costs.
func (q Quote) Currency() money.Currency { return q.first.Currency }

// Labels returns the versions of tariff and deck.
func (q Quote) Labels() (tariff, deck string) { return q.first.Tariff, q.first.Deck }

// Free reports whether the call costs nothing however long it lasts, because it stays inside the house.
func (q Quote) Free() bool { return q.first.Notes&(NoteOnNet|NoteInbound) != 0 }

// Or returns a quote for a call of which it is not known yet which of the two it will be priced by: it costs what the dearer one does.
func (q Quote) Or(other Quote) Quote {
	q.others = append(slices.Clip(q.others), other)
	return q
}

// Cost returns what the call costs, connect fee and all, if it lasts so many seconds. It never falls with the seconds;
// 0 seconds cost nothing but an attempt fee. A correction in the client's favour by a volume tier is not counted on.
func (q Quote) Cost(seconds int64) (money.Amount, error) {
	most, err := q.cost(seconds)
	for i := range q.others {
		var other money.Amount
		if err == nil {
			other, err = q.others[i].cost(seconds)
		}
		if most.Less(other) {
			most = other
		}
	}
	return most, err
}

func (q *Quote) cost(seconds int64) (money.Amount, error) {
	call := q.call
	call.Duration = time.Duration(seconds) * time.Second
	c, err := q.tariff.Price(call, q.counters)
	if err != nil || c.Adjustment.Sign() >= 0 {
		return c.Total, err
	}
	return c.Total.Sub(c.Adjustment)
}

// Fit returns the longest duration of whole increments, not beyond the one that wanted needs, that costs no more than
// the amount; 0 seconds where not even the first increment does. It takes a logarithmic number of pricings.
func (q Quote) Fit(amount money.Amount, wanted int64) (PriceStep, error) {
	low, high := int64(0), q.increments(wanted)
	best := PriceStep{}
	for low < high {
		mid := low + (high-low+1)/2
		s, err := q.priceStep(mid)
		if err != nil {
			return PriceStep{}, err
		}
		if s.Cost.Cmp(amount) <= 0 {
			low, best = mid, s
		} else {
			high = mid - 1
		}
	}
	return best, nil
}

// PriceSteps returns durations of whole increments with their costs, rising: the first increment, the duration that covers
// wanted, and evenly spread ones between, no more than limit in all. A store picks the last that fits what is left.
func (q Quote) PriceSteps(wanted int64, limit int) ([]PriceStep, error) {
	total := q.increments(wanted)
	if total == 0 || limit < 1 {
		return nil, nil
	}
	steps := min(total, int64(limit))
	out := make([]PriceStep, 0, steps)
	for i := range steps {
		n := total
		if steps > 1 {
			n = 1 + i*(total-1)/(steps-1)
		}
		s, err := q.priceStep(n)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// increments returns how many increments cover so many seconds.
func (q Quote) increments(seconds int64) int64 {
	seconds = min(seconds, int64(MaxDuration/time.Second))
	inc := q.step()
	first, next := q.firstStep(), int64(inc.Next)
	switch {
	case seconds <= 0:
		return 0
	case seconds <= first:
		return 1
	}
	return 1 + ceilDiv(inc.Billed(seconds)-first, next)
}

// priceStep returns the n-th whole increment, counted from one.
func (q Quote) priceStep(n int64) (PriceStep, error) {
	inc := q.step()
	seconds := q.firstStep() + (n-1)*int64(inc.Next)
	if inc.FromZero && n > 1 {
		seconds = (q.firstStep()/int64(inc.Next) + n - 1) * int64(inc.Next)
	}
	seconds = min(seconds, int64(MaxDuration/time.Second))
	cost, err := q.Cost(seconds)
	return PriceStep{Seconds: seconds, Cost: cost}, err
}

func (q Quote) step() Increment {
	if q.first.Increment.IsZero() {
		return Increment{Initial: 1, Next: 1}
	}
	return q.first.Increment
}

func (q Quote) firstStep() int64 {
	inc := q.step()
	if inc.Initial == 0 {
		return int64(inc.Next)
	}
	return int64(inc.Initial)
}
