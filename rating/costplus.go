package rating

import (
	"errors"
	"fmt"

	"trunkline/internal/money"
)

// CostBase says over which cost a price is built.
type CostBase uint8

// The bases.
const (
	ChosenCarrier   CostBase = iota // The carrier that took the call.
	CheapestCarrier                 // The cheapest carrier, whoever took it.
)

// partsPerPercent is the scale of percentages: hundredths of a percent.
const wholePercent = 100_00

// CostPlus prices a call by a carrier's cost and a margin: cost x (1 + Percent) + Absolute per minute, kept between Floor
// and Ceiling. The margin in percent also goes onto the connect fee; the carrier's increments are taken over.
type CostPlus struct {
	Over     CostBase
	Percent  int64      // Hundredths of a percent: 2000 is 20 %.
	Absolute money.Rate // Per minute.
	Floor    money.Rate // Per minute; zero: none.
	Ceiling  money.Rate // Per minute; zero: none.
}

// Builds reports whether the tariff has prices that are built on a carrier's cost, and on whose: such a call has no price before
// it is known which carriers there are for it.
func (t *Tariff) Builds() (over CostBase, ok bool) {
	for i := range t.sources {
		if plus := t.sources[i].CostPlus; plus != nil {
			return plus.Over, true
		}
	}
	return ChosenCarrier, false
}

// checkBases refuses prices over the chosen and over the cheapest carrier in one tariff: a record names one deck that its sale is built on.
func (s *Spec) checkBases() error {
	var first *CostPlus
	for i := range s.Sources {
		plus := s.Sources[i].CostPlus
		if plus == nil {
			continue
		}
		if first != nil && first.Over != plus.Over {
			return fmt.Errorf("%w: %s: cost_plus is over the chosen carrier in one deck and over the cheapest in another: use one of them", ErrTariff, s.Name)
		}
		first = plus
	}
	return nil
}

func (c *CostPlus) validate() error {
	switch {
	case c.Percent < 0 || c.Absolute.Sign() < 0 || c.Floor.Sign() < 0 || c.Ceiling.Sign() < 0:
		return errors.New("a margin, floor or ceiling is negative")
	case !c.Ceiling.IsZero() && c.Ceiling.Cmp(c.Floor) < 0:
		return errors.New("the ceiling is below the floor")
	}
	return nil
}

// over returns the carrier's rate with the margin, its fees rounded as the tariff says.
func (c *CostPlus) over(call *Call, rounding Rounding) (Rate, error) {
	cost := call.Chosen
	if c.Over == CheapestCarrier {
		cost = call.Cheapest
	}
	if cost == nil {
		return Rate{}, unratable(NoCost, call, "the price builds on a carrier's cost, and there is none for this call")
	}
	r := *cost
	rate, err := r.PerMinute.MulDiv(wholePercent+c.Percent, wholePercent, money.HalfUp)
	if err == nil {
		rate, err = rate.Add(c.Absolute)
	}
	if err == nil {
		r.ConnectFee, err = c.fee(r.ConnectFee, rounding)
	}
	if err != nil {
		return Rate{}, unratable(OutOfRange, call, "the carrier's cost with the margin is too large")
	}
	if rate.Cmp(c.Floor) < 0 {
		rate = c.Floor
	}
	if !c.Ceiling.IsZero() && rate.Cmp(c.Ceiling) > 0 {
		rate = c.Ceiling
	}
	r.PerMinute, r.AttemptFee, r.MinCharge = rate, money.Amount{}, money.Amount{}
	if r.Increment.IsZero() {
		r.Increment = PerMinuteSteps()
	}
	return r, nil
}

func (c *CostPlus) fee(cost money.Amount, rounding Rounding) (money.Amount, error) {
	v, err := cost.MulDiv(wholePercent+c.Percent, wholePercent, money.HalfUp)
	if err != nil {
		return v, err
	}
	return v.Round(rounding.Scale, rounding.Money)
}
