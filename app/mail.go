package app

import (
	"context"
	"fmt"
	"log/slog"

	"trunkline/app/reporting"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/reports/mail"
	"trunkline/sql/postgres"
)

// mailReports sends what is due until the system ends; without a mail server it sends nothing.
func (s *System) mailReports() {
	if s.config.Alerts.SMTPHost == "" {
		return
	}
	c := &mail.Courier{
		Book: postgres.NewSchedules(s.Stores.DB, clock.System{}), Maker: reporting.Maker{Stores: s.Stores}, Carrier: s.config.Alerts.Post(), Clock: clock.System{}, Log: s.log,
	}
	s.running.Go(func() { c.Run(s.life) })
}

// schedules are kept in PostgreSQL, and mailed by the server of alerts.
type schedules struct {
	*postgres.Schedules

	b *business
}

// Send implements console.Schedules.
func (s schedules) Send(ctx context.Context, one mail.Schedule) error {
	if s.b.config.Alerts.SMTPHost == "" {
		return fmt.Errorf("%w: no mail server is set: set alerts.smtp_host and alerts.smtp_from", console.ErrConflict)
	}
	c := &mail.Courier{Maker: reporting.Maker{Stores: s.b.stores}, Carrier: s.b.config.Alerts.Post(), Clock: s.b.stores.Clock, Log: slog.New(slog.DiscardHandler)}
	return c.Send(ctx, mail.Due{Schedule: one, At: s.b.stores.Clock.Now()})
}
