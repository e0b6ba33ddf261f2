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

	"trunkline/app/reporting"
	"trunkline/app/store"
	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/reports"
	"trunkline/reports/export"
	"trunkline/sql/clickhouse"
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
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
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

func (o *exportOptions) run(ctx context.Context, out, errOut io.Writer) error {
	db, err := o.config.openStores(ctx, errOut)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	period, filter, options, err := o.parse(ctx, db)
	if err != nil {
		return withCode(exitUsage, err)
	}
	source, err := reporting.Exporter(db)
	if err != nil {
		return err
	}
	job := &exportJob{source: source, options: options, filter: filter, told: func(int64) {}}
	if !o.quiet {
		if job.total, err = db.Records.CountRecords(ctx, filter); err != nil {
			return err
		}
		job.told = progress(errOut, job.total)
	}
	if o.daily {
		err = job.daily(ctx, o.out, period)
	} else {
		err = job.file(ctx, o.out, filter)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d records\n", job.rows)
	return err
}

// parse puts the flags together.
func (o *exportOptions) parse(ctx context.Context, db *store.Stores) (p reports.Period, f clickhouse.Filter, options export.Options, err error) {
	snapshot, err := db.Snapshot(ctx)
	if err != nil {
		return p, f, options, err
	}
	zone, err := store.ZoneFor(snapshot, o.tenant, o.zone)
	if err != nil {
		return p, f, options, err
	}
	if p, err = reports.ParsePeriod(o.period, zone, clock.System{}.Now()); err != nil {
		return p, f, options, fmt.Errorf("--period: %w", err)
	}
	f = clickhouse.Filter{Tenant: o.tenant, Branch: o.branch, From: p.From, Till: p.Until}
	switch o.kind {
	case "":
	case cdr.Ingress.String():
		f.Kind = cdr.Ingress
	case cdr.Egress.String():
		f.Kind = cdr.Egress
	default:
		return p, f, options, fmt.Errorf("--kind %q: want ingress or egress", o.kind)
	}
	if f.Where, err = reports.ParseFilter(o.line); err != nil {
		return p, f, options, fmt.Errorf("--filter: %w", err)
	}
	options, err = reporting.Format(o.format, o.out, o.locale)
	options.BOM, options.Zone = o.bom, zone
	return p, f, options, err
}

// exportJob writes files.
type exportJob struct {
	source      *clickhouse.Exporter
	options     export.Options
	filter      clickhouse.Filter
	rows, total int64
	told        func(rows int64)
}

func (j *exportJob) file(ctx context.Context, name string, f clickhouse.Filter) error {
	stream, err := j.source.Calls(ctx, f)
	if err != nil {
		return err
	}
	defer stream.Close()
	before := j.rows
	return writeFile(name, func(out io.Writer) error {
		n, err := export.Copy(ctx, out, stream, j.options, func(rows int64) { j.told(before + rows) })
		j.rows = before + n
		return err
	})
}

// daily writes a file for every day of the period that has none yet, and is over.
func (j *exportJob) daily(ctx context.Context, folder string, p reports.Period) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return withCode(exitUsage, err)
	}
	for _, day := range p.Days() {
		name := filepath.Join(folder, "cdr-"+day.From.In(p.Zone).Format(time.DateOnly)+"."+string(j.options.Format))
		if _, err := os.Stat(name); err == nil || !errors.Is(err, os.ErrNotExist) {
			continue
		}
		if (clock.System{}).Now().Before(day.Until) {
			return nil
		}
		f := j.filter
		f.From, f.Till = day.From, day.Until
		if err := j.file(ctx, name, f); err != nil {
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
