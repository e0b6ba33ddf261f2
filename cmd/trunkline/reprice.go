package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating/worker"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

// repriceMost is how many calls of an account are priced again in one step, at most.
const repriceMost = 1_000_000

// accounts prices the calls of accounts again, one after the other.
func (r *repricer) accounts(ctx context.Context, accounts []ledger.Account, from, till time.Time, sum *rerateSum) error {
	for _, account := range accounts {
		if err := r.account(ctx, account, from, till, sum); err != nil {
			return err
		}
	}
	return nil
}

// mayChange looks whether calls that would change are in a closed period or on an invoice, and changes nothing.
func (r *repricer) mayChange(ctx context.Context, accounts []ledger.Account, from, till time.Time) error {
	sum := newRerateSum()
	for _, account := range accounts {
		state, err := r.db.ledger.State(ctx, account)
		if errors.Is(err, ledger.ErrNoAccount) || err == nil && !from.Before(state.ClosedTill) && account.Kind != ledger.TenantAccount {
			continue
		}
		if err != nil {
			return err
		}
		if err := r.account(ctx, account, from, till, sum); err != nil {
			return err
		}
	}
	return errors.Join(sum.refused...)
}

// failed notes why a run ended, and returns that. One that was stopped by somebody goes on when it is run again.
func (r *repricer) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return errors.Join(err, r.books.FailRerate(ctx, r.job, err.Error()))
}

// account prices the calls of one account again: day by day, or in one step where the order of calls matters.
func (r *repricer) account(ctx context.Context, account ledger.Account, from, till time.Time, sum *rerateSum) error {
	if r.ordered(account) {
		end := clock.System{}.Now().Add(24 * time.Hour).Truncate(cdr.SlotLength)
		if end.Before(till) {
			end = till
		}
		return r.step(ctx, account, from, end, sum)
	}
	for at := from; at.Before(till); at = at.Add(24 * time.Hour) {
		end := at.Add(24 * time.Hour)
		if end.After(till) {
			end = till
		}
		if err := r.step(ctx, account, at, end, sum); err != nil {
			return err
		}
	}
	return nil
}

// ordered reports whether one call's price depends on those before it.
func (r *repricer) ordered(account ledger.Account) bool {
	if account.Kind != ledger.TenantAccount {
		return false
	}
	t, ok := r.snapshot.Tenant(account.Owner)
	if !ok {
		return false
	}
	tariffs := map[string]bool{t.Tariff: true}
	for i := range t.Branches {
		b := &t.Branches[i]
		tariffs[b.Tariff] = true
		for j := range b.Extensions {
			tariffs[b.Extensions[j].Tariff] = true
		}
	}
	for id := range tariffs {
		if tariff, ok := r.snapshot.Tariff(id); ok && tariff != nil {
			spec := tariff.Spec()
			if len(spec.Allowances) > 0 || len(spec.Tiers) > 0 {
				return true
			}
		}
	}
	return false
}

// step prices the calls again that count in a window, and brings what changed to the store of calls.
func (r *repricer) step(ctx context.Context, account ledger.Account, from, till time.Time, sum *rerateSum) error {
	filter := clickhouse.Filter{From: from, Till: till, Tenant: account.Owner, Kind: cdr.Ingress}
	if account.Kind == ledger.CarrierAccount {
		filter.Tenant, filter.Carrier, filter.Kind = "", account.Owner, cdr.Egress
	}
	records, err := r.db.records.InForce(ctx, filter, repriceMost)
	if err != nil {
		return err
	}
	records = slices.DeleteFunc(records, func(rec cdr.Record) bool {
		return r.deck != "" && rec.Deck != r.deck || !concerns(&rec, account)
	})
	if len(records) == 0 {
		return nil
	}
	again, err := r.books.Reprice(ctx, postgres.Reprice{
		Rerate: r.job, Account: account, Records: records, Correct: r.worker.Correct,
		Again: r.worker.Again,
	})
	if refused := errors.Is(err, ledger.ErrClosedPeriod) || errors.Is(err, ledger.ErrInvoiced); refused && r.job == 0 {
		sum.refused = append(sum.refused, err)
	} else if err != nil {
		return err
	}
	sum.legs += int64(len(records))
	for i := range again.Changes {
		if err := sum.add(account, &again.Changes[i]); err != nil {
			return err
		}
	}
	for _, d := range again.Failed {
		sum.failed = append(sum.failed, fmt.Sprintf("%s: %s: %s", d.Leg.ID(), d.Reason, d.Detail))
	}
	if r.job == 0 || len(again.Changes) == 0 {
		return nil
	}
	return r.worker.Recover(ctx)
}

// concerns reports whether a record is in the currency of an account, or in none.
func concerns(r *cdr.Record, a ledger.Account) bool {
	c := r.SaleCurrency
	if a.Kind == ledger.CarrierAccount {
		c = r.CostCurrency
	}
	return c.IsZero() || c == a.Currency
}

// undo takes a run back, its last batch first.
func (r *repricer) undo(ctx context.Context, id int64, reason string) (int, error) {
	all, err := r.books.Rerates(ctx, id)
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, fmt.Errorf("%w: there is no run %d", postgres.ErrUndo, id)
	}
	job := &all[0]
	batches, err := r.books.RerateBatches(ctx, id)
	if err != nil {
		return 0, err
	}
	if err := r.mayUndo(ctx, job, batches); err != nil {
		return 0, err
	}
	r.job, err = r.books.BeginRerate(ctx, postgres.Rerate{
		Scope: "undo " + strconv.FormatInt(id, 10), From: job.From, Till: job.Till, Reason: reason, By: operator(), Undoes: id,
	})
	if err != nil {
		return 0, err
	}
	for _, batch := range batches {
		if err := r.undoBatch(ctx, batch); err != nil {
			return 0, r.failed(ctx, err)
		}
	}
	return len(batches), r.books.EndRerate(ctx, r.job)
}

// mayUndo looks whether anything is in the way of one of the batches, and changes nothing.
func (r *repricer) mayUndo(ctx context.Context, job *postgres.Rerate, batches []int64) error {
	for _, batch := range batches {
		records, err := r.db.records.OfBatch(ctx, batch)
		if err != nil {
			return err
		}
		if err := r.books.MayUndo(ctx, job.UndoneBy, records); err != nil {
			return err
		}
	}
	return nil
}

func (r *repricer) undoBatch(ctx context.Context, batch int64) error {
	records, err := r.db.records.OfBatch(ctx, batch)
	if err != nil {
		return err
	}
	if err := r.books.Undo(ctx, r.job, batch, records, r.worker.Correct); err != nil {
		return err
	}
	return r.worker.Recover(ctx)
}

func sortedAccounts(accounts map[ledger.Account]*time.Location) []ledger.Account {
	return slices.SortedFunc(maps.Keys(accounts), func(a, b ledger.Account) int { return cmp.Compare(a.String(), b.String()) })
}

// rerateKey is a line of what changes.
type rerateKey struct {
	account     ledger.Account
	destination string
}

type rerateLine struct {
	calls         int64
	before, after money.Amount
}

// rerateSum sums up what changes.
type rerateSum struct {
	lines         map[rerateKey]rerateLine
	legs, changed int64
	failed        []string
	refused       []error // Why changes would be refused; they are counted all the same.
}

func newRerateSum() *rerateSum { return &rerateSum{lines: make(map[rerateKey]rerateLine)} }

func (s *rerateSum) add(account ledger.Account, c *worker.Change) (err error) {
	key := rerateKey{account, c.After.Destination}
	line := s.lines[key]
	before, after := c.Before.Sale, c.After.Sale
	if account.Kind == ledger.CarrierAccount {
		before, after = c.Before.Cost, c.After.Cost
	}
	line.calls++
	s.changed++
	if line.before, err = line.before.Add(before); err != nil {
		return err
	}
	line.after, err = line.after.Add(after)
	s.lines[key] = line
	return err
}

func (s *rerateSum) table() (*table, error) {
	t := &table{columns: []string{"account", "destination", "calls", "before", "after", "difference"}, of: "lines"}
	keys := slices.SortedFunc(maps.Keys(s.lines), func(a, b rerateKey) int {
		return cmp.Or(cmp.Compare(a.account.String(), b.account.String()), cmp.Compare(a.destination, b.destination))
	})
	for _, k := range keys {
		l := s.lines[k]
		difference, err := l.after.Sub(l.before)
		if err != nil {
			return nil, err
		}
		t.add(k.account.String(), k.destination, strconv.FormatInt(l.calls, 10), l.before.String(), l.after.String(), difference.String())
	}
	return t, nil
}
