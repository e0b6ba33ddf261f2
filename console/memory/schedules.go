package memory

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"trunkline/console"
	"trunkline/reports/export"
	"trunkline/reports/mail"
)

// schedules are those of the rows.
type schedules struct{ *Rows }

// List implements console.Schedules.
func (s schedules) List(context.Context) ([]mail.Scheduled, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.Mailed), nil
}

// Put implements console.Schedules.
func (s schedules) Put(_ context.Context, one mail.Schedule, _ string) error {
	s.did("put schedule")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Mailed = slices.DeleteFunc(s.Mailed, func(old mail.Scheduled) bool { return old.Schedule.ID == one.ID })
	s.Mailed = append(s.Mailed, mail.Scheduled{Schedule: one, Due: s.clock.Now().Add(time.Hour)})
	return nil
}

// Remove implements console.Schedules.
func (s schedules) Remove(_ context.Context, id string) error {
	s.mu.Lock()
	at := slices.IndexFunc(s.Mailed, func(old mail.Scheduled) bool { return old.Schedule.ID == id })
	if at >= 0 {
		s.Mailed = slices.Delete(s.Mailed, at, at+1)
	}
	s.mu.Unlock()
	if at < 0 {
		return fmt.Errorf("%w: %s", mail.ErrNoSchedule, id)
	}
	s.did("remove schedule")
	return nil
}

// Send implements console.Schedules.
func (s schedules) Send(context.Context, mail.Schedule) error {
	s.did("send schedule")
	return nil
}

// archive is that of the rows.
type archive struct{ *Rows }

// Export implements console.Archive.
func (a archive) Export(ctx context.Context, q console.RecordQuery, _ export.Options, _ io.Writer, told func(int64)) (int64, error) {
	n, err := a.Count(ctx, q)
	told(n)
	return n, err
}

// Rebuild implements console.Archive.
func (a archive) Rebuild(_ context.Context, told func(month string)) error {
	a.did("rebuild")
	told("2026-11")
	told("2026-11")
	return nil
}
