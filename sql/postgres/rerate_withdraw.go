package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"trunkline/cdr"
	"trunkline/rating/worker"
)

// Withdraw reverses records without putting others in their place: their money, and what they used of allowances and limits, is
// given back. The batches belong to a taking back that has begun. Records that are not those in force are worker.ErrStale;
// those of a closed period ledger.ErrClosedPeriod, and those that an invoice stands for ledger.ErrInvoiced. All or nothing.
func (b *Books) Withdraw(ctx context.Context, undo int64, records []cdr.Record, correct func([]worker.Change) (worker.Correction, error)) error {
	p := &posting{books: b, now: b.clock.Now()}
	err := b.db.inTx(ctx, func(tx pgx.Tx) error {
		p.tx = tx
		if err := lockOwners(ctx, tx, records); err != nil {
			return err
		}
		changes, err := p.withdrawable(ctx, records)
		if err != nil {
			return err
		}
		return p.correct(ctx, undo, changes, correct)
	})
	if err != nil {
		return fmt.Errorf("take %d records back: %w", len(records), closedError(err))
	}
	return nil
}

// MayWithdraw refuses what Withdraw would refuse, and changes nothing: so calls are taken back as a whole or not at all.
func (b *Books) MayWithdraw(ctx context.Context, records []cdr.Record) error {
	err := b.db.inTx(ctx, func(tx pgx.Tx) error {
		p := &posting{books: b, now: b.clock.Now(), tx: tx}
		_, err := p.withdrawable(ctx, records)
		return err
	})
	if err != nil {
		return fmt.Errorf("take %d records back: %w", len(records), err)
	}
	return nil
}

// withdrawable are the changes that take records back, if nothing is in the way.
func (p *posting) withdrawable(ctx context.Context, records []cdr.Record) ([]worker.Change, error) {
	if err := p.inForce(ctx, records); err != nil {
		return nil, err
	}
	uses, err := p.usesOf(ctx, records)
	if err != nil {
		return nil, err
	}
	changes := make([]worker.Change, len(records))
	for i := range records {
		r := &records[i]
		changes[i].Before = worker.Priced{Record: *r, Uses: uses[worker.LegID{Call: r.Call, Seq: r.Seq}]}
	}
	return changes, p.changeable(ctx, changes)
}
