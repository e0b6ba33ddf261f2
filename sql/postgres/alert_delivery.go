package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/alert"
	"trunkline/internal/money"
)

// ErrNoDelivery is returned, wrapped, for a message that there is not.
var ErrNoDelivery = errors.New("there is no such delivery")

// deliveryLease is how long a message is kept from others that is being sent.
const deliveryLease = time.Minute

// Due implements alert.Outbox.
func (a *Alerts) Due(ctx context.Context, most int) ([]alert.Letter, error) {
	now := a.clock.Now()
	rows, err := a.db.pool.Query(ctx, `WITH due AS (
    SELECT id FROM alert_delivery WHERE due_at <= $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE alert_delivery d SET due_at = $3 FROM due WHERE d.id = due.id
    RETURNING d.id, d.alarm, d.event, d.state, d.value, d.text, d.made_at, d.channel, d.tries
) SELECT t.id, coalesce(t.alarm, 0), coalesce(t.event, 0), t.state, t.value, t.text, t.made_at, t.channel, t.tries,
    coalesce(m.rule, e.kind), coalesce(m.tenant, e.tenant), coalesce(m.owner, e.object), e.data
FROM taken t LEFT JOIN alarm m ON m.id = t.alarm LEFT JOIN event e ON e.id = t.event ORDER BY t.id`, now, most, now.Add(deliveryLease))
	if err != nil {
		return nil, fmt.Errorf("messages that are due: %w", err)
	}
	letters, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (alert.Letter, error) {
		var l alert.Letter
		var micros int64
		err := row.Scan(&l.Delivery, &l.Alarm, &l.Event, &l.State, &micros, &l.Text, &l.At, &l.Channel, &l.Tries, &l.Rule, &l.Tenant, &l.Owner, &l.Data)
		l.Value, l.At = money.FromMicros(micros), l.At.UTC()
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("messages that are due: %w", err)
	}
	return letters, nil
}

// Sent implements alert.Outbox.
func (a *Alerts) Sent(ctx context.Context, delivery int64) error {
	_, err := a.db.pool.Exec(ctx, `UPDATE alert_delivery SET sent_at = $2, due_at = NULL, tries = tries + 1, error = '' WHERE id = $1`, delivery, a.clock.Now())
	if err != nil {
		return fmt.Errorf("message %d: %w", delivery, err)
	}
	return nil
}

// Failed implements alert.Outbox.
func (a *Alerts) Failed(ctx context.Context, delivery int64, cause string, again time.Time) error {
	_, err := a.db.pool.Exec(ctx, `UPDATE alert_delivery SET due_at = $2, tries = tries + 1, error = $3 WHERE id = $1`, delivery, orNull(again), cause)
	if err != nil {
		return fmt.Errorf("message %d: %w", delivery, err)
	}
	return nil
}

// Replay has a message sent again, under the same number. It may be repeated.
func (a *Alerts) Replay(ctx context.Context, delivery int64) error {
	tag, err := a.db.pool.Exec(ctx, `UPDATE alert_delivery SET due_at = $2, tries = 0, error = '', sent_at = NULL WHERE id = $1`, delivery, a.clock.Now())
	switch {
	case err != nil:
		return fmt.Errorf("replay message %d: %w", delivery, err)
	case tag.RowsAffected() == 0:
		return fmt.Errorf("%w: %d", ErrNoDelivery, delivery)
	}
	return nil
}

// Delivery is a message and what became of it.
type Delivery struct {
	ID      int64
	Alarm   int64  // 0: it is of an event.
	Rule    string // Or the kind of the event.
	Tenant  string
	Channel string
	State   string
	Text    string
	Made    time.Time
	Tries   int
	Due     time.Time // When it is tried next; zero: it is not.
	Sent    time.Time // Zero: not yet.
	Error   string    // Of the last try.
}

// Deliveries returns messages, the newest first; onlyFailed leaves out what was sent. limit is at most MaxLines.
func (a *Alerts) Deliveries(ctx context.Context, onlyFailed bool, limit int) ([]Delivery, error) {
	rows, err := a.db.pool.Query(ctx, `SELECT d.id, coalesce(d.alarm, 0), coalesce(m.rule, e.kind), coalesce(m.tenant, e.tenant), d.channel, d.state, d.text, d.made_at, d.tries,
    coalesce(d.due_at, '0001-01-01T00:00:00Z'), coalesce(d.sent_at, '0001-01-01T00:00:00Z'), d.error
FROM alert_delivery d LEFT JOIN alarm m ON m.id = d.alarm LEFT JOIN event e ON e.id = d.event WHERE NOT $1 OR d.sent_at IS NULL ORDER BY d.id DESC LIMIT $2`,
		onlyFailed, min(max(1, limit), MaxLines))
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Delivery])
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	return list, nil
}
