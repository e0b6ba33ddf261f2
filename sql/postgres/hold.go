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

// closeHolds gives the holds of calls ($1) back, in the account and in every limit that they count in. The statement
// before it has locked the accounts ($2); holds on others are left alone.
const closeHolds = `
WITH gone AS (
    SELECT call, account, amount, seconds, limits FROM hold
    WHERE call = ANY ($1::uuid[]) AND account = ANY ($2::text[]) AND closed_at IS NULL
), less AS (
    SELECT id, sum(amount) AS amount, sum(seconds) AS seconds, count(*) AS calls FROM gone, unnest(limits) AS id GROUP BY id
), freed AS (
    UPDATE limit_counter l SET held_money = held_money - less.amount, held_seconds = held_seconds - less.seconds,
        held_calls = held_calls - less.calls
    FROM less WHERE l.id = less.id
), repaid AS (
    UPDATE account a SET pending = pending - g.amount
    FROM (SELECT account, sum(amount) AS amount FROM gone GROUP BY account) g WHERE a.id = g.account AND g.amount > 0
)
UPDATE hold h SET amount = 0, closed_at = $3, placed = false FROM gone WHERE h.call = gone.call`

// Release gives the whole hold of a call back, for one that was never connected. It may be repeated; a call without
// a hold is no error. A request to hold money for the call that comes later is refused.
func (l *Ledger) Release(ctx context.Context, call uuid.UUID) error {
	_, err := l.release(ctx, []uuid.UUID{call})
	if err != nil {
		return fmt.Errorf("release call %s: %w", call, err)
	}
	return nil
}

func (l *Ledger) release(ctx context.Context, calls []uuid.UUID) (released int64, err error) {
	err = l.db.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, lockHolders, calls)
		if err != nil {
			return err
		}
		accounts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, closeHolds, calls, accounts, l.clock.Now())
		released = tag.RowsAffected()
		return err
	})
	return released, err
}

// lockHolders locks the accounts that hold money for calls, as lockAccount does.
const lockHolders = `SELECT id FROM account WHERE id IN (SELECT account FROM hold WHERE call = ANY ($1)) ORDER BY id COLLATE "C" FOR NO KEY UPDATE`

// End says that calls are over: they take no place any more, and a request to hold more for them is refused. What is held
// stays held until they are accounted for. It may be repeated; a call without a hold is no error.
func (l *Ledger) End(ctx context.Context, calls []uuid.UUID) error {
	batch := &pgx.Batch{}
	batch.Queue(lockHolders, calls)
	batch.Queue(`UPDATE hold SET ended_at = $2, placed = false WHERE call = ANY ($1) AND ended_at IS NULL AND closed_at IS NULL`, calls, l.clock.Now())
	if err := l.db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("end %d calls: %w", len(calls), err)
	}
	return nil
}

// Holds returns the calls that money is held for, the oldest first: all of them, or those of one account.
func (l *Ledger) Holds(ctx context.Context, account *ledger.Account) ([]ledger.Hold, error) {
	id := ""
	if account != nil {
		id = account.String()
	}
	rows, err := l.db.pool.Query(ctx, `SELECT call, account, node, amount, seconds, made_at, touched_at FROM hold `+
		`WHERE closed_at IS NULL AND ($1 = '' OR account = $1) ORDER BY made_at, call`, id)
	if err != nil {
		return nil, fmt.Errorf("list holds: %w", err)
	}
	holds, err := pgx.CollectRows(rows, scanHold)
	if err != nil {
		return nil, fmt.Errorf("list holds: %w", err)
	}
	return holds, nil
}

func scanHold(row pgx.CollectableRow) (ledger.Hold, error) {
	var h ledger.Hold
	var account string
	var micros int64
	if err := row.Scan(&h.Call, &account, &h.Node, &micros, &h.Seconds, &h.Made, &h.Touched); err != nil {
		return h, err
	}
	h.Amount = money.FromMicros(micros)
	var err error
	h.Account, err = ledger.ParseAccount(account)
	return h, err
}

// expireBatch bounds how much one call of Expire does while it has accounts locked.
const expireBatch = 1000

// Expire gives back what is held for calls that were never accounted for and never will be: their proxy has said that they are over, and all
// that the stream had then was accounted for; or their proxy was given up, and they must be over. The order in which holds were made tells, and no
// proxy's clock. A call keeps its hold while one of its legs waits among the unratable. Quotas go the same way. It returns how many holds and quotas
// were given back, and may be repeated until that is none.
func (l *Ledger) Expire(ctx context.Context) (int64, error) {
	quotas, err := l.expireQuotas(ctx)
	if err != nil {
		return 0, err
	}
	holds, err := l.expireHolds(ctx)
	return quotas + holds, err
}

func (l *Ledger) expireHolds(ctx context.Context) (int64, error) {
	rows, err := l.db.pool.Query(ctx, `SELECT call FROM hold h JOIN node n ON n.id = h.node WHERE closed_at IS NULL `+
		`AND (h.seq <= n.settled_seq OR (n.given_up_at IS NOT NULL AND `+goneSQL+`)) `+
		`AND NOT EXISTS (SELECT FROM dead_leg d WHERE d.call = h.call AND d.settled_by IS NULL) `+
		`ORDER BY seq LIMIT $1`, expireBatch)
	if err != nil {
		return 0, fmt.Errorf("expire holds: %w", err)
	}
	calls, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return 0, fmt.Errorf("expire holds: %w", err)
	}
	if len(calls) == 0 {
		return 0, nil
	}
	if err := l.noteUnrecorded(ctx, calls); err != nil {
		return 0, fmt.Errorf("expire holds: %w", err)
	}
	n, err := l.release(ctx, calls)
	if err != nil {
		return 0, fmt.Errorf("expire holds: %w", err)
	}
	return n, nil
}

// IncidentUnrecorded is the kind of incident for a call that was talked and never recorded.
const IncidentUnrecorded = "call_unrecorded"

// noteUnrecorded notes the calls among those whose money was held again while they went on: they were answered, and no record of them
// came. Of shorter calls nobody can tell.
func (l *Ledger) noteUnrecorded(ctx context.Context, calls []uuid.UUID) error {
	_, err := l.db.pool.Exec(ctx, `INSERT INTO incident (kind, subject, detail, noticed_at) `+
		`SELECT $2, h.call::text, 'the call of ' || h.account || ' was set up at ' || to_char(h.made_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || `+
		`' UTC on node ' || h.node || ' and was let go on for ' || h.seconds || ' seconds, for which ' || trim_scale(h.amount / 1000000.0) || ' were held; no record of it ever came', $3 `+
		`FROM hold h WHERE h.call = ANY ($1::uuid[]) AND h.closed_at IS NULL AND h.touched_at > h.made_at ON CONFLICT DO NOTHING`,
		calls, IncidentUnrecorded, l.clock.Now())
	return err
}

// Forget removes closed holds and quotas that were made before the given moment. Until then they keep a late request from opening
// them again, so the moment must be older than any call lasts.
func (l *Ledger) Forget(ctx context.Context, before time.Time) (int64, error) {
	tag, err := l.db.pool.Exec(ctx, `DELETE FROM hold WHERE closed_at < $1 AND made_at < $1`, before)
	if err != nil {
		return 0, fmt.Errorf("forget closed holds: %w", err)
	}
	holds := tag.RowsAffected()
	if tag, err = l.db.pool.Exec(ctx, `DELETE FROM quota WHERE closed_at < $1 AND made_at < $1`, before); err != nil {
		return holds, fmt.Errorf("forget closed quotas: %w", err)
	}
	return holds + tag.RowsAffected(), nil
}
