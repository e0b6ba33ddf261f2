package console

import (
	"context"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/cdr"
	"trunkline/job"
	"trunkline/reports/export"
)

// CountCalls tells how many calls a search finds, and whether they are too many to be written to a file while somebody waits.
func (c *Console) CountCalls(ctx context.Context, who *access.Principal, q CallQuery) (n int64, long bool, err error) {
	if err := c.callsAllowed(who, &q); err != nil {
		return 0, false, err
	}
	n, err = c.d.Records.Count(ctx, c.recordQuery(who, q))
	return n, n > exportMost, err
}

// StartExport begins to write all calls that a search finds to a file, the oldest of each client first.
func (c *Console) StartExport(ctx context.Context, who *access.Principal, q CallQuery, f File) (job.Job, error) {
	if err := c.callsAllowed(who, &q); err != nil {
		return job.Job{}, err
	}
	asker := *who
	j := job.Job{Kind: job.Export, Tenant: q.Tenant, Branch: q.Branch, Needs: needsOf(who, access.ReadCalls), Purpose: askedCalls(&q, f)}
	return c.start(ctx, who, j, func(ctx context.Context, m *job.Meter) error {
		return c.export(ctx, &asker, q, f, m)
	})
}

// askedCalls says what calls were asked for.
func askedCalls(q *CallQuery, f File) string {
	const form = "2006-01-02 15:04"
	zone := f.Zone
	if zone == nil {
		zone = time.UTC
	}
	parts := []string{string(f.Format), q.Period.From.In(zone).Format(form) + " – " + q.Period.Until.In(zone).Format(form)}
	for _, part := range []string{q.Tenant, q.Branch, q.Filter.String()} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// toldEvery is after how many calls it is told how far an export is.
const toldEvery = 1000

func (c *Console) export(ctx context.Context, who *access.Principal, q CallQuery, f File, m *job.Meter) (err error) {
	records := c.recordQuery(who, q)
	total, err := c.d.Records.Count(ctx, records)
	if err != nil {
		return err
	}
	m.Of(total)
	hide, columns := redactor[CallLeg](who), callColumns(who)
	out := m.File(ctx, "calls."+string(f.Format))
	sheet, err := export.NewSheet(out, fieldsOf(columns), f.Options("calls"))
	if err != nil {
		return err
	}
	n := int64(0)
	err = c.d.Records.Each(ctx, records, func(r *cdr.Record) error {
		leg := legFor(hide, r)
		if n++; n%toldEvery == 0 {
			m.At(n)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return sheet.Add(leg.cells(columns, f.Zone)...)
	})
	m.At(n)
	if err != nil {
		_ = sheet.Close() // What is half written is thrown away.
		return err
	}
	if err := sheet.Close(); err != nil {
		return err
	}
	m.Note("%d calls", n)
	return out.Close()
}
