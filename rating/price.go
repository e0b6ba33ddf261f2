package rating

import (
	"math"
	"time"

	"trunkline/internal/calls"
	"trunkline/internal/money"
)

// Price returns what the call costs, given what was used of allowances and tiers so far. It changes nothing: the caller adds
// Charge.Uses to the counters, once, together with the booking. The same call and counters give the same charge.
// A call that has no price is an *UnratableError. A call that was not answered costs nothing but an attempt fee, and is
// never refused. Without allowances and tiers nothing is allocated. Nil counters are those of a new tenant.
func (t *Tariff) Price(call Call, counters Counters) (Charge, error) {
	p := pricing{t: t, call: call, counters: counters}
	err := p.run()
	return p.charge, err
}

// Explain is Price with the reasons.
func (t *Tariff) Explain(call Call, counters Counters) (Charge, Explanation, error) {
	p := pricing{t: t, call: call, counters: counters, trace: &Explanation{}}
	err := p.run()
	if err == nil {
		p.sayTotal()
	}
	return p.charge, *p.trace, err
}

// RateOf returns the rate that a call is priced by, with the terms that go with it; an *UnratableError where there is none.
func (t *Tariff) RateOf(call Call) (Rate, error) {
	call.Duration = max(call.Duration, time.Second) // A call that is not answered has a rate even where it may not be made.
	p := pricing{t: t, call: call}
	if err := p.find(); err != nil {
		return Rate{}, err
	}
	return Rate{
		Prefix: call.To.Prefix(p.line.digits), Destination: p.line.dest, PerMinute: money.PerMinute(p.line.nanos), Terms: p.line.terms,
		From: spanTime(p.line.from, math.MinInt64),
	}, nil
}

// pricing is one call on its way through the tariff.
type pricing struct {
	t        *Tariff
	call     Call
	counters Counters
	trace    *Explanation // Nil: no explanation wanted.
	charge   Charge
	at       int64 // Unix time of the start.
	number   uint64
	caller   uint64
	line     found
	volume   volume
}

// found is the line that prices the call.
type found struct {
	src    *source
	nanos  int64
	terms  Terms
	dest   string
	digits int
	period uint16
	from   int64
}

func (p *pricing) run() error {
	c, call := &p.charge, &p.call
	c.Currency, c.Tariff = p.t.spec.Currency, p.t.label
	if call.Duration < 0 || call.Duration > MaxDuration {
		return unratable(BadCall, call, "the duration is negative or longer than 31 days")
	}
	seconds, err := p.wholeSeconds()
	if err != nil {
		return unratable(BadCall, call, "the duration cannot be rounded")
	}
	if p.free(seconds) {
		return nil
	}
	if err := p.find(); err != nil {
		if call.Duration == 0 {
			c.Notes |= NoteUnanswered | NoteNoRate
			return nil
		}
		return err
	}
	c.Prefix, c.Destination = call.To.Prefix(p.line.digits), p.line.dest
	c.PerMinute, c.Increment = money.PerMinute(p.line.nanos), p.line.terms.Increment
	c.RateFrom = spanTime(p.line.from, math.MinInt64)
	if p.line.src.Deck != nil {
		c.Deck = p.line.src.Deck.label
	}
	if p.trace != nil {
		p.sayMatch()
	}
	return p.bill(seconds)
}

// wholeSeconds rounds the duration as the tariff says.
func (p *pricing) wholeSeconds() (int64, error) {
	r := &p.t.spec.Rounding
	n, err := money.MulDiv(int64(p.call.Duration), 1, r.DurationUnit*int64(time.Second), r.Duration)
	return n * r.DurationUnit, err
}

// free prices the calls that the tariff has no deck for because they cost nothing: to emergency services, inside the tenant, and inbound.
func (p *pricing) free(seconds int64) bool {
	call, c := &p.call, &p.charge
	switch {
	case call.Emergency:
		c.Destination = "emergency"
		c.Notes |= NoteEmergency
	case (call.OnNet || call.direction() == calls.Internal) && !p.t.spec.RatedOnNet:
		c.Destination = "on-net"
		c.Notes |= NoteOnNet
	case call.direction() == calls.Inbound && !p.t.served.has(calls.Inbound):
		c.Destination = "inbound"
		c.Notes |= NoteInbound
	default:
		return false
	}
	c.Billed = seconds
	if call.Duration == 0 {
		c.Notes |= NoteUnanswered
	}
	return true
}

// find sets the line that is in force at the start of the call.
func (p *pricing) find() error {
	call := &p.call
	switch {
	case call.To.IsZero():
		return unratable(BadCall, call, "there is no number called")
	case !p.t.InForce(call.Connect):
		return unratable(NotInForce, call, "the tariff "+p.t.label+" was not in force")
	}
	p.at, p.number, p.caller = call.Connect.Unix(), call.To.Key(), call.From.Key()
	if p.t.blocked.Find(p.number) >= 0 && call.Duration > 0 {
		return unratable(Blocked, call, "the destination is blocked in the tariff")
	}
	period := uint16(0)
	if !p.t.spec.Calendar.plain() {
		period, _ = p.t.spec.Calendar.at(p.at)
	}
	if err := p.search(period); err != nil {
		return err
	}
	if p.line.terms.Blocked && call.Duration > 0 {
		return unratable(Blocked, call, "calls to the prefix "+call.To.Prefix(p.line.digits).Digits()+" ("+p.line.dest+") are blocked")
	}
	return nil
}

// search looks through the decks in the order of precedence.
func (p *pricing) search(period uint16) error {
	best := found{digits: -1}
	for i := range p.t.sources {
		src := &p.t.sources[i]
		if !src.serves(p.call.direction(), p.caller) {
			continue
		}
		f, ok, err := p.in(src, period)
		if err != nil {
			return err
		}
		if ok && f.digits > best.digits {
			best = f
		}
		if ok && p.t.spec.Precedence == FirstDeck {
			break
		}
	}
	if best.digits < 0 {
		return unratable(NoRate, &p.call, "no deck of the tariff has a rate for the number at that time")
	}
	p.line = best
	return nil
}

// in looks a number up in one deck.
func (p *pricing) in(src *source, period uint16) (found, bool, error) {
	if src.Deck == nil {
		r, err := src.CostPlus.over(&p.call, p.t.spec.Rounding)
		if err != nil {
			return found{}, false, err
		}
		p.charge.Notes |= NoteCostPlus
		return found{
			src: src, nanos: r.PerMinute.Nanos(), terms: r.Terms, dest: r.Destination,
			digits: r.Prefix.Len(), period: period, from: unixOr(r.From, math.MinInt64),
		}, true, nil
	}
	d := src.Deck
	i, entry := d.match(p.number, p.at, src.periods[period], p.caller)
	if i < 0 {
		return found{}, false, nil
	}
	l := &d.lines[i]
	return found{
		src: src, nanos: l.nanos, terms: d.terms[l.terms], dest: d.dests[l.dest],
		digits: KeyDigits(d.index.keys[entry]), period: period, from: d.spans[l.span].from,
	}, true, nil
}

func (s *source) serves(d calls.Direction, caller uint64) bool {
	if !s.directions.has(d) && (d != calls.Internal || !s.directions.has(calls.Outbound)) {
		return false
	}
	if len(s.origins) == 0 {
		return true
	}
	for _, o := range s.origins {
		if begins(caller, o) {
			return true
		}
	}
	return false
}

// bill turns the seconds into money.
func (p *pricing) bill(seconds int64) error {
	c, terms := &p.charge, &p.line.terms
	c.AttemptFee, c.Total = terms.AttemptFee, terms.AttemptFee
	switch {
	case p.call.Duration == 0:
		c.Notes |= NoteUnanswered
		return nil
	case seconds == 0:
		c.Notes |= NoteRoundedOff
		return nil
	case p.call.Duration < time.Duration(terms.Grace)*time.Second:
		c.Notes |= NoteGrace
		return nil
	}
	c.Billed = terms.Increment.Billed(seconds)
	c.ConnectFee = terms.ConnectFee
	if p.trace != nil {
		p.sayDuration(seconds)
	}
	if len(p.t.spec.Allowances) > 0 && (p.line.nanos > 0 || terms.ConnectFee.Sign() > 0) {
		p.coverTime()
	}
	if err := p.spend(); err != nil {
		return unratable(OutOfRange, &p.call, err.Error())
	}
	return nil
}

// spend prices the seconds that no allowance covers, and adds the parts up.
func (p *pricing) spend() error {
	c := &p.charge
	paid := c.Billed - c.Covered
	if len(p.t.spec.Tiers) > 0 && paid > 0 {
		p.newVolume(paid)
	}
	sums, err := p.walk()
	if err != nil {
		return err
	}
	if c.Usage, err = p.round(sums.priced); err != nil {
		return err
	}
	if p.volume.tier != nil && p.volume.tier.Mode == WholeVolume {
		listed, err := p.round(sums.listed)
		if err != nil {
			return err
		}
		if err := p.adjust(paid, listed, c.Usage); err != nil {
			return err
		}
	}
	if c.Total, err = money.Sum(c.AttemptFee, c.ConnectFee, c.Usage, c.Adjustment); err != nil {
		return err
	}
	if err := p.liftToMinimum(); err != nil {
		return err
	}
	return p.coverMoney()
}

// round turns billionths per minute times seconds into an amount, with the one rounding of the call.
func (p *pricing) round(product int64) (money.Amount, error) {
	r := &p.t.spec.Rounding
	return money.Usage(money.PerMinute(product), 1, r.Scale, r.Money)
}

// liftToMinimum tops the call's own price up to the minimum charge, unless an allowance paid for a part of the call.
// The correction of earlier calls is no part of it.
func (p *pricing) liftToMinimum() error {
	c := &p.charge
	own, err := c.Total.Sub(c.Adjustment)
	if err != nil || p.line.terms.MinCharge.Cmp(own) <= 0 || c.Covered > 0 {
		return err
	}
	if c.TopUp, err = p.line.terms.MinCharge.Sub(own); err != nil {
		return err
	}
	c.Notes |= NoteMinimum
	c.Total, err = c.Total.Add(c.TopUp)
	return err
}

func (p *pricing) used(c Counter) int64 {
	if p.counters == nil {
		return 0
	}
	return p.counters.Used(c)
}

func (p *pricing) use(c Counter, amount int64) {
	if amount != 0 {
		p.charge.Uses = append(p.charge.Uses, Use{c, amount})
	}
}
