package rating

import (
	"errors"
	"fmt"
	"time"

	"trunkline/internal/money"
)

// MaxRollOver is the largest number of cycles that an unused grant can outlive its own.
const MaxRollOver = 24

// Allowance is a bundle that pays for calls: so many seconds, calls or so much money in every cycle. Each cycle's grant has
// a counter of its own; a rolled-over grant is one that may still be used in later cycles, and the oldest is used first.
type Allowance struct {
	Name     string
	Measure  Measure // Seconds, Calls or Money.
	Amount   int64   // In the measure: seconds, calls, millionths.
	Per      Scope
	Match    Match
	Cycle    Cycle
	Prorate  bool // The first grant of a tenant who came within a cycle is by the days that are left of it.
	RollOver int  // So many further cycles in which an unused grant may be used.
	// ValidDays is the number of days since the tenant's start for which it can be used; 0: no end.
	ValidDays         int
	From, Till        time.Time // It can be used in this time only; zero: unbounded.
	ChargesConnectFee bool      // The connect fee is due even for a call that begins inside the bundle.
}

func (a *Allowance) validate() error {
	switch {
	case a.Measure != Seconds && a.Measure != Calls && a.Measure != Money:
		return fmt.Errorf("an allowance of %s: want seconds, calls or money", a.Measure)
	case a.Amount < 0:
		return errors.New("a negative allowance")
	case a.RollOver < 0 || a.RollOver > MaxRollOver:
		return fmt.Errorf("roll-over of %d cycles: want 0 to %d", a.RollOver, MaxRollOver)
	case a.ValidDays < 0:
		return errors.New("valid_days is negative")
	}
	return nil
}

// usable reports whether the bundle exists at the moment of the call and is for calls like it.
func (a *Allowance) usable(call *Call, destination string, number uint64) bool {
	if !a.From.IsZero() && call.Connect.Before(a.From) || !a.Till.IsZero() && !call.Connect.Before(a.Till) {
		return false
	}
	if a.ValidDays > 0 && !call.Since.IsZero() && !call.Connect.Before(call.Since.Add(time.Duration(a.ValidDays)*24*time.Hour)) {
		return false
	}
	return a.Match.matches(call, destination, number)
}

// grant is one cycle's share of an allowance.
type grant struct {
	counter Counter
	amount  int64
}

// grants returns the grants that a call may draw from, the oldest first.
func (a *Allowance) grants(call *Call, z *zone) []grant {
	out := make([]grant, a.RollOver+1)
	at := call.Connect.Unix()
	for i := a.RollOver; i >= 0; i-- {
		start, end := a.Cycle.bounds(z, at)
		out[i] = grant{
			counter: Counter{Name: a.Name, Measure: a.Measure, Scope: a.Per, Owner: a.Per.owner(call), Start: start},
			amount:  a.granted(call, z, start, end),
		}
		if a.Cycle == Once {
			return out[i:]
		}
		at = start - 1
	}
	return out
}

// granted returns what a cycle grants: nothing before the tenant came, a share by days in the cycle in which they came.
func (a *Allowance) granted(call *Call, z *zone, start, end int64) int64 {
	if call.Since.IsZero() || call.Since.Unix() <= start || a.Cycle == Once {
		return a.Amount
	}
	since := call.Since.Unix()
	if since >= end {
		return 0
	}
	if !a.Prorate {
		return a.Amount
	}
	days := z.day(end-1) - z.day(start) + 1
	left := z.day(end-1) - z.day(since) + 1
	share, err := money.MulDiv(a.Amount, left, days, money.HalfUp)
	if err != nil {
		return 0
	}
	return share
}

// day returns the number of the local day around a moment.
func (z *zone) day(at int64) int64 {
	offset, _ := z.offset(at)
	return floorDiv(at+offset, secondsPerDay)
}

// Balance is how much of an allowance is left.
type Balance struct {
	Allowance string
	Measure   Measure
	Granted   int64
	Used      int64
	Left      int64
}

// Balances returns what the owner of the call's extension, branch and tenant has left at the call's moment, for display.
func (t *Tariff) Balances(call Call, counters Counters) []Balance {
	out := make([]Balance, 0, len(t.spec.Allowances))
	for i := range t.spec.Allowances {
		a := &t.spec.Allowances[i]
		b := Balance{Allowance: a.Name, Measure: a.Measure}
		for _, g := range a.grants(&call, &t.spec.Calendar.zone) {
			used := min(counters.Used(g.counter), g.amount)
			b.Granted += g.amount
			b.Used += used
			b.Left += g.amount - used
		}
		out = append(out, b)
	}
	return out
}
