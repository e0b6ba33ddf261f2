package rating

import (
	"errors"
	"math"

	"trunkline/internal/money"
)

// errTooDear is the cause of OutOfRange: rate and duration are beyond any real call.
var errTooDear = errors.New("rate and duration are too large")

// sums are billionths per minute times seconds: exact until they are rounded, once, for the whole call.
type sums struct {
	priced int64 // With the volume tier.
	listed int64 // Without.
}

// walk goes through the seconds that no allowance covers, piece by piece: a piece ends where the period of the week changes
// or a volume tier is reached. What an allowance covers is the beginning of the call.
func (p *pricing) walk() (sums, error) {
	var s sums
	c := &p.charge
	at, end := p.at+c.Covered, p.at+c.Billed
	last := int64(-1)
	for paid := int64(0); at < end; {
		nanos, until := p.rateAt(at)
		n := min(end, until) - at
		price := nanos
		if p.volume.tier != nil {
			step, room := p.volume.step(paid)
			n = min(n, room)
			stepped, err := step.price(nanos)
			if err != nil {
				return s, err
			}
			price = stepped
		}
		if err := s.add(n, price, nanos); err != nil {
			return s, err
		}
		if p.trace != nil {
			p.sayPiece(at, n, price)
		}
		if last >= 0 && last != nanos {
			c.Notes |= NoteSplit
		}
		at, paid, last = at+n, paid+n, nanos
	}
	return s, nil
}

// rateAt returns the rate of a moment of the call and until when it holds.
func (p *pricing) rateAt(at int64) (nanos, until int64) {
	cal := p.t.spec.Calendar
	if p.t.spec.Boundary == AtStart || p.line.src.Deck == nil || len(p.line.src.Deck.periods) == 1 {
		return p.line.nanos, farFuture
	}
	period, until := cal.at(at)
	if period == p.line.period {
		return p.line.nanos, until
	}
	d := p.line.src.Deck
	i, _ := d.match(p.number, p.at, p.line.src.periods[period], p.caller)
	if i < 0 || d.terms[d.lines[i].terms].Blocked {
		return p.line.nanos, until // The deck has nothing for that period: the call goes on as it began.
	}
	return d.lines[i].nanos, until
}

func (s *sums) add(seconds, price, listed int64) error {
	if max(price, listed) > math.MaxInt64/2/seconds {
		return errTooDear
	}
	s.priced += price * seconds
	s.listed += listed * seconds
	if s.priced < 0 || s.listed < 0 {
		return errTooDear
	}
	return nil
}

// coverTime lets the allowances of seconds and calls pay for the beginning of the call, in their order.
func (p *pricing) coverTime() {
	c := &p.charge
	for i := range p.t.spec.Allowances {
		a := &p.t.spec.Allowances[i]
		if a.Measure == Money || c.Covered == c.Billed || !a.usable(&p.call, p.line.dest, p.number) {
			continue
		}
		before := c.Covered
		for _, g := range a.grants(&p.call, &p.t.spec.Calendar.zone) {
			p.draw(g)
		}
		if c.Covered == before {
			continue
		}
		c.Notes |= NoteAllowance
		if before == 0 && !a.ChargesConnectFee {
			c.ConnectFee = money.Amount{}
		}
		if p.trace != nil {
			p.sayCovered(a, c.Covered-before)
		}
	}
}

// draw takes what the call still needs from one grant. One call of an allowance of calls pays for all of it.
func (p *pricing) draw(g grant) {
	c := &p.charge
	left, need := g.amount-p.used(g.counter), c.Billed-c.Covered
	if left <= 0 || need == 0 {
		return
	}
	if g.counter.Measure == Calls {
		c.Covered = c.Billed
		p.use(g.counter, 1)
		return
	}
	take := min(left, need)
	c.Covered += take
	p.use(g.counter, take)
}

// coverMoney lets the allowances of money pay for what is left.
func (p *pricing) coverMoney() error {
	c := &p.charge
	for i := range p.t.spec.Allowances {
		a := &p.t.spec.Allowances[i]
		if a.Measure != Money || c.Total.Sign() <= 0 || !a.usable(&p.call, p.line.dest, p.number) {
			continue
		}
		for _, g := range a.grants(&p.call, &p.t.spec.Calendar.zone) {
			left := g.amount - p.used(g.counter)
			take := money.FromMicros(min(left, c.Total.Micros()))
			if take.Sign() <= 0 {
				continue
			}
			p.use(g.counter, take.Micros())
			c.Notes |= NoteAllowance
			var err error
			if c.Credit, err = c.Credit.Add(take); err != nil {
				return err
			}
			if c.Total, err = c.Total.Sub(take); err != nil {
				return err
			}
		}
	}
	return nil
}
