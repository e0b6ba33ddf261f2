package postgres

import (
	"context"
	"fmt"

	"trunkline/cdr"
	"trunkline/ledger"
	"trunkline/rating/worker"
)

// quotas returns the quotas that calls of the legs have drawn on and that are open, of the accounts that are locked.
func (p *posting) quotas(ctx context.Context, legs []*cdr.Leg, accounts []string) (map[cdr.QuotaID]bool, error) {
	seen := make(map[cdr.QuotaID]bool)
	var ids [][16]byte
	for _, l := range legs {
		if q := l.Draw.Quota; !l.Draw.IsZero() && l.Kind == cdr.Ingress && !seen[q] {
			seen[q] = true
			ids = append(ids, q)
		}
	}
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // None are open: a map that is nil says so.
	}
	clear(seen)
	rows, err := p.tx.Query(ctx, `SELECT id FROM quota WHERE id = ANY ($1::uuid[]) AND account = ANY ($2) AND closed_at IS NULL`, ids, accounts)
	if err != nil {
		return nil, fmt.Errorf("look at quotas: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id [16]byte
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("look at quotas: %w", err)
		}
		seen[id] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look at quotas: %w", err)
	}
	return seen, nil
}

// lessenQuotas gives back what calls have drawn on quotas, and adds what they used to the limits that these count in. The accounts are locked.
const lessenQuotas = `
WITH it AS (
    SELECT q.id, q.account, q.limits, least(q.money, s.money) AS money, least(q.seconds, s.seconds) AS seconds, least(q.calls, s.calls) AS calls,
        s.used_money, s.used_seconds, s.used_calls
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
        AS s (id, money, seconds, calls, used_money, used_seconds, used_calls)
    JOIN quota q ON q.id = s.id AND q.closed_at IS NULL AND q.account = ANY ($8)
), less AS (
    UPDATE quota q SET money = q.money - it.money, seconds = q.seconds - it.seconds, calls = q.calls - it.calls FROM it WHERE q.id = it.id
), counted AS (
    UPDATE limit_counter l SET held_money = l.held_money - c.money, held_seconds = l.held_seconds - c.seconds, held_calls = l.held_calls - c.calls,
        used_money = l.used_money + c.used_money, used_seconds = l.used_seconds + c.used_seconds, used_calls = l.used_calls + c.used_calls
    FROM (SELECT counter, sum(money) AS money, sum(seconds) AS seconds, sum(calls) AS calls, sum(used_money) AS used_money, sum(used_seconds) AS used_seconds,
        sum(used_calls) AS used_calls FROM it, unnest(it.limits) AS counter GROUP BY counter) c WHERE l.id = c.counter
)
UPDATE account a SET pending = a.pending - s.money FROM (SELECT account, sum(money) AS money FROM it GROUP BY account) s WHERE a.id = s.account AND s.money > 0`

// drawn is what calls of a batch have drawn on a quota, and what they used.
type drawn struct {
	of, used ledger.Use
}

// settleQuotas settles calls that have drawn on quotas: one row for each quota, however many calls there are.
func (p *posting) settleQuotas(ctx context.Context, settled []worker.Settled, accounts []string) error {
	var order []cdr.QuotaID
	sums := make(map[cdr.QuotaID]drawn)
	for _, s := range settled {
		if s.Draw.IsZero() {
			continue
		}
		sum, known := sums[s.Draw.Quota]
		if !known {
			order = append(order, s.Draw.Quota)
		}
		var err error
		if sum.of, err = sum.of.Add(ledger.Use{Money: s.Draw.Money, Seconds: s.Draw.Seconds, Calls: 1}); err != nil {
			return err
		}
		if sum.used, err = sum.used.Add(s.Use); err != nil {
			return err
		}
		sums[s.Draw.Quota] = sum
	}
	if len(order) == 0 {
		return nil
	}
	var ids [][16]byte
	var money, seconds, calls, usedMoney, usedSeconds, usedCalls []int64
	for _, id := range order {
		d := sums[id]
		ids = append(ids, id)
		money, seconds, calls = append(money, d.of.Money.Micros()), append(seconds, d.of.Seconds), append(calls, d.of.Calls)
		usedMoney, usedSeconds, usedCalls = append(usedMoney, d.used.Money.Micros()), append(usedSeconds, d.used.Seconds), append(usedCalls, d.used.Calls)
	}
	if _, err := p.tx.Exec(ctx, lessenQuotas, ids, money, seconds, calls, usedMoney, usedSeconds, usedCalls, accounts); err != nil {
		return fmt.Errorf("settle what was drawn on quotas: %w", err)
	}
	return nil
}
