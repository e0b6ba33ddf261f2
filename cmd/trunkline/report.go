package main

import (
	"cmp"
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/reporting"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/reports"
	"trunkline/reports/export"
	"trunkline/reports/invoice"
	"trunkline/reports/mail"
	"trunkline/reports/traffic"
)

func newReportCommand() *cobra.Command {
	return group(&cobra.Command{Use: "report", Short: "Reports: statistics, expenses by branch, call records, reports by mail"},
		newStatsCommand(), newLinesCommand(), newExpensesCommand(), newCDRCommand(), newFieldsCommand(), newRebuildCommand(), newScheduleCommand())
}

func newStatsCommand() *cobra.Command {
	var o console.QuestionText
	var out, locale string
	var formulas bool
	cmd := &cobra.Command{Use: "stats", Short: "Calls or attempts, ASR, ACD, NER, PDD, minutes, sale, cost and margin, by what you like"}
	format := formatFlag(cmd, "table", "csv", "json")
	f := cmd.Flags()
	f.StringVar(&o.Period, "period", "this-month", "time to report on")
	f.BoolVar(&o.Compare, "compare", false, "with the period before")
	f.StringVar(&o.CompareTo, "compare-to", "", "with this period instead")
	f.StringVar(&o.Zone, "zone", "", "time zone, such as Europe/Moscow; the tenant's, or UTC, if empty")
	f.StringVar(&o.By, "by", "", "what rows are made of, such as branch,day")
	f.StringVar(&o.Filter, "filter", "", "filter line")
	f.StringVar(&o.Side, "side", "calls", "calls or attempts")
	f.StringVar(&o.Tenant, "tenant", "", "only of this tenant")
	f.StringVar(&o.Branch, "branch", "", "only of this branch of the tenant")
	f.IntVar(&o.Top, "top", 0, "so many rows, and one for the rest")
	f.StringVar(&o.Order, "order", "", "key, legs, answered, duration, sale or cost")
	f.StringVar(&o.Currency, "currency", "", "currency into which margins over several currencies are converted")
	f.BoolVar(&formulas, "formulas", false, "say how each figure is reckoned")
	f.StringVar(&out, "out", "", "write to a file: .csv, .xlsx, .parquet or .arrow")
	f.StringVar(&locale, "locale", "en", "with --out: en, or ru or de for a decimal comma")
	formerFlag(f, "against", "compare-to")
	formerFlag(f, "into", "currency")
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		q, err := c.ReadQuestion(c.Who, o)
		if err != nil {
			return err
		}
		answer, err := c.Stats(cmd.Context(), c.Who, q)
		if err != nil {
			return err
		}
		if out != "" {
			return reporting.PutTable(out, locale, export.OfAnswer(answer))
		}
		return terminal.Stats(cmd.OutOrStdout(), answer, formulas, *format)
	})
}

// linesOptions are the flags of `trunkline report lines`.
type linesOptions struct {
	console.LinesQuery

	period, from, to, zone, rows, out, locale string
	format                                    *string
}

func newLinesCommand() *cobra.Command {
	o := &linesOptions{}
	cmd := asking(&cobra.Command{Use: "lines", Short: "Traffic of lines: erlangs, busy hours, how long all were busy, how many are needed"}, o.run)
	f := cmd.Flags()
	f.StringVar(&o.Tenant, "tenant", "", "whose lines; gateways and carriers if empty")
	f.StringVar(&o.Branch, "branch", "", "only PBXs and trunks of this branch of the tenant")
	f.StringVar(&o.PBX, "pbx", "", "only lines of this PBX of the tenant")
	f.StringVar(&o.period, "period", "this-month", "time to report on")
	f.StringVar(&o.from, "from", "", "first day instead, such as 2026-10-01, or a moment")
	f.StringVar(&o.to, "to", "", "with --from: the day after the last, or a moment")
	f.StringVar(&o.zone, "zone", "", "time zone, such as Europe/Moscow; the tenant's, or UTC, if empty")
	f.StringVar(&o.rows, "rows", "group", "of table and csv: group, day or hour")
	f.StringVar(&o.out, "out", "", "write to a file: .csv, .xlsx, .parquet or .arrow")
	f.StringVar(&o.locale, "locale", "en", "with --out: en, or ru or de for a decimal comma")
	o.format = formatFlag(cmd, "table", "csv", "json")
	return cmd
}

func (o *linesOptions) run(cmd *cobra.Command, c *app.Local, _ []string) error {
	rows, err := traffic.ParseRows(o.rows)
	if err != nil {
		return withCode(exitUsage, err)
	}
	period := o.period
	if o.from != "" || o.to != "" {
		period = o.from + ".." + cmp.Or(o.to, c.Now().Format(time.RFC3339))
	}
	if o.Period, err = c.Period(c.Who, period, o.zone, o.Tenant); err != nil {
		return err
	}
	report, err := c.Lines(cmd.Context(), c.Who, o.LinesQuery)
	if err != nil {
		return err
	}
	if o.out != "" {
		return reporting.PutTable(o.out, o.locale, report.Table(rows))
	}
	return terminal.Lines(cmd.OutOrStdout(), report, rows, *o.format)
}

// expensesOptions are the flags of `trunkline report expenses`.
type expensesOptions struct {
	tenant, month, branch, column, out string
	detail                             bool
	format                             *string
}

func newExpensesCommand() *cobra.Command {
	o := &expensesOptions{}
	cmd := asking(&cobra.Command{Use: "expenses --tenant ID", Short: "What every branch of a tenant cost in a month, footed to the invoice"}, o.run)
	f := cmd.Flags()
	f.StringVar(&o.tenant, "tenant", "", "tenant")
	f.StringVar(&o.month, "month", "", "month in which the period begins, such as 2026-11; the present one if empty")
	f.BoolVar(&o.detail, "detail", false, "each call and fee instead")
	f.StringVar(&o.branch, "branch", "", "with --detail: only of this branch")
	f.StringVar(&o.column, "column", "", "with --detail: only of this column, such as mobile or shared")
	f.StringVar(&o.out, "out", "", "write to a file: .pdf, .xlsx, .csv (in the language of the profile), .parquet or .arrow")
	required(cmd, "tenant")
	o.format = formatFlag(cmd, "table", "csv", "json")
	return cmd
}

func (o *expensesOptions) run(cmd *cobra.Command, c *app.Local, _ []string) (err error) {
	ctx := cmd.Context()
	if o.month == "" {
		if o.month, err = c.PresentMonth(ctx, c.Who, o.tenant); err != nil {
			return err
		}
	}
	if o.detail {
		return o.details(cmd, c)
	}
	report, err := c.Expenses(ctx, c.Who, o.tenant, o.month)
	if err != nil {
		return err
	}
	if o.out != "" {
		err = o.writeFile(ctx, c, report)
	} else {
		err = terminal.Expenses(cmd.OutOrStdout(), report, o.month, *o.format)
	}
	if err != nil {
		return err
	}
	return c.AgreesWithLedger(ctx, c.Who, report)
}

func (o *expensesOptions) writeFile(ctx context.Context, c *app.Local, e *reports.Expenses) error {
	profile, err := c.ProfileOf(ctx, c.Who, o.tenant)
	if err != nil {
		return err
	}
	return reporting.PutFile(o.out, func(w io.Writer) error { return reporting.WriteExpenses(w, o.out, e, profile) })
}

// details lists what is behind the report.
func (o *expensesOptions) details(cmd *cobra.Command, c *app.Local) error {
	t := terminal.ExpenseDetails()
	only := invoice.DetailFilter{Branch: o.branch, Column: reports.Column(o.column)}
	if err := c.ExpenseDetail(cmd.Context(), c.Who, o.tenant, o.month, only, func(d *invoice.Detail) error {
		t.AddExpense(d)
		return nil
	}); err != nil {
		return err
	}
	return t.Write(cmd.OutOrStdout(), *o.format)
}

func newCDRCommand() *cobra.Command {
	q := console.CallQuery{Attempts: true}
	var line string
	var answered bool
	words := []reports.Narrowed{
		{Name: "extension", Field: "extension"},
		{Name: "carrier", Field: "carrier"},
		{Name: "gateway", Field: "gateway"},
		{Name: "called", Field: "to", Begin: true},
		{Name: "caller", Field: "from", Begin: true},
		{Name: "kind", Field: "kind"},
		{Name: "direction", Field: "direction"},
		{Name: "call", Field: "call"},
	}
	cmd := &cobra.Command{Use: "cdr", Short: "Rated legs, the newest first"}
	format := formatFlag(cmd, "table", "csv", "json")
	f := cmd.Flags()
	for i, usage := range []string{
		"extension", "carrier", "gateway", "beginning of the called number", "beginning of the caller's number", "ingress or egress",
		"outbound, inbound, forwarded or internal", "id of one call",
	} {
		f.StringVar(&words[i].Value, words[i].Name, "", usage)
	}
	momentVar(f, &q.Period.From, "from", "first day or moment")
	timeVar(f, &q.Period.Until, "to", "day or moment after the last", wantMoment+"; the called number is --called", time.DateOnly, time.RFC3339)
	formerFlag(f, "till", "to")
	f.StringVar(&q.Tenant, "tenant", "", "tenant")
	f.StringVar(&q.Branch, "branch", "", "branch")
	f.StringVar(&line, "filter", "", "filter line")
	f.BoolVar(&answered, "answered", false, "only answered legs")
	f.IntVar(&q.Limit, "limit", 50, "most rows, up to 10000")
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, _ []string) (err error) {
		if answered {
			words = append(words, reports.Narrowed{Name: "answered", Field: "answered", Value: "yes"})
		}
		if q.Filter, err = reports.NarrowFilter(line, words); err != nil {
			return withCode(exitUsage, err)
		}
		legs, err := c.Calls(cmd.Context(), c.Who, q)
		if err != nil {
			return err
		}
		return terminal.Legs(cmd.OutOrStdout(), legs, *format)
	})
}

func newFieldsCommand() *cobra.Command {
	return bare(&cobra.Command{Use: "fields", Short: "What filter lines can look at"}, func(cmd *cobra.Command, _ []string) error {
		return say(cmd, nil, "%s", reports.FilterHelp())
	})
}

func newRebuildCommand() *cobra.Command {
	return asking(&cobra.Command{
		Use: "rebuild", Short: "Make the sums that statistics are answered from anew",
	}, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		return c.RebuildSums(cmd.Context(), c.Who, func(month string) { cmd.Println(month[:4] + "-" + month[4:]) })
	})
}

func newScheduleCommand() *cobra.Command {
	return group(&cobra.Command{Use: "schedule", Short: "Reports by mail, on a schedule"},
		newScheduleApplyCommand(), newScheduleListCommand(), newScheduleSendCommand(), newScheduleRemoveCommand())
}

func newScheduleApplyCommand() *cobra.Command {
	return applying(&cobra.Command{
		Use: "apply -f FILE", Short: "Store the schedules of a YAML list; others stay as they are",
	}, "YAML file, or - for what is piped in", mail.Parse, func(cmd *cobra.Command, c *app.Local, list []mail.Schedule) error {
		return say(cmd, c.PutSchedules(cmd.Context(), c.Who, list), "%d schedules\n", len(list))
	})
}

func newScheduleListCommand() *cobra.Command {
	return listingAll(&cobra.Command{Use: "list", Short: "Schedules, when each is due, and what became of it"},
		terminal.Schedules, (*console.Console).Schedules)
}

func newScheduleSendCommand() *cobra.Command {
	return asking(&cobra.Command{
		Use: "send ID", Short: "Make a report and send it now", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		return c.SendSchedule(cmd.Context(), c.Who, args[0])
	})
}

func newScheduleRemoveCommand() *cobra.Command {
	return asking(&cobra.Command{
		Use: "remove ID", Short: "Take a schedule away", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		return c.RemoveSchedule(cmd.Context(), c.Who, args[0])
	})
}
