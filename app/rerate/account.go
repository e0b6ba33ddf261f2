package rerate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"trunkline/cdr"
	"trunkline/ledger"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

// repriceMost is how many calls of an account are priced again in one step, at most.
const repriceMost = 1_000_000

// accounts prices the calls of accounts again, one after the other.
func (r *Rerater) accounts(ctx context.Context, accounts []ledger.Account, from, till time.Time, into *sum) error {
	for _, account := range accounts {
		if err := r.account(ctx, account, from, till, into); err != nil {
			return err
		}
	}
	return nil
}

// mayChange looks whether calls that would change are in a closed period or on an invoice, and changes nothing.
func (r *Rerater) mayChange(ctx context.Context, accounts []ledger.Account, from, till time.Time) error {
	into := newSum()
	for _, account := range accounts {
		state, err := r.db.Ledger.State(ctx, account)
		if errors.Is(err, ledger.ErrNoAccount) || err == nil && !from.Before(state.ClosedTill) && account.Kind != ledger.TenantAccount {
			continue
		}
		if err != nil {
			return err
		}
		if err := r.account(ctx, account, from, till, into); err != nil {
			return err
		}
	}
	return errors.Join(into.refused...)
}

// failed notes why a run ended, and returns that. One that was stopped by somebody goes on when it is run again.
func (r *Rerater) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return errors.Join(err, r.Books.FailRerate(ctx, r.job, err.Error()))
}

// account prices the calls of one account again: day by day, or in one step where the order of calls matters.
func (r *Rerater) account(ctx context.Context, account ledger.Account, from, till time.Time, into *sum) error {
	if r.ordered(account) {
		end := r.db.Clock.Now().Add(24 * time.Hour).Truncate(cdr.SlotLength)
		if end.Before(till) {
			end = till
		}
		return r.step(ctx, account, from, end, into)
	}
	for at := from; at.Before(till); at = at.Add(24 * time.Hour) {
		end := at.Add(24 * time.Hour)
		if end.After(till) {
			end = till
		}
		if err := r.step(ctx, account, at, end, into); err != nil {
			return err
		}
	}
	return nil
}

// ordered reports whether one call's price depends on those before it.
func (r *Rerater) ordered(account ledger.Account) bool {
	if account.Kind != ledger.TenantAccount {
		return false
	}
	t, ok := r.Snapshot.Tenant(account.Owner)
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
		if tariff, ok := r.Snapshot.Tariff(id); ok && tariff != nil {
			spec := tariff.Spec()
			if len(spec.Allowances) > 0 || len(spec.Tiers) > 0 {
				return true
			}
		}
	}
	return false
}

// step prices the calls again that count in a window, and brings what changed to the store of calls.
func (r *Rerater) step(ctx context.Context, account ledger.Account, from, till time.Time, into *sum) error {
	filter := clickhouse.Filter{From: from, Till: till, Tenant: account.Owner, Kind: cdr.Ingress}
	if account.Kind == ledger.CarrierAccount {
		filter.Tenant, filter.Carrier, filter.Kind = "", account.Owner, cdr.Egress
	}
	records, err := r.db.Records.InForce(ctx, filter, repriceMost)
	if err != nil {
		return err
	}
	records = slices.DeleteFunc(records, func(rec cdr.Record) bool {
		return r.Deck != "" && rec.Deck != r.Deck || !concerns(&rec, account)
	})
	if len(records) == 0 {
		return nil
	}
	again, err := r.Books.Reprice(ctx, postgres.Reprice{
		Rerate: r.job, Account: account, Records: records, Correct: r.Worker.Correct,
		Again: r.Worker.Again,
	})
	if refused := errors.Is(err, ledger.ErrClosedPeriod) || errors.Is(err, ledger.ErrInvoiced); refused && r.job == 0 {
		into.refused = append(into.refused, err)
	} else if err != nil {
		return err
	}
	into.legs += int64(len(records))
	for i := range again.Changes {
		if err := into.add(account, &again.Changes[i]); err != nil {
			return err
		}
	}
	for _, d := range again.Failed {
		into.failed = append(into.failed, fmt.Sprintf("%s: %s: %s", d.Leg.ID(), d.Reason, d.Detail))
	}
	if r.job == 0 || len(again.Changes) == 0 {
		return nil
	}
	return r.Worker.Recover(ctx)
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
func (r *Rerater) undo(ctx context.Context, id int64, reason, by string) (int, error) {
	all, err := r.Books.Rerates(ctx, id)
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, fmt.Errorf("%w: there is no run %d", postgres.ErrUndo, id)
	}
	job := &all[0]
	batches, err := r.Books.RerateBatches(ctx, id)
	if err != nil {
		return 0, err
	}
	if err := r.mayUndo(ctx, job, batches); err != nil {
		return 0, err
	}
	r.job, err = r.Books.BeginRerate(ctx, postgres.Rerate{
		Scope: "undo " + strconv.FormatInt(id, 10), From: job.From, Till: job.Till, Reason: reason, By: by, Undoes: id,
	})
	if err != nil {
		return 0, err
	}
	for _, batch := range batches {
		if err := r.undoBatch(ctx, batch); err != nil {
			return 0, r.failed(ctx, err)
		}
	}
	return len(batches), r.Books.EndRerate(ctx, r.job)
}

// mayUndo looks whether anything is in the way of one of the batches, and changes nothing.
func (r *Rerater) mayUndo(ctx context.Context, job *postgres.Rerate, batches []int64) error {
	for _, batch := range batches {
		records, err := r.db.Records.OfBatch(ctx, batch)
		if err != nil {
			return err
		}
		if err := r.Books.MayUndo(ctx, job.UndoneBy, records); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rerater) undoBatch(ctx context.Context, batch int64) error {
	records, err := r.db.Records.OfBatch(ctx, batch)
	if err != nil {
		return err
	}
	if err := r.Books.Undo(ctx, r.job, batch, records, r.Worker.Correct); err != nil {
		return err
	}
	return r.Worker.Recover(ctx)
}
