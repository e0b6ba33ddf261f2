package rating

import (
	"errors"
	"fmt"
	"math"

	"trunkline/internal/money"
)

// TierMode says what a volume that is reached changes.
type TierMode uint8

// The modes.
const (
	Graduated   TierMode = iota // Only what lies beyond the threshold has the new price.
	WholeVolume                 // All of the cycle's volume has it, so earlier calls are corrected.
)

// Step is a price that holds from a volume on.
type Step struct {
	From     int64       // Volume in the tier's measure that is reached before it.
	Rate     *money.Rate // The price per minute; nil: the deck's rate less Discount.
	Discount int64       // Hundredths of a percent.
}

// Tier makes calls cheaper, or dearer, by the volume of the cycle. Seconds that an allowance paid are no volume.
type Tier struct {
	Name    string
	Mode    TierMode
	Measure Measure // TierSeconds or TierCalls.
	Per     Scope
	Match   Match
	Cycle   Cycle
	Steps   []Step // The first from 0, then rising.
}

func (t *Tier) validate() error {
	switch {
	case t.Measure != TierSeconds && t.Measure != TierCalls:
		return fmt.Errorf("tiers by %s: want seconds or calls", t.Measure)
	case len(t.Steps) == 0 || t.Steps[0].From != 0:
		return errors.New("the first step must be from 0")
	}
	for i, s := range t.Steps {
		switch {
		case i > 0 && s.From <= t.Steps[i-1].From:
			return errors.New("the steps must rise")
		case s.Rate != nil && s.Rate.Sign() < 0:
			return errors.New("a rate is negative")
		case s.Discount > wholePercent:
			return errors.New("a discount of more than 100 %")
		}
	}
	return nil
}

// at returns the step for a volume that has been reached, and how much of it is left.
func (t *Tier) at(volume int64) (step *Step, room int64) {
	i := len(t.Steps) - 1
	for i > 0 && t.Steps[i].From > volume {
		i--
	}
	if i+1 < len(t.Steps) {
		return &t.Steps[i], t.Steps[i+1].From - volume
	}
	return &t.Steps[i], math.MaxInt64
}

// price returns the step's price for a rate of the deck, in billionths per minute.
func (s *Step) price(nanos int64) (int64, error) {
	if s.Rate != nil {
		return s.Rate.Nanos(), nil
	}
	return money.MulDiv(nanos, wholePercent-s.Discount, wholePercent, money.HalfUp)
}

// volume is the state of a tier around one call.
type volume struct {
	tier    *Tier
	counter Counter
	before  int64 // Volume before the call, in the measure.
	fixed   *Step // The step of the whole call, unless it is graduated by seconds.
}

// newVolume reads the counters of the first tier that is for the call; paid are the seconds that no allowance covers.
func (p *pricing) newVolume(paid int64) {
	for i := range p.t.spec.Tiers {
		tier := &p.t.spec.Tiers[i]
		if !tier.Match.matches(&p.call, p.line.dest, p.number) {
			continue
		}
		start, _ := tier.Cycle.bounds(&p.t.spec.Calendar.zone, p.at)
		v := volume{tier: tier, counter: Counter{
			Name: tier.Name, Measure: tier.Measure, Scope: tier.Per, Owner: tier.Per.owner(&p.call), Start: start,
		}}
		v.before = p.used(v.counter)
		added := paid
		if tier.Measure == TierCalls {
			added = 1
		}
		switch {
		case tier.Mode == WholeVolume:
			v.fixed, _ = tier.at(v.before + added)
		case tier.Measure == TierCalls:
			v.fixed, _ = tier.at(v.before)
		}
		p.volume = v
		p.charge.Notes |= NoteTier
		p.use(v.counter, added)
		return
	}
}

// step returns the step for the call's paid seconds from position on, and for how many of them it holds.
func (v *volume) step(position int64) (step *Step, room int64) {
	if v.fixed != nil {
		return v.fixed, math.MaxInt64
	}
	return v.tier.at(v.before + position)
}

// adjust corrects what earlier calls of the cycle were booked at, so that all of the volume has the price of its step:
// the price of the whole volume less what is booked and less this call.
func (p *pricing) adjust(paid int64, listed, usage money.Amount) error {
	v := &p.volume
	seconds, list, booked := v.counter, v.counter, v.counter
	seconds.Measure, list.Measure, booked.Measure = TierSeconds, TierListed, TierBooked
	listedBefore, bookedBefore := p.used(list), p.used(booked)
	r := p.t.spec.Rounding
	var whole money.Amount
	var err error
	if v.fixed.Rate != nil {
		whole, err = money.Usage(*v.fixed.Rate, p.used(seconds)+paid, r.Scale, r.Money)
	} else {
		whole, err = money.FromMicros(listedBefore+listed.Micros()).MulDiv(wholePercent-v.fixed.Discount, wholePercent, money.HalfUp)
		if err == nil {
			whole, err = whole.Round(r.Scale, r.Money)
		}
	}
	if err != nil {
		return err
	}
	now, err := whole.Sub(money.FromMicros(bookedBefore))
	if err != nil {
		return err
	}
	if p.charge.Adjustment, err = now.Sub(usage); err != nil {
		return err
	}
	if v.tier.Measure == TierCalls {
		p.use(seconds, paid)
	}
	p.use(list, listed.Micros())
	p.use(booked, now.Micros())
	return nil
}
