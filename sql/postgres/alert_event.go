package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/alert"
	"trunkline/internal/money"
)

const (
	eventsAtOnce = 500
	eventsLast   = 30 * 24 * time.Hour
	// ratedMargin is how long a posting is left alone: those of transactions that are slower than others come in later under
	// lower numbers.
	ratedMargin = 30 * time.Second
)

// Emit keeps an event that is in no table. data may be nil.
func (a *Alerts) Emit(ctx context.Context, kind, tenant, object, text string, data any) error {
	if data == nil {
		data = struct{}{}
	}
	body, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("event %s: %w", kind, err)
	}
	_, err = a.db.pool.Exec(ctx, `INSERT INTO event (at, kind, tenant, object, text, data) VALUES ($1, $2, $3, $4, $5, $6)`, a.clock.Now(), kind, tenant, object, text, body)
	if err != nil {
		return fmt.Errorf("event %s: %w", kind, err)
	}
	return nil
}

// happened is an event that nobody was told of yet.
type happened struct {
	ID                 int64
	Kind, Tenant, Text string
}

// Dispatch makes messages of the events that are new, for those who want them, and returns how many events that were. Each
// is told once, however many processes do so.
func (a *Alerts) Dispatch(ctx context.Context, rules *alert.Rules) (n int, err error) {
	err = a.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := a.rated(ctx, tx, rules); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT id, kind, tenant, text FROM event WHERE dispatched_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`, eventsAtOnce)
		if err != nil {
			return err
		}
		events, err := pgx.CollectRows(rows, pgx.RowToStructByPos[happened])
		if err != nil || len(events) == 0 {
			return err
		}
		n = len(events)
		now := a.clock.Now()
		batch := &pgx.Batch{}
		ids := make([]int64, 0, n)
		for i := range events {
			e := &events[i]
			ids = append(ids, e.ID)
			for _, channel := range rules.Wanted(e.Kind, e.Tenant) {
				batch.Queue(`INSERT INTO alert_delivery (event, channel, state, value, text, made_at, due_at) VALUES ($1, $2, 'happened', 0, $3, $4, $4)`,
					e.ID, channel, e.Text, now)
			}
		}
		batch.Queue(`UPDATE event SET dispatched_at = $2 WHERE id = ANY ($1)`, ids, now)
		batch.Queue(`DELETE FROM event e WHERE dispatched_at < $1 AND NOT EXISTS (SELECT FROM alert_delivery d WHERE d.event = e.id)`, now.Add(-eventsLast))
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return 0, fmt.Errorf("tell what happened: %w", err)
	}
	return n, nil
}

// rated makes an event for each tenant of what was posted for its calls since the last time, where somebody wants that.
// The first time nothing is told: what was before is nobody's news.
func (a *Alerts) rated(ctx context.Context, tx pgx.Tx, rules *alert.Rules) error {
	wanted := false
	for i := range rules.Events {
		wanted = wanted || rules.Events[i].Wants(alert.CallsRated, rules.Events[i].Tenant)
	}
	if !wanted {
		return nil
	}
	var till int64
	err := tx.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM posting WHERE posted_at < $1`, a.clock.Now().Add(-ratedMargin)).Scan(&till)
	if err != nil {
		return err
	}
	var from int64
	err = tx.QueryRow(ctx, `INSERT INTO event_cursor (name, id) VALUES ('calls.rated', $1) ON CONFLICT (name) DO UPDATE SET id = event_cursor.id RETURNING id`, till).Scan(&from)
	if err != nil || from >= till {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT debit, sum(amount)::bigint, sum(legs)::bigint FROM posting
		WHERE id > $1 AND id <= $2 AND purpose = 'usage_sale' AND debit LIKE 'tenant/%' GROUP BY debit ORDER BY debit`, from, till)
	if err != nil {
		return err
	}
	type usage struct {
		Account      string
		Amount, Legs int64
	}
	sums, err := pgx.CollectRows(rows, pgx.RowToStructByPos[usage])
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for _, u := range sums {
		amount := money.FromMicros(u.Amount).String()
		batch.Queue(`INSERT INTO event (at, kind, tenant, object, text, data) VALUES ($1, $2, split_part($3, '/', 2), $3, $4,
			jsonb_build_object('legs', $5::bigint, 'amount', $6::text, 'currency', split_part($3, '/', 3), 'postings', jsonb_build_array($7::bigint, $8::bigint)))`,
			a.clock.Now(), alert.CallsRated, u.Account, fmt.Sprintf("%d calls were rated: %s", u.Legs, amount), u.Legs, amount, from, till)
	}
	batch.Queue(`UPDATE event_cursor SET id = $1 WHERE name = 'calls.rated'`, till)
	return tx.SendBatch(ctx, batch).Close()
}
