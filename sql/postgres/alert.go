package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"trunkline/alert"
	"trunkline/internal/clock"
	"trunkline/internal/money"
)

// Alerts keeps rules, alarms and the messages about them: it implements alert.Book and alert.Outbox. It is safe for
// concurrent use.
type Alerts struct {
	db    *DB
	clock clock.Clock
}

// NewAlerts returns the alerts in a database.
func NewAlerts(db *DB, c clock.Clock) *Alerts { return &Alerts{db, c} }

// Apply puts a file of rules in force, which was checked.
func (a *Alerts) Apply(ctx context.Context, text, by string) (revision int64, err error) {
	err = a.db.pool.QueryRow(ctx, `INSERT INTO alert_rules (text, applied_at, applied_by) VALUES ($1, $2, $3) RETURNING revision`,
		text, a.clock.Now(), by).Scan(&revision)
	if err != nil {
		return 0, fmt.Errorf("apply rules: %w", err)
	}
	return revision, nil
}

// Rules returns the rules in force, and the text of the file that they were read of.
func (a *Alerts) Rules(ctx context.Context) (*alert.Rules, string, error) {
	var text string
	err := a.db.pool.QueryRow(ctx, `SELECT text FROM alert_rules ORDER BY revision DESC LIMIT 1`).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return &alert.Rules{}, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("rules of alerts: %w", err)
	}
	rules, err := alert.Parse([]byte(text))
	return rules, text, err
}

// alertLock is the advisory lock of who measures.
const alertLock = 0x616c657274 // "alert".

// Alone runs f unless another process does so at the moment, and tells whether it did.
func (a *Alerts) Alone(ctx context.Context, f func() error) (ran bool, err error) {
	conn, err := a.db.pool.Acquire(ctx)
	if err != nil {
		return false, fmt.Errorf("lock of alerts: %w", err)
	}
	defer conn.Release()
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(alertLock)).Scan(&ran); err != nil || !ran {
		return false, err
	}
	err = f()
	if _, unlockErr := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(alertLock)); unlockErr != nil {
		_ = conn.Conn().Close(context.WithoutCancel(ctx)) // The lock goes with the connection.
	}
	return true, err
}

const selectAlarm = `SELECT id, rule, tenant, owner, value, text, done, since, coalesce(till, '0001-01-01T00:00:00Z') FROM alarm`

func scanAlarm(row pgx.CollectableRow) (alert.Alarm, error) {
	var m alert.Alarm
	var micros int64
	err := row.Scan(&m.ID, &m.Rule, &m.Tenant, &m.Owner, &micros, &m.Text, &m.Done, &m.Since, &m.Till)
	m.Value, m.Since, m.Till = money.FromMicros(micros), m.Since.UTC(), m.Till.UTC()
	return m, err
}

// Open implements alert.Book.
func (a *Alerts) Open(ctx context.Context) ([]alert.Alarm, error) {
	return a.alarms(ctx, selectAlarm+` WHERE till IS NULL ORDER BY id LIMIT $1`, MaxLines)
}

// Alarms returns the alarms of a tenant, or of all, the newest first; limit is at most MaxLines.
func (a *Alerts) Alarms(ctx context.Context, tenant string, onlyOpen bool, limit int) ([]alert.Alarm, error) {
	return a.alarms(ctx, selectAlarm+` WHERE ($1 = '' OR tenant = $1) AND (NOT $2 OR till IS NULL) ORDER BY till IS NOT NULL, id DESC LIMIT $3`,
		tenant, onlyOpen, min(max(1, limit), MaxLines))
}

func (a *Alerts) alarms(ctx context.Context, query string, args ...any) ([]alert.Alarm, error) {
	rows, err := a.db.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("alarms: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanAlarm)
	if err != nil {
		return nil, fmt.Errorf("alarms: %w", err)
	}
	return list, nil
}

// Fire implements alert.Book.
func (a *Alerts) Fire(ctx context.Context, m alert.Alarm, channels []string) error {
	err := a.db.inTx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `INSERT INTO alarm (rule, tenant, owner, value, text, done, since) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (rule, tenant, owner) WHERE till IS NULL DO NOTHING RETURNING id`,
			m.Rule, m.Tenant, m.Owner, m.Value.Micros(), m.Text, m.Done, m.Since).Scan(&m.ID)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return a.write(ctx, tx, &m, "fires", channels)
	})
	if err != nil {
		return fmt.Errorf("alarm of %s: %w", m.Rule, err)
	}
	return nil
}

// Clear implements alert.Book.
func (a *Alerts) Clear(ctx context.Context, m alert.Alarm, channels []string) error {
	err := a.db.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE alarm SET till = $2 WHERE id = $1 AND till IS NULL`, m.ID, a.clock.Now())
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return a.write(ctx, tx, &m, "cleared", channels)
	})
	if err != nil {
		return fmt.Errorf("end of alarm %d: %w", m.ID, err)
	}
	return nil
}

func (a *Alerts) write(ctx context.Context, tx pgx.Tx, m *alert.Alarm, state string, channels []string) error {
	_, err := tx.Exec(ctx, `INSERT INTO alert_delivery (alarm, channel, state, value, text, made_at, due_at)
		SELECT $1, channel, $3, $4, $5, $6, $6 FROM unnest($2::text[]) AS c (channel)`, m.ID, channels, state, m.Value.Micros(), m.Text, a.clock.Now())
	return err
}
