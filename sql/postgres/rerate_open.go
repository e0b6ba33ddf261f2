package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/cdr"
	"trunkline/ledger"
	"trunkline/rating/worker"
)

// changeable refuses changes of records that count in a time which is closed, or which an invoice stands for: neither sums nor
// classes of calls move away from a document that was issued.
func (p *posting) changeable(ctx context.Context, changes []worker.Change) error {
	slots := make(map[ledger.Account]map[time.Time]int)
	for i := range changes {
		for _, r := range []*cdr.Record{&changes[i].Before.Record, &changes[i].After.Record} {
			for _, account := range sidesOf(r) {
				if slots[account] == nil {
					slots[account] = make(map[time.Time]int)
				}
				slots[account][r.Slot]++
			}
		}
	}
	var refused error
	for account, at := range slots {
		err := p.isOpen(ctx, account, at)
		if err != nil && !errors.Is(err, ledger.ErrClosedPeriod) && !errors.Is(err, ledger.ErrInvoiced) {
			return err
		}
		refused = errors.Join(refused, err)
	}
	return refused
}

// sidesOf are the accounts that a record counts on. A record that costs nothing has no currency, and counts on none.
func sidesOf(r *cdr.Record) (out []ledger.Account) {
	if !r.SaleCurrency.IsZero() {
		out = append(out, ledger.Tenant(r.Tenant, r.SaleCurrency))
	}
	if !r.CostCurrency.IsZero() {
		out = append(out, ledger.Carrier(r.Carrier, r.CostCurrency))
	}
	return out
}

// isOpen reports whether the times of an account may change.
func (p *posting) isOpen(ctx context.Context, account ledger.Account, slots map[time.Time]int) error {
	var closed time.Time
	err := p.tx.QueryRow(ctx, `SELECT closed_till FROM account WHERE id = $1`, account.String()).Scan(&closed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("closed periods of %s: %w", account, err)
	}
	records := 0
	for at, n := range slots {
		if at.Before(closed) {
			records += n
		}
	}
	if records > 0 {
		return fmt.Errorf("%w: the books of %s are closed till %s, and %d records that would change count before it", ledger.ErrClosedPeriod,
			account, closed.UTC().Format(time.RFC3339), records)
	}
	if account.Kind != ledger.TenantAccount {
		return nil
	}
	var number string
	err = p.tx.QueryRow(ctx, `SELECT number FROM invoice_standing i WHERE tenant = $1 AND currency = $2
		AND EXISTS (SELECT FROM unnest($3::timestamptz[]) AS slot WHERE slot >= i.period_from AND slot < i.period_till) ORDER BY id LIMIT 1`,
		account.Owner, account.Currency.String(), slices.Collect(maps.Keys(slots))).Scan(&number)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("invoices of %s: %w", account, err)
	}
	return fmt.Errorf("%w: %s of %s", ledger.ErrInvoiced, number, account)
}

// MayUndo refuses what Undo would refuse of a batch, and changes nothing: so a pricing is taken back as a whole or not at all.
func (b *Books) MayUndo(ctx context.Context, undo int64, records []cdr.Record) error {
	err := b.db.inTx(ctx, func(tx pgx.Tx) error {
		p := &posting{books: b, now: b.clock.Now(), tx: tx}
		changes, err := reversed(records)
		if err != nil {
			return err
		}
		if done, err := p.undone(ctx, undo, changes); done || err != nil {
			return err
		}
		before := make([]cdr.Record, 0, len(changes))
		for i := range changes {
			before = append(before, changes[i].Before.Record)
		}
		if err := p.inForce(ctx, before); err != nil {
			return err
		}
		return p.changeable(ctx, changes)
	})
	if err != nil {
		return fmt.Errorf("undo: %w", err)
	}
	return nil
}
