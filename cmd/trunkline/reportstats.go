package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/reports"
	"trunkline/reports/export"
)

// statsOptions are the flags of `trunkline report stats`.
type statsOptions struct {
	period, compareTo, zone, by, filter, side, tenant, branch, order, currency, format, out, locale string
	compare, formulas                                                                               bool
	top                                                                                             int
	config                                                                                          configFlags
}

func newStatsCommand() *cobra.Command {
	o := &statsOptions{}
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Calls or attempts, ASR, ACD, NER, PDD, minutes, sale, cost and margin, by what you like",
		Long: `Stats counts calls, as their callers see them, or with --side attempts the tries at carriers; both are never mixed.
--by takes a list of tenant, branch, extension, number, direction, destination, country, carrier, gateway, cause, hour, day,
month, weekday, hour_of_day, and of status, caller, called, which are answered from the records and take longer.

--period takes 2026-10, 2026-10-05, 2026-10-05..2026-10-12, today, yesterday, this-month, last-month, 24h or 30d, in the
tenant's time zone unless --zone names another. --filter takes a filter line; ` + "`trunkline report fields`" + ` explains it.
--formulas says how each figure is reckoned.`,
		Example: "  trunkline report stats --tenant beauty --period 2026-10 --by branch --compare\n" +
			"  trunkline report stats --period yesterday --side attempts --by carrier --currency RUB --formulas\n" +
			"  trunkline report stats --tenant beauty --by weekday,hour_of_day --filter 'direction:outbound !to:7495%'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains([]string{"table", "csv", "json"}, o.format) {
				return withCode(exitUsage, fmt.Errorf("--format %q: want table, csv or json", o.format))
			}
			return onConsole(&o.config, o.run)(cmd, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.period, "period", "this-month", "time to report on")
	f.BoolVar(&o.compare, "compare", false, "with the period before")
	f.StringVar(&o.compareTo, "compare-to", "", "with this period instead")
	formerFlag(f, "against", "compare-to")
	f.StringVar(&o.zone, "zone", "", "time zone, such as Europe/Moscow; the tenant's, or UTC, if empty")
	f.StringVar(&o.by, "by", "", "what rows are made of, such as branch,day")
	f.StringVar(&o.filter, "filter", "", "filter line")
	f.StringVar(&o.side, "side", "calls", "calls or attempts")
	f.StringVar(&o.tenant, "tenant", "", "only of this tenant")
	f.StringVar(&o.branch, "branch", "", "only of this branch of the tenant")
	f.IntVar(&o.top, "top", 0, "so many rows, and one for the rest")
	f.StringVar(&o.order, "order", "", "key, legs, answered, duration, sale or cost")
	f.StringVar(&o.currency, "currency", "", "currency into which margins over several currencies are converted")
	formerFlag(f, "into", "currency")
	f.BoolVar(&o.formulas, "formulas", false, "say how each figure is reckoned")
	f.StringVar(&o.format, "format", "table", "table, csv or json")
	f.StringVar(&o.out, "out", "", "write to a file: .csv, .xlsx, .parquet or .arrow")
	f.StringVar(&o.locale, "locale", "en", "with --out: en, or ru or de for a decimal comma")
	o.config.register(cmd)
	return cmd
}

func (o *statsOptions) run(cmd *cobra.Command, c *app.Local, _ []string) error {
	q, err := c.ReadQuestion(c.Who, console.QuestionText{
		Period: o.period, CompareTo: o.compareTo, Zone: o.zone, Tenant: o.tenant, Branch: o.branch, By: o.by, Filter: o.filter, Side: o.side, Order: o.order,
		Currency: o.currency, Compare: o.compare, Top: o.top,
	})
	if err != nil {
		return err
	}
	answer, err := c.Stats(cmd.Context(), c.Who, q)
	if err != nil {
		return err
	}
	if o.out != "" {
		return writeTableFile(o.out, o.locale, export.OfAnswer(answer))
	}
	return o.write(cmd.OutOrStdout(), answer)
}

func (o *statsOptions) write(out io.Writer, a *reports.Answer) error {
	switch o.format {
	case "json":
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(a)
	case "csv":
		return writeStatsCSV(out, a)
	}
	if err := writeStatsTable(out, a); err != nil || !o.formulas {
		return err
	}
	fmt.Fprintln(out)
	for _, f := range a.Formulas {
		fmt.Fprintf(out, "%-11s %s\n", f.Figure, f.Formula)
	}
	return nil
}

// statsColumns are the names of the figures in tables.
func statsColumns() []string {
	return []string{"legs", "answered", "asr_percent", "ner_percent", "acd_s", "pdd_p50_ms", "pdd_p95_ms", "minutes", "sale", "cost", "margin", "margin_percent"}
}

func statsCells(f *reports.Figures) []string {
	margin, part := "", ""
	if f.Margin != nil {
		margin = f.Margin.Amount.String() + " " + f.Margin.Currency.String()
	}
	if f.Margin == nil && f.MissingRate != "" {
		margin = "no rate " + f.MissingRate
	}
	if f.MarginPart != nil {
		part = f.MarginPart.String()
	}
	return []string{
		strconv.FormatInt(f.Legs, 10), strconv.FormatInt(f.Answered, 10), f.ASR.String(), f.NER.String(), strconv.FormatInt(int64(f.ACD+500)/1000, 10),
		strconv.FormatInt(int64(f.PDD50), 10), strconv.FormatInt(int64(f.PDD95), 10), reports.Minutes(f.Duration), purse(f.Sale), purse(f.Cost), margin, part,
	}
}

func purse(p reports.Purse) string {
	var parts []string
	for _, c := range p.Currencies() {
		parts = append(parts, p[c].Format(c.MinorUnits())+" "+c.String())
	}
	return strings.Join(parts, " + ")
}

func writeStatsTable(out io.Writer, a *reports.Answer) error {
	fmt.Fprintf(out, "%s, %s\n", a.Side, a.Period)
	if a.CompareTo != nil {
		fmt.Fprintf(out, "with a line below each for %s\n", a.CompareTo)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, d := range a.By {
		fmt.Fprintf(w, "%s\t", strings.ToUpper(string(d)))
	}
	fmt.Fprintf(w, "%s\t\n", strings.ToUpper(strings.Join(statsColumns(), "\t")))
	rows := slices.Clone(a.Rows)
	if len(a.By) > 0 {
		rows = append(rows, a.Total)
	}
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(w, "%s%s\t\n", strings.Join(rowKeys(a, r, i == len(rows)-1 && len(a.By) > 0), ""), strings.Join(dashes(statsCells(&r.Figures)), "\t"))
		if r.Before != nil {
			fmt.Fprintf(w, "%s%s\t\n", strings.Repeat("before\t", min(1, len(a.By)))+strings.Repeat("\t", max(0, len(a.By)-1)), strings.Join(dashes(statsCells(r.Before)), "\t"))
		}
	}
	return w.Flush()
}

func dashes(cells []string) []string {
	for i := range cells {
		cells[i] = dash(cells[i])
	}
	return cells
}

func rowKeys(a *reports.Answer, r *reports.Row, total bool) []string {
	out := make([]string, len(a.By))
	for i := range out {
		switch {
		case total || r.Other:
			out[i] = "\t"
		default:
			out[i] = dash(r.Keys[i]) + "\t"
		}
	}
	if total && len(out) > 0 {
		out[0] = "total\t"
	} else if r.Other {
		out[0] = fmt.Sprintf("%d others\t", r.Groups)
	}
	return out
}

func writeStatsCSV(out io.Writer, a *reports.Answer) error {
	w := csv.NewWriter(out)
	var head []string
	for _, d := range a.By {
		head = append(head, string(d))
	}
	head = append(head, statsColumns()...)
	if a.CompareTo != nil {
		for _, c := range statsColumns() {
			head = append(head, "before_"+c)
		}
	}
	if err := w.Write(head); err != nil {
		return err
	}
	for i := range a.Rows {
		r := &a.Rows[i]
		keys := slices.Clone(r.Keys)
		if r.Other {
			keys[0] = "other"
		}
		row := slices.Concat(keys, statsCells(&r.Figures))
		if r.Before != nil {
			row = append(row, statsCells(r.Before)...)
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func newFieldsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "fields",
		Short:   "What filter lines can look at",
		Example: "  trunkline report fields",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), reports.FilterHelp())
			return err
		},
	}
}

func newRebuildCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Make the sums that statistics are answered from anew",
		Long: `Rebuild makes the hourly and daily sums anew from the records, month by month, and checks that each month adds up. Do it
after an upgrade whose notes ask for it, or when a report and the records differ. It is best done while no worker runs: calls
that come in meanwhile make a month be summed again.

Exit status: 0 done; 4 calls came in time and again: repeat it while no worker runs.`,
		Example: "  trunkline report rebuild",
		Args:    cobra.NoArgs,
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			return c.RebuildSums(cmd.Context(), c.Who, func(table, month string) { cmd.Printf("%s of %s\n", table, month) })
		}),
	}
	f.register(cmd)
	return cmd
}
