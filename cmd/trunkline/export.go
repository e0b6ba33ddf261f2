package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/reporting"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/reports"
	"trunkline/reports/export"
)

func newExportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "export", Short: "Call records as CSV, XLSX, Parquet or Arrow, however many",
	}
	cmd.AddCommand(newExportCDRCommand())
	return cmd
}

// exportOptions are the flags of `trunkline export cdr`.
type exportOptions struct {
	period, zone, tenant, branch, kind, line, out, format, locale string
	bom, daily, quiet                                             bool
	config                                                        configFlags
}

func newExportCDRCommand() *cobra.Command {
	o := &exportOptions{}
	cmd := &cobra.Command{
		Use: "cdr --out FILE", Short: "Write call records to a file", Args: cobra.NoArgs,
		Long: `Cdr streams the records of a period into a file; its ending says the format: .csv, .xlsx, .parquet or .arrow (the streaming
form of Arrow IPC). A million rows take no more memory than a thousand. Amounts and seconds of reversed records are below zero,
so that every column adds up.

--locale ru or de writes a decimal comma and semicolons, --bom the mark by which Excel knows UTF-8. Times of CSV and XLSX are
in the tenant's time zone unless --zone names another; Parquet and Arrow keep UTC. In CSV they have their offset, unless they are UTC.

With --daily, --out is a folder that gets one file a day, in --format. A file is put in place when it is whole, and days that
are there already are left as they are: an export that was broken off goes on where it was when it is started again.`,
		Example: "  trunkline export cdr --tenant beauty --period 2026-10 --out october.xlsx\n" +
			"  trunkline export cdr --tenant beauty --period 2026-10 --kind ingress --locale ru --bom --out october.csv\n" +
			"  trunkline export cdr --period 2026-10 --daily --format parquet --out /srv/archive",
		RunE: onConsole(&o.config, o.run),
	}
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
	_ = cmd.MarkFlagRequired("out") // It fails only for a flag that does not exist.
	o.config.register(cmd)
	return cmd
}

func (o *exportOptions) run(cmd *cobra.Command, c *app.Local, _ []string) error {
	ctx := cmd.Context()
	q, options, err := o.query(c)
	if err != nil {
		return err
	}
	job := &exportJob{c: c, options: options, query: q, told: func(int64) {}}
	if !o.quiet {
		if job.total, _, err = c.CountCalls(ctx, c.Who, q); err != nil {
			return err
		}
		job.told = progress(cmd.ErrOrStderr(), job.total)
	}
	if o.daily {
		err = job.daily(ctx, o.out)
	} else {
		err = job.file(ctx, o.out, q)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d records\n", job.rows)
	return err
}

// query puts the flags together.
func (o *exportOptions) query(c *app.Local) (q console.CallQuery, options export.Options, err error) {
	q = console.CallQuery{Tenant: o.tenant, Branch: o.branch, Attempts: true}
	if q.Period, err = c.Period(c.Who, o.period, o.zone, o.tenant); err != nil {
		return q, options, err
	}
	line := o.line
	if o.kind != "" {
		line += " kind:" + o.kind
	}
	if q.Filter, err = reports.ParseFilter(line); err != nil {
		return q, options, withCode(exitUsage, fmt.Errorf("--filter and --kind: %w", err))
	}
	options, err = reporting.Format(o.format, o.out, o.locale)
	options.BOM, options.Zone = o.bom, q.Period.Zone
	return q, options, withCode(exitUsage, err)
}

// exportJob writes files.
type exportJob struct {
	c           *app.Local
	options     export.Options
	query       console.CallQuery
	rows, total int64
	told        func(rows int64)
}

func (j *exportJob) file(ctx context.Context, name string, q console.CallQuery) error {
	before := j.rows
	return writeFile(name, func(out io.Writer) error {
		n, err := j.c.ExportRecords(ctx, j.c.Who, q, j.options, out, func(rows int64) { j.told(before + rows) })
		j.rows = before + n
		return err
	})
}

// daily writes a file for every day of the period that has none yet, and is over.
func (j *exportJob) daily(ctx context.Context, folder string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return withCode(exitUsage, err)
	}
	for _, day := range j.query.Period.Days() {
		name := filepath.Join(folder, "cdr-"+day.From.In(day.Zone).Format(time.DateOnly)+"."+string(j.options.Format))
		if _, err := os.Stat(name); err == nil || !errors.Is(err, os.ErrNotExist) {
			continue
		}
		if j.c.Now().Before(day.Until) {
			return nil
		}
		q := j.query
		q.Period = day
		if err := j.file(ctx, name, q); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
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
