package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Incident is something that did not match: a store that went back in time, a topic that was made anew, legs that are missing.
type Incident struct {
	ID      int64
	Kind    string // A short word.
	Subject string // What it is about; of one kind one is open for a subject.
	Detail  string // A sentence for people.
	Noticed time.Time
	Healed  time.Time // Zero: it is open.
	Outcome string    // How it was healed; empty while it is open.
}

type execer interface {
	Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
}

// noteIncident writes an incident down. One that is open already gets the newer detail.
func noteIncident(ctx context.Context, db execer, i Incident) error {
	var healed *time.Time
	if i.Outcome != "" {
		healed = &i.Noticed
	}
	_, err := db.Exec(ctx, `INSERT INTO incident (kind, subject, detail, noticed_at, healed_at, outcome) VALUES ($1, $2, $3, $4, $5, $6) `+
		`ON CONFLICT (kind, subject) WHERE healed_at IS NULL DO UPDATE SET detail = excluded.detail`,
		i.Kind, i.Subject, i.Detail, i.Noticed, healed, i.Outcome)
	if err != nil {
		return fmt.Errorf("note incident %s: %w", i.Kind, err)
	}
	return nil
}

// Note writes an incident down: open, or healed if it has an outcome. It may be repeated.
func (b *Books) Note(ctx context.Context, kind, subject, detail, outcome string) error {
	return noteIncident(ctx, b.db.pool, Incident{Kind: kind, Subject: subject, Detail: detail, Noticed: b.clock.Now(), Outcome: outcome})
}

// Heal closes the open incidents of a kind and subject, or of all its subjects if that is empty. It may be repeated.
func (b *Books) Heal(ctx context.Context, kind, subject, outcome string) error {
	_, err := b.db.pool.Exec(ctx, `UPDATE incident SET healed_at = $3, outcome = $4 WHERE healed_at IS NULL AND kind = $1 AND ($2 = '' OR subject = $2)`,
		kind, subject, b.clock.Now(), outcome)
	if err != nil {
		return fmt.Errorf("close incident %s: %w", kind, err)
	}
	return nil
}

// Close closes one open incident by its id, with who and why; false: there is none open of that id.
func (b *Books) Close(ctx context.Context, id int64, outcome string) (bool, error) {
	tag, err := b.db.pool.Exec(ctx, `UPDATE incident SET healed_at = $2, outcome = $3 WHERE id = $1 AND healed_at IS NULL`, id, b.clock.Now(), outcome)
	if err != nil {
		return false, fmt.Errorf("close incident %d: %w", id, err)
	}
	return tag.RowsAffected() > 0, nil
}

// Incidents returns the newest first, up to MaxLines; only those that are open, or all.
func (b *Books) Incidents(ctx context.Context, open bool) ([]Incident, error) {
	rows, err := b.db.pool.Query(ctx, `SELECT id, kind, subject, detail, noticed_at, coalesce(healed_at, '0001-01-01T00:00:00Z'), outcome FROM incident `+
		`WHERE NOT $1 OR healed_at IS NULL ORDER BY id DESC LIMIT $2`, open, MaxLines)
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Incident])
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	return all, nil
}
