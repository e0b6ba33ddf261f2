package invoice

import (
	"context"
	"time"

	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/reports"
)

// Detail is one call or one branch's share of a fee behind the expense report.
type Detail struct {
	Column      reports.Column `json:"column"`
	Branch      string         `json:"branch"`
	At          time.Time      `json:"at"` // Of a call its beginning; of a fee that of the time that it pays for. In the period's time zone.
	Call        string         `json:"call,omitempty"`
	Extension   string         `json:"extension,omitempty"`
	Text        string         `json:"text"` // The number called, or the fee.
	Destination string         `json:"destination,omitempty"`
	Seconds     int64          `json:"billed_seconds,omitempty"`
	Amount      money.Amount   `json:"amount"`
}

// DetailFilter says which are wanted; empty conditions are none.
type DetailFilter struct {
	Branch string
	Column reports.Column
}

func (f DetailFilter) wants(d *Detail) bool {
	return (f.Branch == "" || f.Branch == d.Branch) && (f.Column == "" || f.Column == d.Column)
}

// CallSource gives the calls of a tenant in a time, ingress legs that do not stay in the house, one by one.
type CallSource func(tenant string, from, till time.Time) Calls

// Detail tells every call and fee that an expense report is made of: their amounts add up to its total, to the last place.
func (c *Closer) Detail(ctx context.Context, tenant, period string, filter DetailFilter, source CallSource, tell func(*Detail) error) error {
	d, err := c.Draft(ctx, tenant, period)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(d.Period.Zone)
	if err != nil {
		return err
	}
	jobs, err := c.plan(ctx, Request{Period: period, Tenant: []string{tenant}, peek: true})
	if err != nil {
		return err
	}
	homes := c.homesOf(jobs)
	for r, err := range source(tenant, d.Period.From, d.Period.Till) {
		if err != nil {
			return err
		}
		called := r.To.Digits()
		if r.Direction == calls.Internal {
			called = ""
		}
		one := &Detail{
			Column: reports.Classify(homes[reports.HomeKey{Tenant: tenant, Branch: r.Branch}], r.Direction != calls.Inbound, called, r.Destination).Column(), Branch: r.Branch, At: r.Setup.In(zone),
			Call: r.Call.String(), Extension: r.Extension, Text: r.To.String(), Destination: r.Destination, Seconds: r.Billed * int64(r.Sign), Amount: signed(r),
		}
		if filter.wants(one) {
			if err := tell(one); err != nil {
				return err
			}
		}
	}
	return tellFees(d, zone, filter, tell)
}

func tellFees(d *Document, zone *time.Location, filter DetailFilter, tell func(*Detail) error) error {
	for i := range d.Lines {
		l := &d.Lines[i]
		if l.Kind == UsageLine {
			continue
		}
		for _, s := range l.Shares {
			text := l.Text
			if l.Number != "" {
				text += " " + l.Number
			}
			at := l.From
			if at.IsZero() {
				at = d.Period.From
			}
			one := &Detail{Column: l.Column, Branch: s.Branch, At: at.In(zone), Text: text, Amount: s.Amount}
			if !filter.wants(one) || one.Amount.IsZero() {
				continue
			}
			if err := tell(one); err != nil {
				return err
			}
		}
	}
	return nil
}
