package postgres

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/money"
	"trunkline/ledger"
)

// MaxLines is the largest number of lines in one answer.
const MaxLines = 10_000

// Statement returns the postings of an account that count in [from, till), in the order of their moments, with the
// balance after each, which begins with that of all earlier ones. limit is at most MaxLines.
func (l *Ledger) Statement(ctx context.Context, account ledger.Account, from, till time.Time, limit int) ([]ledger.Line, error) {
	rows, err := l.db.pool.Query(ctx, `
SELECT id, purpose, debit, credit, amount, slot, legs, coalesce(batch, 0), coalesce(key, ''), late, reason, posted_at,
    (coalesce((SELECT sum(CASE WHEN credit = $1 THEN amount ELSE -amount END) FROM posting WHERE (debit = $1 OR credit = $1) AND slot < $2), 0)
        + sum(CASE WHEN credit = $1 THEN amount ELSE -amount END) OVER (ORDER BY slot, id))::bigint
FROM posting WHERE (debit = $1 OR credit = $1) AND slot >= $2 AND slot < $3 ORDER BY slot, id LIMIT $4`,
		account.String(), from, till, min(max(limit, 1), MaxLines))
	if err != nil {
		return nil, fmt.Errorf("statement of %s: %w", account, err)
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ledger.Line, error) { return scanLine(row, account) })
	if err != nil {
		return nil, fmt.Errorf("statement of %s: %w", account, err)
	}
	return lines, nil
}

func scanLine(row pgx.CollectableRow, account ledger.Account) (ledger.Line, error) {
	var balance int64
	p, err := scanPosting(withLast{row, &balance})
	line := ledger.Line{Posting: p, Change: p.Amount, Balance: money.FromMicros(balance)}
	if p.Debit == account {
		line.Change = p.Amount.Neg()
	}
	return line, err
}

// withLast is a row with one column more than its scanner knows of.
type withLast struct {
	pgx.CollectableRow
	last any
}

func (r withLast) Scan(dest ...any) error { return r.CollectableRow.Scan(append(dest, r.last)...) }

// UsageSums returns, per account of a tenant or carrier, what was posted for calls that count in [from, till).
func (l *Ledger) UsageSums(ctx context.Context, from, till time.Time) ([]ledger.UsageSum, error) {
	rows, err := l.db.pool.Query(ctx, usageOf, from, till, math.MaxInt64, []int64{}, []time.Time{})
	if err != nil {
		return nil, fmt.Errorf("sums of postings: %w", err)
	}
	sums, err := pgx.CollectRows(rows, scanUsageSum)
	if err != nil {
		return nil, fmt.Errorf("sums of postings: %w", err)
	}
	return sums, nil
}

// Gauges returns what is used and held under the limits of an account in the periods that began at or after a moment.
func (l *Ledger) Gauges(ctx context.Context, account ledger.Account, since time.Time) ([]ledger.Gauge, error) {
	rows, err := l.db.pool.Query(ctx, `SELECT scope, owner, period, starts, used_money, used_seconds, used_calls, held_money, held_seconds, held_calls, `+
		`raised_money, raised_seconds, raised_calls, aside_money, aside_seconds, aside_calls `+
		`FROM limit_counter WHERE account = $1 AND starts >= $2 ORDER BY scope, owner, period, starts`, account.String(), since)
	if err != nil {
		return nil, fmt.Errorf("limits of %s: %w", account, err)
	}
	gauges, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ledger.Gauge, error) {
		g := ledger.Gauge{Counter: ledger.Counter{Account: account}}
		var used, held, raised, aside int64
		err := row.Scan(&g.Scope, &g.Owner, &g.Period, &g.Start, &used, &g.Used.Seconds, &g.Used.Calls, &held, &g.Held.Seconds, &g.Held.Calls,
			&raised, &g.Raised.Seconds, &g.Raised.Calls, &aside, &g.Aside.Seconds, &g.Aside.Calls)
		g.Start, g.Used.Money, g.Held.Money = g.Start.UTC(), money.FromMicros(used), money.FromMicros(held)
		g.Raised.Money, g.Aside.Money = money.FromMicros(raised), money.FromMicros(aside)
		return g, err
	})
	if err != nil {
		return nil, fmt.Errorf("limits of %s: %w", account, err)
	}
	return gauges, nil
}
