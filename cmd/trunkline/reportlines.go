package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/reports/export"
	"trunkline/reports/traffic"
)

// linesOptions are the flags of `trunkline report lines`.
type linesOptions struct {
	tenant, branch, pbx, period, from, to, zone, rows, format, out, locale string
	config                                                                 configFlags
}

func newLinesCommand() *cobra.Command {
	o := &linesOptions{}
	cmd := &cobra.Command{
		Use:   "lines",
		Short: "Traffic of lines: erlangs, busy hours, how long all were busy, how many are needed",
		Long: `Lines reckons the traffic of a tenant's trunk groups: of its PBXs whose records are imported, by the group of each trunk
(pbxs.trunks.group), and of its own trunks. Without --tenant it is that of gateways and carriers, both ways.

A line is occupied from the seizure to the release. The busy hour of the period is the time-consistent one (ITU-T E.600): the hour
that, at the same time each day, carried most; --rows day shows that of each day. Lost are calls that a full group refused; traffic
offered is what was carried and what they would have brought. Lines needed lose one call of a hundred in the busy hour, by Erlang B.

At most 100 days at a time, in the tenant's time zone. Records from before lines were kept have none.`,
		Example: "  trunkline report lines --tenant beauty --from 2026-10-01 --to 2026-11-01\n" +
			"  trunkline report lines --tenant beauty --pbx moscow --period last-month --rows hour --format csv\n" +
			"  trunkline report lines --period 7d",
		Args: cobra.NoArgs,
		RunE: onConsole(&o.config, o.run),
	}
	f := cmd.Flags()
	f.StringVar(&o.tenant, "tenant", "", "whose lines; gateways and carriers if empty")
	f.StringVar(&o.branch, "branch", "", "only PBXs and trunks of this branch of the tenant")
	f.StringVar(&o.pbx, "pbx", "", "only lines of this PBX of the tenant")
	f.StringVar(&o.period, "period", "this-month", "time to report on")
	f.StringVar(&o.from, "from", "", "first day instead, such as 2026-10-01, or a moment")
	f.StringVar(&o.to, "to", "", "with --from: the day after the last, or a moment")
	f.StringVar(&o.zone, "zone", "", "time zone, such as Europe/Moscow; the tenant's, or UTC, if empty")
	f.StringVar(&o.rows, "rows", "group", "of table and csv: group, day or hour")
	f.StringVar(&o.out, "out", "", "write to a file: .csv, .xlsx, .parquet or .arrow")
	f.StringVar(&o.locale, "locale", "en", "with --out: en, or ru or de for a decimal comma")
	formatFlag(cmd, &o.format)
	o.config.register(cmd)
	return cmd
}

func (o *linesOptions) run(cmd *cobra.Command, c *app.Local, _ []string) error {
	rows, err := traffic.ParseRows(o.rows)
	if err != nil {
		return withCode(exitUsage, err)
	}
	if !slices.Contains([]string{"table", "csv", "json"}, o.format) {
		return withCode(exitUsage, fmt.Errorf("--format %q: want table, csv or json", o.format))
	}
	period := o.period
	if o.from != "" || o.to != "" {
		period = o.from + ".." + cmp.Or(o.to, c.Now().Format(time.RFC3339))
	}
	q := console.LinesQuery{Tenant: o.tenant, Branch: o.branch, PBX: o.pbx}
	if q.Period, err = c.Period(c.Who, period, o.zone, o.tenant); err != nil {
		return err
	}
	report, err := c.Lines(cmd.Context(), c.Who, q)
	if err != nil {
		return err
	}
	if o.out != "" {
		return writeTableFile(o.out, o.locale, report.Table(rows))
	}
	return o.write(cmd.OutOrStdout(), report, rows)
}

func (o *linesOptions) write(out io.Writer, r *traffic.Report, rows traffic.Rows) error {
	switch {
	case o.format == "json":
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	case o.format == "csv":
		return r.Table(rows).Write(out, export.Options{Format: export.CSV})
	case rows != traffic.ByGroup:
		return plainTable(r.Table(rows)).write(out, o.format)
	}
	return linesTable(r).write(out, o.format)
}

// plainTable is a table as text.
func plainTable(from *export.Table) *table {
	t := &table{of: "rows"}
	for _, f := range from.Fields {
		t.columns = append(t.columns, f.Name)
	}
	for _, row := range from.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			if cell != nil {
				cells[i] = dash(fmt.Sprint(cell))
			}
		}
		t.add(cells...)
	}
	return t
}

// linesTable tells of each group what matters most; all of it is in csv and json.
func linesTable(r *traffic.Report) *table {
	t := &table{of: "trunk groups", columns: []string{
		"kind", "group", "lines", "calls", "lost", "erlang", "busy_hour", "carried", "offered", "peak", "peak_at", "all_busy", "needed", "unused",
	}}
	for i := range r.Groups {
		g := &r.Groups[i]
		hour, carried, offered, count, at := "", "", "", "", ""
		if b := g.BusyHour; b != nil {
			hour, carried, offered = b.Start, b.Carried.String(), b.Offered.String()
		}
		if g.Lines > 0 {
			count = strconv.Itoa(g.Lines)
		}
		if !g.PeakAt.IsZero() {
			at = g.PeakAt.Format(time.DateTime)
		}
		t.add(string(g.Kind), strings.TrimPrefix(g.Owner+"/"+g.ID, "/"), dash(count), strconv.FormatInt(g.Calls, 10), strconv.FormatInt(g.Lost, 10), g.Carried.String(),
			dash(hour), dash(carried), dash(offered), strconv.Itoa(g.Peak), dash(at), (time.Duration(g.AllBusySeconds) * time.Second).String(),
			strconv.Itoa(g.Needed), dash(strings.Join(g.Unused, " ")))
	}
	return t
}
