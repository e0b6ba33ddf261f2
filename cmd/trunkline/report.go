package main

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/reporting"
	"trunkline/reports"
	"trunkline/reports/invoice"
)

func newReportCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "report", Short: "Reports: statistics, expenses by branch, call records, reports by mail"}
	cmd.AddCommand(newStatsCommand(), newLinesCommand(), newExpensesCommand(), newCDRCommand(), newFieldsCommand(), newRebuildCommand(), newScheduleCommand())
	return cmd
}

// expensesOptions are the flags of `trunkline report expenses`.
type expensesOptions struct {
	tenant, month, branch, column, out, format string
	detail                                     bool
	config                                     configFlags
}

func newExpensesCommand() *cobra.Command {
	o := &expensesOptions{}
	cmd := &cobra.Command{
		Use:   "expenses --tenant ID",
		Short: "What every branch of a tenant cost in a month, footed to the invoice",
		Long: `Expenses lists the branches of a tenant with their calls, billed minutes and what they cost: local, long distance, mobile,
international, incoming; fees of numbers, recording, storage; their share of the fees of the whole company; rounding, tax and
total; against the month before. Rows and columns foot in whole coins, and the total is that of the invoice: the issued one,
or the one that would be made now. What the calls come to is compared with the ledger, to the last place.

--detail lists each call and each fee behind the figures, of one --branch or one --column if named.

Exit status: 0 done; 2 an option is wrong; 4 the report does not agree with the ledger, or no engine can be reached.`,
		Example: "  trunkline report expenses --tenant beauty --month 2026-11\n" +
			"  trunkline report expenses --tenant beauty --month 2026-11 --format csv > expenses.csv\n" +
			"  trunkline report expenses --tenant beauty --month 2026-11 --out expenses.pdf\n" +
			"  trunkline report expenses --tenant beauty --month 2026-11 --detail --branch kazan --column mobile",
		Args: cobra.NoArgs,
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			return o.run(cmd.Context(), c, cmd.OutOrStdout())
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.tenant, "tenant", "", "tenant")
	f.StringVar(&o.month, "month", "", "month in which the period begins, such as 2026-11; the present one if empty")
	f.BoolVar(&o.detail, "detail", false, "each call and fee instead")
	f.StringVar(&o.branch, "branch", "", "with --detail: only of this branch")
	f.StringVar(&o.column, "column", "", "with --detail: only of this column, such as mobile or shared")
	f.StringVar(&o.out, "out", "", "write to a file: .pdf, .xlsx, .csv (in the language of the profile), .parquet or .arrow")
	formatFlag(cmd, &o.format)
	o.config.register(cmd)
	_ = cmd.MarkFlagRequired("tenant") // It fails only for a flag that does not exist.
	return cmd
}

func (o *expensesOptions) run(ctx context.Context, c *app.Local, out io.Writer) (err error) {
	if o.month == "" {
		if o.month, err = c.PresentMonth(ctx, c.Who, o.tenant); err != nil {
			return err
		}
	}
	if o.detail {
		return o.writeDetail(ctx, c, out)
	}
	report, err := c.Expenses(ctx, c.Who, o.tenant, o.month)
	if err != nil {
		return err
	}
	if o.out != "" {
		err = o.writeFile(ctx, c, report)
	} else {
		err = o.write(out, report)
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
	return writeFile(o.out, func(w io.Writer) error { return reporting.WriteExpenses(w, o.out, e, profile) })
}

func (o *expensesOptions) write(out io.Writer, e *reports.Expenses) error {
	if o.format == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"tenant": e.Tenant, "month": o.month, "currency": e.Currency, "rows": e.Rows, "total": e.Total})
	}
	t := &table{columns: []string{"branch", "name", "calls", "minutes"}, of: "branches of " + e.Tenant + ", " + o.month + ", " + e.Currency.String()}
	if o.format == "csv" {
		t.columns = []string{"month", "tenant", "branch", "name", "calls", "billed_seconds"}
	}
	for _, c := range reports.Columns() {
		if e.Used(c) || o.format == "csv" {
			t.columns = append(t.columns, string(c))
		}
	}
	t.columns = append(t.columns, "total", "month_before", "change")
	if o.format == "csv" {
		t.columns = append(t.columns, "currency")
	}
	for i := range e.Rows {
		t.add(o.cells(e, &e.Rows[i])...)
	}
	t.add(o.cells(e, &e.Total)...)
	return t.write(out, o.format)
}

func (o *expensesOptions) cells(e *reports.Expenses, r *reports.ExpenseRow) []string {
	scale := e.Currency.MinorUnits()
	cells := []string{r.Branch, r.Name, strconv.FormatInt(r.Calls, 10), reports.Minutes(r.Seconds)}
	if o.format == "csv" {
		cells = []string{o.month, e.Tenant, r.Branch, r.Name, strconv.FormatInt(r.Calls, 10), strconv.FormatInt(r.Seconds, 10)}
	}
	for _, c := range reports.Columns() {
		if e.Used(c) || o.format == "csv" {
			cells = append(cells, r.Cells[c].Format(scale))
		}
	}
	cells = append(cells, r.Total.Format(scale), r.Previous.Format(scale), r.Change.Format(scale))
	if o.format == "csv" {
		cells = append(cells, e.Currency.String())
	}
	return cells
}

// writeDetail lists what is behind the report.
func (o *expensesOptions) writeDetail(ctx context.Context, c *app.Local, out io.Writer) error {
	t := &table{columns: []string{"column", "branch", "time", "extension", "what", "destination", "minutes", "amount"}, of: "calls and fees"}
	err := c.ExpenseDetail(ctx, c.Who, o.tenant, o.month, invoice.DetailFilter{Branch: o.branch, Column: reports.Column(o.column)}, func(d *invoice.Detail) error {
		t.add(string(d.Column), d.Branch, d.At.Format(time.RFC3339), d.Extension, d.Text, d.Destination, minutesOf(d), d.Amount.String())
		return nil
	})
	if err != nil {
		return err
	}
	return t.write(out, o.format)
}

func minutesOf(d *invoice.Detail) string {
	if d.Extension == "" && d.Seconds == 0 {
		return ""
	}
	return reports.Minutes(d.Seconds)
}
