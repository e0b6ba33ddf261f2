package app

import (
	"trunkline/app/reporting"
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
