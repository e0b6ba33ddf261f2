package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/money"
	"trunkline/ledger"
)

// unfinishedSpan is how far back batches are looked for whose number was taken and whose transaction has not ended.
const unfinishedSpan = 5000

// usageOf sums the postings of usage by account; batches above $3, those in $4 and the UTC days in $5 are left out.
const usageOf = `
SELECT account, sum(amount)::bigint, sum(legs)::bigint FROM (
    SELECT CASE WHEN debit LIKE 'tenant/%' THEN debit ELSE credit END AS account,
        CASE WHEN debit LIKE 'tenant/%' THEN amount ELSE -amount END AS amount, legs
    FROM posting WHERE purpose = 'usage_sale' AND slot >= $1 AND slot < $2 AND batch <= $3 AND batch <> ALL ($4::bigint[])
        AND (slot AT TIME ZONE 'UTC')::date <> ALL ($5::date[])
    UNION ALL
    SELECT CASE WHEN credit LIKE 'carrier/%' THEN credit ELSE debit END,
        CASE WHEN credit LIKE 'carrier/%' THEN amount ELSE -amount END, legs
    FROM posting WHERE purpose = 'usage_cost' AND slot >= $1 AND slot < $2 AND batch <= $3 AND batch <> ALL ($4::bigint[])
        AND (slot AT TIME ZONE 'UTC')::date <> ALL ($5::date[])
) p GROUP BY account ORDER BY account`

// Position returns what was posted for calls that count in [from, till), of the batches that the store of calls has confirmed, at one
// moment. Some UTC days may be left out.
func (b *Books) Position(ctx context.Context, from, till time.Time, days ...time.Time) (ledger.Position, error) {
	out := ledger.Position{Days: days}
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, b.db.pool, opts, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM batch`).Scan(&out.Last); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT id FROM batch WHERE stored_at IS NULL UNION ALL `+
			`SELECT n FROM generate_series(greatest(1, $1::bigint - $2::bigint), $1::bigint) AS n WHERE NOT EXISTS (SELECT FROM batch WHERE id = n)`, out.Last, unfinishedSpan)
		if err != nil {
			return err
		}
		if out.Without, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			return err
		}
		if rows, err = tx.Query(ctx, usageOf, from, till, out.Last, out.Without, dates(days)); err != nil {
			return err
		}
		out.Sums, err = pgx.CollectRows(rows, scanUsageSum)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("position of the ledger: %w", err)
	}
	return out, nil
}

// dates are days as the driver takes them; never null.
func dates(days []time.Time) []time.Time { return append([]time.Time{}, days...) }

func scanUsageSum(row pgx.CollectableRow) (s ledger.UsageSum, err error) {
	var id string
	var micros int64
	if err := row.Scan(&id, &micros, &s.Legs); err != nil {
		return s, err
	}
	s.Amount = money.FromMicros(micros)
	s.Account, err = ledger.ParseAccount(id)
	return s, err
}

// InvoiceOff is an issued invoice whose usage is not what the ledger has posted for its period.
type InvoiceOff struct {
	Number string
	Tenant string
	Period string
	Usage  money.Amount // Of the document.
	Posted money.Amount
}

// Off returns the invoices of periods that end after a time whose usage is not what is posted; those with a credit note are left out.
func (s *Invoices) Off(ctx context.Context, since time.Time) ([]InvoiceOff, error) {
	rows, err := s.db.pool.Query(ctx, `
SELECT i.number, i.tenant, i.period, coalesce((i.document::jsonb ->> 'usage')::numeric * 1000000, 0)::bigint AS usage, p.posted
FROM invoice i CROSS JOIN LATERAL (
    SELECT coalesce(sum(CASE WHEN debit LIKE 'tenant/%' THEN amount ELSE -amount END), 0)::bigint AS posted FROM posting
    WHERE purpose = 'usage_sale' AND slot >= i.period_from AND slot < i.period_till
        AND (debit = 'tenant/' || i.tenant || '/' || i.currency OR credit = 'tenant/' || i.tenant || '/' || i.currency)
) p
WHERE i.kind = 'invoice' AND i.period_till > $1 AND NOT EXISTS (SELECT FROM invoice c WHERE c.credits = i.id)
    AND coalesce((i.document::jsonb ->> 'usage')::numeric * 1000000, 0)::bigint <> p.posted
ORDER BY i.id`, since)
	if err != nil {
		return nil, fmt.Errorf("compare invoices: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o InvoiceOff, err error) {
		var usage, posted int64
		err = row.Scan(&o.Number, &o.Tenant, &o.Period, &usage, &posted)
		o.Usage, o.Posted = money.FromMicros(usage), money.FromMicros(posted)
		return o, err
	})
	if err != nil {
		return nil, fmt.Errorf("compare invoices: %w", err)
	}
	return out, nil
}
