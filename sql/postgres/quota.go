package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"trunkline/internal/money"
	"trunkline/ledger"
)

const drawQuotaSQL = `SELECT granted_money, granted_seconds, granted_calls, version, refusal FROM draw_quota($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
    $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)`

// DrawQuota grants a portion of an account to a proxy, or more to one that it has, or says why not. It may be repeated: the same request has the
// same answer, and grants once.
func (l *Ledger) DrawQuota(ctx context.Context, r ledger.QuotaRequest) (ledger.QuotaAnswer, error) {
	var a ledger.QuotaAnswer
	if err := r.Validate(); err != nil {
		return a, err
	}
	limits := reserveArrays(ledger.HoldRequest{Limits: r.Limits, Zone: r.Zone, At: r.At})
	var micros int64
	err := l.db.pool.QueryRow(ctx, drawQuotaSQL, [16]byte(r.ID), r.Account.String(), r.Node, r.Life, r.Branch, r.Extension,
		limits.scopes, limits.owners, limits.limited, limits.money, limits.times, limits.calls, limits.periods, limits.starts, l.clock.Now(),
		r.Concurrency.Tenant, r.Concurrency.Branch, r.Concurrency.Extension, r.Had.Money.Micros(), r.Had.Seconds, r.Had.Calls,
		r.More.Money.Micros(), r.More.Seconds, r.More.Calls, r.Least.Money.Micros(), r.Least.Seconds, r.Least.Calls, int64(r.Reach/time.Second), r.Share,
	).Scan(&micros, &a.Granted.Seconds, &a.Granted.Calls, &a.Version, &a.Refusal)
	if err != nil {
		return a, fmt.Errorf("draw a quota of %s: %w", r.Account, err)
	}
	a.Granted.Money = money.FromMicros(micros)
	return a, nil
}

// RetireQuota gives back what of a quota no call has drawn: nothing more is dealt out of it. drawn is all that calls have drawn on it. It may be
// repeated, also with less, where a call did not come to have what was drawn for it.
func (l *Ledger) RetireQuota(ctx context.Context, id uuid.UUID, drawn ledger.Use) error {
	err := l.onQuotas(ctx, []uuid.UUID{id}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT retire_quota($1, $2, $3, $4, $5)`, [16]byte(id), drawn.Money.Micros(), drawn.Seconds, drawn.Calls, l.clock.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("give back quota %s: %w", id, err)
	}
	return nil
}

// onQuotas does something to quotas with their accounts locked.
func (l *Ledger) onQuotas(ctx context.Context, ids []uuid.UUID, do func(pgx.Tx) error) error {
	return l.db.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT id FROM account WHERE id IN (SELECT account FROM quota WHERE id = ANY ($1)) ORDER BY id COLLATE "C" FOR NO KEY UPDATE`, ids)
		if err != nil {
			return err
		}
		return do(tx)
	})
}

// FinishQuotas notes that all calls that drew on quotas are over, and that the stream had their legs by a sign of life of the proxy. What is held
// of them goes back when that is accounted for. It may be repeated.
func (l *Ledger) FinishQuotas(ctx context.Context, life ledger.Life, ids []uuid.UUID, beat int64) error {
	_, err := l.db.pool.Exec(ctx, `UPDATE quota SET finished_beat = $3, retired_at = coalesce(retired_at, $4) WHERE id = ANY ($2) AND node = $1 AND finished_beat IS NULL`,
		life.Node, ids, beat, l.clock.Now())
	if err != nil {
		return fmt.Errorf("finish %d quotas: %w", len(ids), err)
	}
	return nil
}

// Quotas returns the quotas of a proxy that are open, those of earlier lives too, and the rules of their accounts as they are now. It answers
// ErrNodeTwice where another process has its identity now.
func (l *Ledger) Quotas(ctx context.Context, life ledger.Life) ([]ledger.Quota, error) {
	rows, err := l.db.pool.Query(ctx, `SELECT coalesce(q.id, '00000000-0000-0000-0000-000000000000'), coalesce(q.account, ''), coalesce(q.rules, 0), coalesce(a.rules, 0),
			q.retired_at IS NOT NULL OR q.life <> n.life
		FROM node n LEFT JOIN quota q ON q.node = n.id AND q.closed_at IS NULL AND q.finished_beat IS NULL LEFT JOIN account a ON a.id = q.account
		WHERE n.id = $1 AND n.life = $2 AND n.given_up_at IS NULL`, life.Node, life.Life)
	if err != nil {
		return nil, fmt.Errorf("quotas of %s: %w", life.Name, err)
	}
	all, err := pgx.CollectRows(rows, scanQuota)
	switch {
	case err != nil:
		return nil, fmt.Errorf("quotas of %s: %w", life.Name, err)
	case len(all) == 0:
		return nil, fmt.Errorf("quotas of %s: %w", life.Name, ledger.ErrNodeTwice)
	case all[0].ID == uuid.Nil:
		return nil, nil
	}
	return all, nil
}

func scanQuota(row pgx.CollectableRow) (ledger.Quota, error) {
	var q ledger.Quota
	var account string
	var retired *bool
	if err := row.Scan(&q.ID, &account, &q.Version, &q.Rules, &retired); err != nil || account == "" {
		return q, err
	}
	q.Retired = retired != nil && *retired
	var err error
	q.Account, err = ledger.ParseAccount(account)
	return q, err
}

// expireQuotas gives back what is held of quotas that nobody draws on any more: all their calls are accounted for, or their proxy was given up, and
// they must be over. One that a leg draws on which waits among the unratable stays.
func (l *Ledger) expireQuotas(ctx context.Context) (int64, error) {
	rows, err := l.db.pool.Query(ctx, `SELECT q.id FROM quota q JOIN node n ON n.id = q.node WHERE q.closed_at IS NULL
		AND (q.finished_beat <= n.settled_beat OR (n.given_up_at IS NOT NULL AND greatest(n.seen_at, n.given_up_at) + (q.reach + 600) * interval '1 second' < clock_timestamp()))
		AND NOT EXISTS (SELECT FROM dead_leg d WHERE d.quota = q.id AND d.settled_by IS NULL) ORDER BY q.made_at LIMIT $1`, expireBatch)
	if err != nil {
		return 0, fmt.Errorf("close quotas: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	err = l.onQuotas(ctx, ids, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT close_quota(id, $2) FROM unnest($1::uuid[]) AS id`, ids, l.clock.Now())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("close quotas: %w", err)
	}
	return int64(len(ids)), nil
}
