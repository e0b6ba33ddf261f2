package memory

import (
	"context"
	"io"

	"trunkline/console"
	"trunkline/reports/export"
	"trunkline/reports/mail"
)

// schedules are those of the rows: one.
type schedules struct{ *Rows }

// List implements console.Schedules.
func (schedules) List(context.Context) ([]mail.Scheduled, error) {
	return []mail.Scheduled{{Schedule: mail.Schedule{ID: "monthly", Tenant: "acme"}}}, nil
}

// Put implements console.Schedules.
func (s schedules) Put(context.Context, mail.Schedule, string) error {
	s.did("put schedule")
	return nil
}

// Remove implements console.Schedules.
func (s schedules) Remove(context.Context, string) error {
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
func (a archive) Rebuild(context.Context, func(table, month string)) error {
	a.did("rebuild")
	return nil
}
