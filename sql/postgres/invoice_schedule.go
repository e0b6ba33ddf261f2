package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/clock"
	"trunkline/reports/mail"
)

// Schedules keeps reports that are sent by mail. It is safe for concurrent use.
type Schedules struct {
	db    *DB
	clock clock.Clock
}

// NewSchedules returns the store on a database whose migrations have run.
func NewSchedules(db *DB, c clock.Clock) *Schedules { return &Schedules{db, c} }

// Put stores a schedule, anew or in the place of the one with its id. It is due as it says, from now on.
func (s *Schedules) Put(ctx context.Context, one mail.Schedule, by string) error {
	if err := one.Validate(); err != nil {
		return err
	}
	now := s.clock.Now()
	due, err := one.Next(now)
	if err != nil {
		return err
	}
	spec, err := json.Marshal(one)
	if err != nil {
		return fmt.Errorf("schedule %s: %w", one.ID, err)
	}
	_, err = s.db.pool.Exec(ctx, `INSERT INTO report_schedule (id, spec, due_at, try_at, changed_at, changed_by) VALUES ($1, $2, $3, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET spec = $2, due_at = $3, try_at = $3, tries = 0, failure = '', changed_at = $4, changed_by = $5`, one.ID, spec, due, now, by)
	if err != nil {
		return fmt.Errorf("schedule %s: %w", one.ID, err)
	}
	return nil
}

// Remove takes a schedule away.
func (s *Schedules) Remove(ctx context.Context, id string) error {
	tag, err := s.db.pool.Exec(ctx, `DELETE FROM report_schedule WHERE id = $1`, id)
	if err == nil && tag.RowsAffected() == 0 {
		err = mail.ErrNoSchedule
	}
	if err != nil {
		return fmt.Errorf("schedule %s: %w", id, err)
	}
	return nil
}

// List returns all schedules in the order of their ids.
func (s *Schedules) List(ctx context.Context) ([]mail.Scheduled, error) {
	rows, err := s.db.pool.Query(ctx, `SELECT spec, due_at, tries, sent_at, failure FROM report_schedule ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("schedules: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (mail.Scheduled, error) {
		var one mail.Scheduled
		var spec []byte
		var sent *time.Time
		if err := row.Scan(&spec, &one.Due, &one.Tries, &sent, &one.Failure); err != nil {
			return one, err
		}
		if sent != nil {
			one.Sent = sent.UTC()
		}
		one.Due = one.Due.UTC()
		return one, json.Unmarshal(spec, &one.Schedule)
	})
	if err != nil {
		return nil, fmt.Errorf("schedules: %w", err)
	}
	return list, nil
}

// Claim implements mail.Book.
func (s *Schedules) Claim(ctx context.Context, now, until time.Time) (mail.Due, bool, error) {
	var d mail.Due
	var spec []byte
	err := s.db.pool.QueryRow(ctx, `UPDATE report_schedule SET try_at = $2 WHERE id = (
		SELECT id FROM report_schedule WHERE try_at <= $1 AND coalesce((spec->>'off')::boolean, false) = false ORDER BY try_at LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING spec, due_at, tries`, now, until).Scan(&spec, &d.At, &d.Tries)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, false, nil
	}
	if err != nil {
		return d, false, fmt.Errorf("schedule that is due: %w", err)
	}
	d.At = d.At.UTC()
	if err := json.Unmarshal(spec, &d.Schedule); err != nil {
		return d, false, fmt.Errorf("schedule that is due: %w", err)
	}
	return d, true, nil
}

// Done implements mail.Book. A schedule that was changed meanwhile keeps its new time.
func (s *Schedules) Done(ctx context.Context, d mail.Due, next time.Time, failure string) error {
	var sent *time.Time
	if failure == "" {
		now := s.clock.Now()
		sent = &now
	}
	_, err := s.db.pool.Exec(ctx, `UPDATE report_schedule SET due_at = $3, try_at = $3, tries = 0, sent_at = coalesce($4, sent_at), failure = $5 WHERE id = $1 AND due_at = $2`,
		d.Schedule.ID, d.At, next, sent, failure)
	if err != nil {
		return fmt.Errorf("schedule %s: %w", d.Schedule.ID, err)
	}
	return nil
}

// Again implements mail.Book.
func (s *Schedules) Again(ctx context.Context, d mail.Due, at time.Time, failure string) error {
	_, err := s.db.pool.Exec(ctx, `UPDATE report_schedule SET try_at = $3, tries = tries + 1, failure = $4 WHERE id = $1 AND due_at = $2`,
		d.Schedule.ID, d.At, at, failure)
	if err != nil {
		return fmt.Errorf("schedule %s: %w", d.Schedule.ID, err)
	}
	return nil
}
