package rating

import (
	"fmt"
	"strconv"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// Fees returns the fees of one billing period, in the tariff's order, waived ones included so that the invoice can say why.
// The period is [from, till). Facts are known up to now: if that is before till, the period is still running and the
// lines are a forecast, in which conditions are judged by what is expected at its end.
func (t *Tariff) Fees(account Account, from, till, now time.Time, facts Facts) ([]FeeLine, error) {
	return FeesOf([]Stay{{Tariff: t, From: time.Unix(-farFuture, 0).UTC(), Till: time.Unix(farFuture, 0).UTC()}}, account, from, till, now, facts)
}

type feeRun struct {
	t      *Tariff
	run    run
	others []run // What is not to be told again, or stays as it was told.
	m      moment
	lines  []FeeLine
}

// presence is the time in which a tenant, or their number, was there.
type presence struct {
	number     string
	from, till time.Time
}

// fee takes a step for the tenant, or for each of their numbers.
func (b *feeRun) fee(f *Fee, step func(*feeRun, *Fee, presence) error) error {
	if f.PerUnit != perNumber {
		return step(b, f, presence{from: b.m.account.Start, till: b.m.account.End})
	}
	for _, n := range b.m.facts.Numbers(b.m.from, b.m.till) {
		if !f.Means(&n) {
			continue
		}
		p := presence{number: n.Number, from: latest(n.From, b.m.account.Start), till: earliest(n.Till, b.m.account.End)}
		if err := step(b, f, p); err != nil {
			return err
		}
	}
	return nil
}

// nextPeriod returns the period after this one: up to the same day of the month after, where this one is from a day of a month to the
// same of the next; else one of the same length.
func (b *feeRun) nextPeriod() (from, till time.Time) {
	begin, end := b.m.zone.date(b.m.from), b.m.zone.date(b.m.till)
	if begin.AddDate(0, 1, 0).Equal(end) {
		return b.m.till, time.Unix(b.m.zone.unix(end.AddDate(0, 1, 0)), 0).UTC()
	}
	return b.m.till, b.m.till.Add(b.m.till.Sub(b.m.from))
}

// line prices one fee for one cycle, as far as it was due in it. Nothing is due for a time in which the tenant, or the number, was not there.
func (b *feeRun) line(f *Fee, p presence, from, till time.Time) error {
	due := cycle{from, till, latest(from, b.run.From), earliest(till, b.run.Till)}
	if f.OneOff {
		due.begin, due.end = from, till
	}
	begin, end := latest(p.from, due.begin), earliest(p.till, due.end)
	if !begin.Before(end) {
		return nil
	}
	l := FeeLine{Fee: f.Name, PerUnit: f.PerUnit, Tariff: b.t.label, Text: f.Text, From: due.begin, Till: due.end, Price: f.Amount}
	if l.Text == "" {
		l.Text = f.Name
	}
	if p.number != "" {
		n, err := e164.Parse(p.number)
		if err != nil {
			return err
		}
		l.Number = n
	}
	if !f.OneOff {
		begin = b.afterTrial(begin, end, &l)
	}
	if l.Begin, l.End = begin, end; f.OneOff {
		l.End = begin
	}
	b.count(f, &l, due)
	if err := b.amount(f, &l, due, begin, end); err != nil {
		return err
	}
	b.waive(f, &l, p.number)
	b.lines = append(b.lines, l)
	return nil
}

// cycle is what a fee is for, and the part of it in which it was due.
type cycle struct{ from, till, begin, end time.Time }

// afterTrial moves the beginning of what is due behind the trial, or waives the line while the trial goes on.
func (b *feeRun) afterTrial(begin, end time.Time, l *FeeLine) time.Time {
	if b.t.spec.Trial == nil {
		return begin
	}
	ended := b.m.account.TrialEnded
	if ended.IsZero() {
		state := b.t.TrialAt(b.m.account, earliest(b.m.now, b.m.till), b.m.facts)
		if state.Active {
			l.Waived, l.Progress = "the trial goes on", state.Progress
		}
		return begin
	}
	if ended.Before(end) {
		return latest(begin, ended)
	}
	l.Waived = "the trial went on until " + ended.UTC().Format(time.DateOnly)
	return begin
}

// count finds the number of units and takes the free ones off.
func (b *feeRun) count(f *Fee, l *FeeLine, due cycle) {
	l.Quantity = 1
	if f.PerUnit != "" && f.PerUnit != perNumber {
		q := FactQuery{Counter: f.PerUnit, From: b.m.from, Till: earliest(b.m.now, b.m.till)}
		if due.from.Equal(b.m.from) { // What was counted while it was due.
			q.From, q.Till = due.begin, latest(due.begin, earliest(b.m.now, due.end))
		}
		units := b.m.facts.Value(q)
		l.Free = min(units, f.Free)
		l.Quantity = ceilDiv(units-l.Free, max(1, f.Unit))
	}
}

// amount multiplies and prorates, with one rounding.
func (b *feeRun) amount(f *Fee, l *FeeLine, due cycle, begin, end time.Time) error {
	l.Cycle = b.days(due.from, due.till)
	l.Days = b.days(due.begin, due.end)
	if f.Prorate && !f.OneOff {
		l.Days = b.days(begin, end)
	}
	v, err := money.MulDiv(l.Price.Micros(), l.Quantity*l.Days, l.Cycle, b.t.spec.Rounding.Money)
	if err != nil {
		return err
	}
	l.Amount, err = money.FromMicros(v).Round(b.t.spec.Rounding.Scale, b.t.spec.Rounding.Money)
	l.Reason = strconv.FormatInt(l.Quantity, 10) + " x " + l.Price.String() + " " + b.t.spec.Currency.String()
	if l.Days != l.Cycle {
		l.Reason += fmt.Sprintf(" for %d of %d days", l.Days, l.Cycle)
	}
	if l.Free > 0 {
		l.Reason += fmt.Sprintf(", %d free", l.Free)
	}
	return err
}

// days are those that a time touches, in the client's time zone.
func (b *feeRun) days(from, till time.Time) int64 {
	return b.m.zone.day(till.Unix()-1) - b.m.zone.day(from.Unix()) + 1
}

// waive applies the conditions, and clears the amount of a line that is not due.
func (b *feeRun) waive(f *Fee, l *FeeLine, number string) {
	m := b.m
	m.number = number
	if f.FreeWhen != nil && l.Waived == "" {
		met, progress := b.judge(f.FreeWhen, &m)
		l.Progress = append(l.Progress, progress...)
		if met {
			l.Waived = b.foreseen() + "free, because " + f.FreeWhen.String()
		} else {
			l.Reason += "; not free, because it is not so that " + f.FreeWhen.String()
		}
	}
	if f.When != nil && l.Waived == "" {
		met, progress := b.judge(f.When, &m)
		l.Progress = append(l.Progress, progress...)
		if !met {
			l.Waived = "only due when " + f.When.String()
		}
	}
	if l.Waived != "" {
		l.Amount = money.Amount{}
	}
}

// foreseen begins the sentence about a waiver of a period that is still running.
func (b *feeRun) foreseen() string {
	if b.m.now.Before(b.m.till) {
		return "if it goes on like this, "
	}
	return ""
}

// judge takes a condition as it stands at the close, and as it is expected while the period runs.
func (b *feeRun) judge(c *Condition, m *moment) (bool, []Progress) {
	now, expected, progress := c.met(m)
	if m.now.Before(m.till) {
		return expected, progress
	}
	return now, progress
}

func latest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.After(a) {
		return b
	}
	return a
}

// earliest returns the earlier of two ends; a zero end is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
