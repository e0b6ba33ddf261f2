package rerate

import (
	"cmp"
	"maps"
	"slices"

	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating/worker"
)

// key is a line of what changes.
type key struct {
	account     ledger.Account
	destination string
}

type line struct {
	calls         int64
	before, after money.Amount
}

// sum sums up what changes.
type sum struct {
	lines         map[key]line
	legs, changed int64
	failed        []string
	refused       []error // Why changes would be refused; they are counted all the same.
}

func newSum() *sum { return &sum{lines: make(map[key]line)} }

func (s *sum) add(account ledger.Account, c *worker.Change) (err error) {
	k := key{account, c.After.Destination}
	l := s.lines[k]
	before, after := c.Before.Sale, c.After.Sale
	if account.Kind == ledger.CarrierAccount {
		before, after = c.Before.Cost, c.After.Cost
	}
	l.calls++
	s.changed++
	if l.before, err = l.before.Add(before); err != nil {
		return err
	}
	l.after, err = l.after.Add(after)
	s.lines[k] = l
	return err
}

// report is the sum by account and destination.
func (s *sum) report(run int64) (console.RerateReport, error) {
	r := console.RerateReport{Run: run, Legs: s.legs, Changed: s.changed, Failed: s.failed, Refused: s.refused}
	keys := slices.SortedFunc(maps.Keys(s.lines), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.account.String(), b.account.String()), cmp.Compare(a.destination, b.destination))
	})
	for _, k := range keys {
		l := s.lines[k]
		difference, err := l.after.Sub(l.before)
		if err != nil {
			return r, err
		}
		r.Lines = append(r.Lines, console.RerateLine{
			Account: k.account, Destination: k.destination, Calls: l.calls, Before: l.before, After: l.after, Difference: difference,
		})
	}
	return r, nil
}
