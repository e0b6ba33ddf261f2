package rerate

import (
	"cmp"
	"maps"
	"slices"

	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating/worker"
)

// Key is a line of what changes.
type Key struct {
	Account     ledger.Account
	Destination string
}

type Line struct {
	Calls         int64
	Before, After money.Amount
}

// Sum sums up what changes.
type Sum struct {
	Lines         map[Key]Line
	Legs, Changed int64
	Failed        []string
	Refused       []error // Why changes would be refused; they are counted all the same.
}

func NewSum() *Sum { return &Sum{Lines: make(map[Key]Line)} }

func (s *Sum) add(account ledger.Account, c *worker.Change) (err error) {
	key := Key{account, c.After.Destination}
	line := s.Lines[key]
	before, after := c.Before.Sale, c.After.Sale
	if account.Kind == ledger.CarrierAccount {
		before, after = c.Before.Cost, c.After.Cost
	}
	line.Calls++
	s.Changed++
	if line.Before, err = line.Before.Add(before); err != nil {
		return err
	}
	line.After, err = line.After.Add(after)
	s.Lines[key] = line
	return err
}

// Sorted are the lines by account and destination.
func (s *Sum) Sorted() []Key {
	return slices.SortedFunc(maps.Keys(s.Lines), func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Account.String(), b.Account.String()), cmp.Compare(a.Destination, b.Destination))
	})
}
