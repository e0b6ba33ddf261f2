package invoice

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/reports"
)

// Discount takes a part off what a client is charged, for a time: a promotion, or what was agreed with them.
type Discount struct {
	Name    string `json:"name" yaml:"name"` // The line of the invoice.
	Percent string `json:"percent" yaml:"percent"`
	// Of is what it is taken off: usage, fees, all, or the name of a fee; empty: all. Charges by hand are no part of it.
	Of    string `json:"of,omitempty" yaml:"of,omitempty"`
	From  string `json:"effective_from,omitempty" yaml:"effective_from,omitempty"` // The first day, in the client's calendar; empty: always.
	Until string `json:"effective_to,omitempty" yaml:"effective_to,omitempty"`     // The first day on which it is over; empty: it goes on.
}

// hundredths reads the percentage in hundredths of a percent.
func (c *Discount) hundredths() (int64, error) {
	p, err := decimal.NewFromString(c.Percent)
	const whole = 100
	if err != nil || !p.IsPositive() || p.GreaterThan(decimal.NewFromInt(whole)) || !p.Shift(2).IsInteger() {
		return 0, fmt.Errorf("percent %q: want a decimal above 0 and up to 100, with two places at most", c.Percent)
	}
	return p.Shift(2).IntPart(), nil
}

// check reports what makes the discount unusable.
func (c *Discount) check() error {
	if c.Name == "" {
		return errors.New("name: it has none")
	}
	for _, day := range []string{c.From, c.Until} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return fmt.Errorf("%q is no day: want such as 2026-11-17", day)
		}
	}
	if c.From != "" && c.Until != "" && c.From >= c.Until {
		return fmt.Errorf("it ends on %s, before it begins", c.Until)
	}
	_, err := c.hundredths()
	return err
}

// is reports whether the discount is taken off a line.
func (c *Discount) is(l *Line) bool {
	switch c.Of {
	case "", "all":
		return l.Kind == UsageLine || l.fee != "charge"
	case "usage":
		return l.Kind == UsageLine
	case "fees":
		return l.Kind == FeeLine && l.fee != "charge"
	}
	return l.Kind == FeeLine && l.fee == c.Of
}

// discountLines takes the client's discounts off, each from what is charged for the days that it holds for; of what is given back, such as a
// fee in advance, its discount is taken back. What is taxed apart is discounted apart.
func (d *drafter) discountLines() error {
	charged := slices.Clone(d.doc.Lines)
	for i := range d.profile.Discounts {
		c := &d.profile.Discounts[i]
		off, err := c.hundredths()
		if err != nil {
			return err
		}
		var made []Line
		for k := range charged {
			if l := &charged[k]; c.is(l) {
				if made, err = d.takeOff(made, c, l, off); err != nil {
					return err
				}
			}
		}
		for k := range made {
			price := made[k].Amount
			made[k].Price = &price
			made[k].Key = "discount/" + strconv.Itoa(i+1) + "/" + strconv.Itoa(k+1)
			if made[k].Shares, err = d.spread(made[k].Amount, made[k].Shares); err != nil {
				return err
			}
			d.add(made[k])
		}
	}
	return nil
}

// takeOff adds what is taken off one line to the line of the discount.
func (d *drafter) takeOff(made []Line, c *Discount, l *Line, off int64) ([]Line, error) {
	from, till := l.From, l.Till
	if c.From != "" {
		from = clock.Later(from, d.midnightOf(c.From))
	}
	if c.Until != "" {
		till = clock.Earlier(till, d.midnightOf(c.Until))
	}
	if !from.Before(till) {
		return made, nil
	}
	days, all := daysOf(from, till, d.zone), daysOf(l.From, l.Till, d.zone)
	const whole = 100_00
	amount, err := l.Amount.MulDiv(off*days, whole*all, money.HalfUp)
	if err != nil {
		return made, err
	}
	if amount, err = amount.Round(d.scale, money.HalfUp); err != nil || amount.IsZero() {
		return made, err
	}
	fee := l.fee
	if l.Kind == UsageLine {
		fee = "usage"
	}
	at := slices.IndexFunc(made, func(m Line) bool { return m.fee == fee && m.From.Equal(from) && m.Till.Equal(till) })
	if at < 0 {
		at = len(made)
		made = append(made, Line{Kind: FeeLine, Column: reports.ColumnShared, Text: c.Name, From: from, Till: till, Quantity: 1, fee: fee, served: served{from, till}})
	}
	m := &made[at]
	if m.Amount, err = m.Amount.Sub(amount); err != nil {
		return made, err
	}
	for _, s := range l.Shares {
		if m.Shares, err = addShare(m.Shares, s); err != nil {
			return made, err
		}
	}
	m.Reason = c.Percent + " % off"
	if days != all {
		m.Reason += fmt.Sprintf(", for %d of %d days", days, all)
	}
	return made, nil
}

// spread shares an amount out as another was shared out.
func (d *drafter) spread(amount money.Amount, like []reports.BranchShare) ([]reports.BranchShare, error) {
	weights := make([]reports.BranchWeight, 0, len(like))
	for _, s := range like {
		weights = append(weights, reports.BranchWeight{Branch: s.Branch, Seconds: max(s.Amount.Micros(), -s.Amount.Micros())})
	}
	return reports.Allocate(amount, reports.ByMinutes, weights, d.shareScale(amount))
}

// midnightOf is the beginning of a day, which was checked, in the period's time zone.
func (d *drafter) midnightOf(day string) time.Time {
	at, _ := time.Parse(time.DateOnly, day)
	return clock.Midnight(at.Year(), at.Month(), at.Day(), d.zone)
}
