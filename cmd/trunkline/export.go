package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/reporting"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/reports"
)

func newExportCommand() *cobra.Command {
	return group(&cobra.Command{Use: "export", Short: "Call records as CSV, XLSX, Parquet or Arrow, however many"}, newExportCDRCommand())
}

// exportOptions are the flags of `trunkline export cdr`.
type exportOptions struct {
	period, zone, tenant, branch, kind, line, out, format, locale string
	bom, daily, quiet                                             bool
}

func newExportCDRCommand() *cobra.Command {
	o := &exportOptions{}
	cmd := asking(&cobra.Command{Use: "cdr --out FILE", Short: "Write call records to a file"}, o.run)
	f := cmd.Flags()
	f.StringVar(&o.period, "period", "yesterday", "time to export, as in `trunkline report stats`")
	f.StringVar(&o.zone, "zone", "", "time zone, such as Europe/Moscow; the tenant's, or UTC, if empty")
	f.StringVar(&o.tenant, "tenant", "", "only of this tenant")
	f.StringVar(&o.branch, "branch", "", "only of this branch")
	f.StringVar(&o.kind, "kind", "", "ingress or egress; both if empty")
	f.StringVar(&o.line, "filter", "", "filter line")
	f.StringVar(&o.out, "out", "", "file to write, or with --daily a folder")
	f.StringVar(&o.format, "format", "", "with --daily: csv, xlsx, parquet or arrow")
	f.StringVar(&o.locale, "locale", "en", "en, or ru or de for a decimal comma")
	f.BoolVar(&o.bom, "bom", false, "begin CSV with a byte order mark")
	f.BoolVar(&o.daily, "daily", false, "one file a day; days that are there stay as they are")
	f.BoolVar(&o.quiet, "quiet", false, "do not tell how far it is")
	required(cmd, "out")
	return cmd
}

func (o *exportOptions) run(cmd *cobra.Command, c *app.Local, _ []string) error {
	ctx := cmd.Context()
	q, err := o.query(c)
	if err != nil {
		return err
	}
	options, err := reporting.Format(o.format, o.out, o.locale)
	if err != nil {
		return withCode(exitUsage, err)
	}
	options.BOM, options.Zone = o.bom, q.Period.Zone
	d := &reporting.Download{Console: c.Console, Who: c.Who, Query: q, Options: options, Now: c.Now}
	if !o.quiet {
		total, _, err := c.CountCalls(ctx, c.Who, q)
		if err != nil {
			return err
		}
		d.Told = progress(cmd.ErrOrStderr(), total)
	}
	write := d.File
	if o.daily {
		write = d.Daily
	}
	rows, err := write(ctx, o.out)
	return say(cmd, err, "%d records\n", rows)
}

// query puts the flags together.
func (o *exportOptions) query(c *app.Local) (q console.CallQuery, err error) {
	q = console.CallQuery{Tenant: o.tenant, Branch: o.branch, Attempts: true}
	if q.Period, err = c.Period(c.Who, o.period, o.zone, o.tenant); err != nil {
		return q, err
	}
	q.Filter, err = reports.NarrowFilter(o.line, []reports.Narrowed{{Name: "kind", Field: "kind", Value: o.kind}})
	return q, withCode(exitUsage, err)
}

// progress tells how far it is, at most once a second.
func progress(out io.Writer, total int64) func(int64) {
	var last time.Time
	return func(rows int64) {
		now := clock.System{}.Now()
		if now.Sub(last) < time.Second {
			return
		}
		last = now
		_, _ = fmt.Fprintf(out, "%d of %d records\n", rows, total)
	}
}
