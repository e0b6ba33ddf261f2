package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/cdr"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
)

// Rerate is a pricing again of calls.
type Rerate struct {
	ID         int64
	Scope      string // In words: "all", "tenant beauty".
	From, Till time.Time
	Reason     string
	By         string
	Begun      time.Time
	Done       time.Time // Zero: it failed, was killed on the way, or is going on.
	Undoes     int64     // The pricing that it takes back; 0: none.
	UndoneBy   int64     // The one that takes it back, or has begun to; 0: none that changed anything.
	Legs       int64     // Whose records were changed.
	Failure    string    // Why it ended before its time; empty: it did not fail.
	Undone     bool      // UndoneBy took all of it back.
	WentOn     int64     // A later one over the same calls that was done; 0: none.
}

// ErrUndo is returned, wrapped, for a pricing that cannot be taken back.
var ErrUndo = errors.New("this cannot be undone")

// BeginRerate notes that calls are priced again.
func (b *Books) BeginRerate(ctx context.Context, r Rerate) (int64, error) {
	var undoes *int64
	if r.Undoes != 0 {
		undoes = &r.Undoes
	}
	var id int64
	err := b.db.pool.QueryRow(ctx, `INSERT INTO rerate (scope, from_slot, till_slot, reason, done_by, begun_at, undoes) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (undoes) DO UPDATE SET reason = excluded.reason, failure = '' RETURNING id`,
		r.Scope, r.From, r.Till, r.Reason, r.By, b.clock.Now(), undoes).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("begin to price again: %w", err)
	}
	return id, nil
}

// EndRerate notes that all were priced again.
func (b *Books) EndRerate(ctx context.Context, id int64) error {
	if _, err := b.db.pool.Exec(ctx, `UPDATE rerate SET done_at = $2 WHERE id = $1`, id, b.clock.Now()); err != nil {
		return fmt.Errorf("end of pricing again: %w", err)
	}
	return nil
}

// FailRerate notes why a pricing again ended before its time. What it has changed stays.
func (b *Books) FailRerate(ctx context.Context, id int64, why string) error {
	if _, err := b.db.pool.Exec(ctx, `UPDATE rerate SET failure = $2 WHERE id = $1 AND done_at IS NULL`, id, why); err != nil {
		return fmt.Errorf("end of pricing again: %w", err)
	}
	return nil
}

// Rerates returns what was priced again, the newest first, up to MaxLines; id 0 is all.
func (b *Books) Rerates(ctx context.Context, id int64) ([]Rerate, error) {
	rows, err := b.db.pool.Query(ctx, `SELECT r.id, r.scope, r.from_slot, r.till_slot, r.reason, r.done_by, r.begun_at,
    coalesce(r.done_at, '0001-01-01T00:00:00Z'), coalesce(r.undoes, 0), coalesce(u.id, 0),
    coalesce((SELECT sum(legs) FROM rerate_batch WHERE rerate = r.id), 0), r.failure, u.done_at IS NOT NULL,
    coalesce((SELECT min(n.id) FROM rerate n WHERE n.id > r.id AND n.undoes IS NULL AND n.done_at IS NOT NULL
        AND (n.scope, n.from_slot, n.till_slot) = (r.scope, r.from_slot, r.till_slot)), 0)
FROM rerate r LEFT JOIN rerate u ON u.undoes = r.id AND (u.done_at IS NOT NULL OR EXISTS (SELECT FROM rerate_batch b WHERE b.rerate = u.id))
WHERE $1 = 0 OR r.id = $1 ORDER BY r.id DESC LIMIT $2`, id, MaxLines)
	if err != nil {
		return nil, fmt.Errorf("list what was priced again: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Rerate])
	if err != nil {
		return nil, fmt.Errorf("list what was priced again: %w", err)
	}
	return all, nil
}

// RerateBatches returns the batches of a pricing, the last first.
func (b *Books) RerateBatches(ctx context.Context, id int64) ([]int64, error) {
	rows, err := b.db.pool.Query(ctx, `SELECT batch FROM rerate_batch WHERE rerate = $1 ORDER BY batch DESC`, id)
	if err != nil {
		return nil, fmt.Errorf("batches of %d: %w", id, err)
	}
	batches, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("batches of %d: %w", id, err)
	}
	return batches, nil
}

// Reprice says how the records of one account are priced again.
type Reprice struct {
	Rerate  int64 // What it belongs to; 0 prices and writes nothing.
	Account ledger.Account
	Records []cdr.Record // Those in force, as the store of calls has them.
	Again   func([]worker.Priced, func(tenant, tariff string) rating.Counters) (worker.Again, error)
	Correct func([]worker.Change) (worker.Correction, error)
}

// correctLegs is how many legs one batch of corrections has, at most; each is two records.
const correctLegs = 5000

// Reprice prices records of one account again. Everything that changes is written in one transaction, with the account
// locked, so that allowances are used in one order: all or nothing. Records that are not those in force are
// worker.ErrStale. Changes of records in a closed period are ledger.ErrClosedPeriod, and of those that an invoice stands for
// ledger.ErrInvoiced, where nothing is written, too; what would change is returned with it. A repetition finds nothing to change.
func (b *Books) Reprice(ctx context.Context, r Reprice) (worker.Again, error) {
	var out worker.Again
	p := &posting{books: b, now: b.clock.Now()}
	err := b.db.inTx(ctx, func(tx pgx.Tx) (err error) {
		p.tx = tx
		if r.Rerate != 0 {
			if err := lockAccounts(ctx, tx, []string{r.Account.String()}); err != nil {
				return err
			}
		}
		if err := p.inForce(ctx, r.Records); err != nil {
			return err
		}
		uses, err := p.usesOf(ctx, r.Records)
		if err != nil {
			return err
		}
		priced := make([]worker.Priced, len(r.Records))
		for i := range r.Records {
			l := &r.Records[i]
			priced[i] = worker.Priced{Record: *l, Uses: uses[worker.LegID{Call: l.Call, Seq: l.Seq}]}
		}
		p.counters = counterView{ctx: ctx, tx: tx}
		out, err = r.Again(priced, p.counters.of)
		if err == nil {
			err = p.counters.err
		}
		if err != nil {
			return err
		}
		if err := p.changeable(ctx, out.Changes); err != nil || r.Rerate == 0 {
			return err
		}
		return p.correct(ctx, r.Rerate, out.Changes, r.Correct)
	})
	if err != nil {
		return out, fmt.Errorf("price %d records of %s again: %w", len(r.Records), r.Account, closedError(err))
	}
	return out, nil
}

// correct writes changes, in batches that the store of calls takes at a time.
func (p *posting) correct(ctx context.Context, rerate int64, changes []worker.Change, correct func([]worker.Change) (worker.Correction, error)) error {
	for len(changes) > 0 {
		n := min(correctLegs, len(changes))
		c, err := correct(changes[:n])
		if err != nil {
			return err
		}
		if err := p.writeCorrection(ctx, rerate, changes[:n], &c); err != nil {
			return err
		}
		changes = changes[n:]
	}
	return nil
}

func (p *posting) writeCorrection(ctx context.Context, rerate int64, changes []worker.Change, c *worker.Correction) error {
	if err := p.writeBatch(ctx, &worker.Outcome{Records: c.Records}); err != nil {
		return err
	}
	if _, err := p.tx.Exec(ctx, `INSERT INTO rerate_batch (rerate, batch, legs) VALUES ($1, $2, $3)`, rerate, p.batch.ID, len(changes)); err != nil {
		return fmt.Errorf("note batch: %w", err)
	}
	if err := p.moveVersions(ctx, changes); err != nil {
		return err
	}
	if err := p.writeUses(ctx, c.Uses); err != nil {
		return err
	}
	if err := p.correctLimits(ctx, c.Limits); err != nil {
		return err
	}
	if err := ensureAccounts(ctx, p.tx, sides(c.Postings), p.now); err != nil {
		return err
	}
	return postUsage(ctx, p.tx, c.Postings, p.batch.ID, p.now)
}
