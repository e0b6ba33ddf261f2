package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/cdr"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
)

// Identity returns the id of this ledger, which it has from the first migration on, through backups and restores.
func (b *Books) Identity(ctx context.Context) (string, error) {
	var id string
	if err := b.db.pool.QueryRow(ctx, `SELECT id::text FROM ledger_identity`).Scan(&id); err != nil {
		return "", fmt.Errorf("identity of the ledger: %w", err)
	}
	return id, nil
}

// Batches returns what the ledger has of the batches after an id, in order, up to a number.
func (b *Books) Batches(ctx context.Context, after int64, limit int) ([]repair.Batch, error) {
	rows, err := b.db.pool.Query(ctx, `SELECT id, key, records, stored_at IS NOT NULL, blob IS NOT NULL, source, made_at FROM batch `+
		`WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("batches: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[repair.Batch])
	if err != nil {
		return nil, fmt.Errorf("batches: %w", err)
	}
	return out, nil
}

// LastBatch returns the highest id of a batch; 0: there is none.
func (b *Books) LastBatch(ctx context.Context) (int64, error) {
	var id int64
	if err := b.db.pool.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM batch`).Scan(&id); err != nil {
		return 0, fmt.Errorf("last batch: %w", err)
	}
	return id, nil
}

// Packed returns the records of a batch, if they are still kept.
func (b *Books) Packed(ctx context.Context, id int64) (worker.Batch, error) {
	batch := worker.Batch{ID: id}
	var blob []byte
	err := b.db.pool.QueryRow(ctx, `SELECT key, blob FROM batch WHERE id = $1`, id).Scan(&batch.Key, &blob)
	if err == nil && blob == nil {
		err = repair.ErrNotKept
	}
	if err == nil {
		batch.Records, err = unpackRecords(blob, id, batch.Key)
	}
	if err != nil {
		return batch, fmt.Errorf("packed records of batch %d: %w", id, err)
	}
	return batch, nil
}

// forgetBatches is how many batches lose their packed records in one statement.
const forgetBatches = 2000

// ForgetPacked removes the packed records of batches that were stored before a time, some at a time, and returns how many
// that were: repeat it until it is none.
func (b *Books) ForgetPacked(ctx context.Context, before time.Time) (int64, error) {
	tag, err := b.db.pool.Exec(ctx, `UPDATE batch SET blob = NULL WHERE id IN (SELECT id FROM batch `+
		`WHERE blob IS NOT NULL AND stored_at IS NOT NULL AND stored_at < $1 ORDER BY stored_at LIMIT $2)`, before, forgetBatches)
	if err != nil {
		return 0, fmt.Errorf("forget packed records: %w", err)
	}
	return tag.RowsAffected(), nil
}

// SkipTo makes the ids of new batches higher than one that another history has used.
func (b *Books) SkipTo(ctx context.Context, id int64) error {
	_, err := b.db.pool.Exec(ctx, `SELECT setval(pg_get_serial_sequence('batch', 'id'), $1) FROM pg_sequences `+
		`WHERE schemaname = current_schema() AND sequencename = 'batch_id_seq' AND coalesce(last_value, 0) < $1`, id)
	if err != nil {
		return fmt.Errorf("skip batches up to %d: %w", id, err)
	}
	return nil
}

// Bring accounts for legs that another history had accounted for and this one does not know. Those that it knows are passed
// over. It may be repeated.
func (b *Books) Bring(ctx context.Context, legs []cdr.Leg, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	return b.Post(ctx, &worker.Delivery{Source: "repair", Legs: legs}, rate)
}

// Span returns where in the stream the legs of a batch came from, and what it posted.
func (b *Books) Span(ctx context.Context, id int64) (repair.Span, error) {
	var s repair.Span
	err := b.db.pool.QueryRow(ctx, `SELECT source, parts, firsts, nexts FROM batch WHERE id = $1`, id).Scan(&s.Source, &s.Parts, &s.Firsts, &s.Nexts)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, fmt.Errorf("batch %d: %w", id, worker.ErrForeign)
	}
	if err != nil {
		return s, fmt.Errorf("span of batch %d: %w", id, err)
	}
	rows, err := b.db.pool.Query(ctx, `SELECT purpose, debit, credit, amount, slot FROM posting WHERE batch = $1`, id)
	if err != nil {
		return s, fmt.Errorf("postings of batch %d: %w", id, err)
	}
	s.Posted, err = pgx.CollectRows(rows, scanPosted)
	if err != nil {
		return s, fmt.Errorf("postings of batch %d: %w", id, err)
	}
	return s, nil
}

func scanPosted(row pgx.CollectableRow) (p ledger.Posting, err error) {
	var debit, credit string
	var micros int64
	if err := row.Scan(&p.Purpose, &debit, &credit, &micros, &p.Slot); err != nil {
		return p, err
	}
	p.Amount, p.Slot = money.FromMicros(micros), p.Slot.UTC()
	if p.Debit, err = ledger.ParseAccount(debit); err != nil {
		return p, err
	}
	p.Credit, err = ledger.ParseAccount(credit)
	return p, err
}
