package memory

import (
	"context"
	"sync"
	"time"

	"trunkline/cdr"
	"trunkline/internal/money"
	"trunkline/ledger"
)

// Calls is the store of rated legs: it takes every token once. It is safe for concurrent use.
type Calls struct {
	mu      sync.Mutex
	records []cdr.Record
	aside   []cdr.Record // Of batches that the ledger does not know.
	tokens  map[string]bool
	forget  bool
}

// NewCalls returns an empty store.
func NewCalls() *Calls { return &Calls{tokens: make(map[string]bool)} }

// Forget makes the store take a token every time: a fault that a simulation has to find.
func (c *Calls) Forget() { c.forget = true }

// WriteRecords implements worker.Calls.
func (c *Calls) WriteRecords(_ context.Context, token string, records []cdr.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens[token] && !c.forget {
		return nil
	}
	c.tokens[token] = true
	c.records = append(c.records, records...)
	return nil
}

// Records returns all of them.
func (c *Calls) Records() []cdr.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]cdr.Record(nil), c.records...)
}

// UsageSums implements ledger.UsageSums.
func (c *Calls) UsageSums(_ context.Context, from, till time.Time) ([]ledger.UsageSum, error) {
	sums := make(map[ledger.Account]ledger.UsageSum)
	for _, r := range c.Records() {
		if r.Slot.Before(from) || !r.Slot.Before(till) {
			continue
		}
		for _, side := range []struct {
			account ledger.Account
			none    bool
			amount  int64
		}{
			{ledger.Tenant(r.Tenant, r.SaleCurrency), r.SaleCurrency.IsZero(), r.Sale.Micros()},
			{ledger.Carrier(r.Carrier, r.CostCurrency), r.CostCurrency.IsZero(), r.Cost.Micros()},
		} {
			if side.none {
				continue
			}
			sum := sums[side.account]
			sum.Account = side.account
			var err error
			if sum.Amount, err = addSigned(sum.Amount, side.amount, r.Sign); err != nil {
				return nil, err
			}
			sum.Legs += int64(r.Sign)
			sums[side.account] = sum
		}
	}
	return sorted(sums), nil
}

func addSigned(sum money.Amount, micros int64, sign int8) (money.Amount, error) {
	if sign < 0 {
		micros = -micros
	}
	return sum.Add(money.FromMicros(micros))
}
