package reporting

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"trunkline/app/billing"
	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/reports"
	"trunkline/reports/export"
	"trunkline/reports/invoice"
	"trunkline/reports/mail"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

// Maker makes the reports that are sent by mail.
type Maker struct {
	Stores *store.Stores
}

// Make implements mail.Maker.
func (m Maker) Make(ctx context.Context, d mail.Due) (mail.Letter, error) {
	s := &d.Schedule
	var file bytes.Buffer
	var told string
	var err error
	switch s.Report {
	case "expenses":
		told, err = m.expenses(ctx, s, d.At, &file)
	case "stats":
		told, err = m.stats(ctx, s, d.At, &file)
	default:
		told, err = m.records(ctx, s, d.At, &file)
	}
	if err != nil {
		return mail.Letter{}, fmt.Errorf("make report %s: %w", s.ID, err)
	}
	subject := s.Report + " " + s.Tenant + ", " + told
	return mail.Letter{
		Subject: subject, Text: subject + "\n\nSent by Trunkline, schedule " + s.ID + ".\n", Name: s.ID + "-" + d.At.Format(time.DateOnly) + "." + s.Format, File: file.Bytes(),
	}, nil
}

func (m Maker) options(s *mail.Schedule, zone *time.Location) export.Options {
	comma := s.Locale == "ru" || s.Locale == "de"
	return export.Options{Format: export.Format(s.Format), Comma: comma, BOM: comma, Zone: zone}
}

// expenses are those of the billing period before the one that the report is due in.
func (m Maker) expenses(ctx context.Context, s *mail.Schedule, due time.Time, out *bytes.Buffer) (string, error) {
	snapshot, err := m.Stores.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	zone, err := store.ZoneFor(snapshot, s.Tenant, "")
	if err != nil {
		return "", err
	}
	profiles, err := postgres.NewInvoices(m.Stores.DB, clock.System{}).Profiles(ctx)
	if err != nil {
		return "", err
	}
	profile := profiles[s.Tenant].Over(profiles[""])
	profile.Language = cmp.Or(s.Locale, profile.Language)
	present, err := invoice.PeriodAt(due, profile.StartDay, zone)
	if err != nil {
		return "", err
	}
	before, err := present.Before()
	if err != nil {
		return "", err
	}
	closer, err := billing.Closer(ctx, m.Stores, 0)
	if err != nil {
		return "", err
	}
	e, err := closer.Expenses(ctx, s.Tenant, before.Label)
	if err != nil {
		return "", err
	}
	return before.Label, WriteExpenses(out, "report."+s.Format, e, profile)
}

func (m Maker) stats(ctx context.Context, s *mail.Schedule, due time.Time, out *bytes.Buffer) (string, error) {
	q, err := m.question(ctx, s, due)
	if err != nil {
		return "", err
	}
	snapshot, err := m.Stores.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	exchange, err := store.ExchangeOf(snapshot)
	if err != nil {
		return "", err
	}
	a, err := reports.NewStats(m.Stores.Records, exchange, snapshot.Operator().ReportingCurrency()).Ask(ctx, q)
	if err != nil {
		return "", err
	}
	return q.Period.String(), export.OfAnswer(a).Write(out, m.options(s, q.Period.Zone))
}

// question is what a schedule asks, as of when it is due.
func (m Maker) question(ctx context.Context, s *mail.Schedule, due time.Time) (q reports.Question, err error) {
	snapshot, err := m.Stores.Snapshot(ctx)
	if err != nil {
		return q, err
	}
	zone, err := store.ZoneFor(snapshot, s.Tenant, s.Zone)
	if err != nil {
		return q, err
	}
	q.Tenant = s.Tenant
	if q.Period, err = reports.ParsePeriod(s.Period, zone, due); err != nil {
		return q, err
	}
	if q.Side, err = reports.ParseSide(s.Side); err != nil {
		return q, err
	}
	if q.By, err = reports.ParseDimensions(s.By); err != nil {
		return q, err
	}
	q.Filter, err = reports.ParseFilter(s.Filter)
	return q, err
}

func (m Maker) records(ctx context.Context, s *mail.Schedule, due time.Time, out *bytes.Buffer) (string, error) {
	q, err := m.question(ctx, s, due)
	if err != nil {
		return "", err
	}
	source, err := clickhouse.NewExporter(m.Stores.Engines.ClickHouse, m.Stores.Engines.ClickHouseHTTP, http.DefaultClient)
	if err != nil {
		return "", err
	}
	stream, err := source.Calls(ctx, clickhouse.Filter{Tenant: s.Tenant, From: q.Period.From, Till: q.Period.Until, Where: q.Filter})
	if err != nil {
		return "", err
	}
	defer stream.Close()
	_, err = export.Copy(ctx, &bounded{out, 2 * mail.MaxFile}, stream, m.options(s, q.Period.Zone), func(int64) {})
	return q.Period.String(), err
}

// bounded refuses what would be too much to attach.
type bounded struct {
	to   *bytes.Buffer
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.to.Len()+len(p) > b.most {
		return 0, fmt.Errorf("%w: the file has more than %d MiB: narrow the report, or export it to a folder", mail.ErrMail, b.most>>20)
	}
	return b.to.Write(p)
}
