package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/provision"
	"trunkline/reports"
)

func newReportCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "report", Short: "Reports: statistics, expenses by branch, call records"}
	cmd.AddCommand(newStatsCommand(), newExpensesCommand(), newCDRCommand(), newFieldsCommand(), newRebuildCommand())
	return cmd
}

// expensesOptions are the flags of `trunkline report expenses`.
type expensesOptions struct {
	tenant string
	month  string
	by     string
	format string
	config configFlags
}

func newExpensesCommand() *cobra.Command {
	o := &expensesOptions{}
	cmd := &cobra.Command{
		Use:   "expenses --tenant ID",
		Short: "What every branch of a tenant talked for in a month",
		Long: `Expenses lists the branches of a tenant with their answered calls, billed minutes and what they cost: local, long
distance, mobile, international, incoming; against the month before. The month is that of the tenant's time zone. The total
equals the tenant's postings of usage in the ledger for the same time, to the last place.

Exit status: 0 done; 2 an option is wrong; 4 the report does not agree with the ledger, or no engine can be reached.`,
		Example: "  trunkline report expenses --tenant beauty --month 2026-11\n" +
			"  trunkline report expenses --tenant beauty --month 2026-11 --format csv > expenses.csv",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.tenant, "tenant", "", "tenant")
	f.StringVar(&o.month, "month", "", "month, such as 2026-11; the present one if empty")
	f.StringVar(&o.by, "by", "branch", "what the rows are: branch")
	f.StringVar(&o.format, "format", "table", "table, csv or json")
	o.config.register(cmd)
	_ = cmd.MarkFlagRequired("tenant") // It fails only for a flag that does not exist.
	return cmd
}

func (o *expensesOptions) run(ctx context.Context, out, errOut io.Writer) error {
	if o.by != "branch" {
		return withCode(exitUsage, fmt.Errorf("--by %q: want branch", o.by))
	}
	if !slices.Contains([]string{"table", "csv", "json"}, o.format) {
		return withCode(exitUsage, fmt.Errorf("--format %q: want table, csv or json", o.format))
	}
	db, err := o.config.openStores(ctx, errOut)
	if err != nil {
		return err
	}
	defer db.close(ctx)
	snapshot, err := db.snapshot(ctx)
	if err != nil {
		return err
	}
	tenant, ok := snapshot.Tenant(o.tenant)
	if !ok {
		return withCode(exitUsage, fmt.Errorf("there is no tenant %q", o.tenant))
	}
	month, err := o.monthOf(tenant)
	if err != nil {
		return withCode(exitUsage, err)
	}
	report, err := reports.ExpensesOf(ctx, db.records, tenant.ID, tenant.Currency, month, branchesOf(snapshot, tenant))
	if err != nil {
		return err
	}
	if err := writeExpenses(out, o.format, report); err != nil {
		return err
	}
	return agreesWithLedger(ctx, db, report)
}

func (o *expensesOptions) monthOf(t *provision.Tenant) (reports.Month, error) {
	zone, err := time.LoadLocation(t.TimeZone)
	if err != nil {
		return reports.Month{}, fmt.Errorf("time zone of tenant %s: %w", t.ID, err)
	}
	if o.month == "" {
		return reports.MonthOf(clock.System{}.Now(), zone), nil
	}
	return reports.ParseMonth(o.month, zone)
}

// branchesOf lists the branches of a tenant with where they are: the country of its dial plan, and their area codes.
func branchesOf(s *provision.Snapshot, t *provision.Tenant) []reports.BranchInfo {
	out := make([]reports.BranchInfo, 0, len(t.Branches))
	for i := range t.Branches {
		b := &t.Branches[i]
		info := reports.BranchInfo{ID: b.ID, Name: b.Name, Home: reports.Home{Area: b.Area}}
		if info.Name == "" {
			info.Name = b.ID
		}
		if plan, ok := s.DialPlan(t.ID, b.ID); ok {
			info.Home.Country = plan.Country
		}
		out = append(out, info)
	}
	return out
}

// agreesWithLedger holds the total of a report against the ledger's postings of the same time.
func agreesWithLedger(ctx context.Context, db *stores, e *reports.Expenses) error {
	from, till := e.Month.Bounds()
	posted, err := db.usagePosted(ctx, e.Tenant, e.Currency, from, till)
	if err != nil {
		return err
	}
	if posted.Cmp(e.Total.Total) != 0 {
		return withCode(exitConflict, fmt.Errorf("the report's total %s differs from the ledger's %s: calls may be on their way; try again, "+
			"then run `trunkline doctor`", e.Total.Total, posted))
	}
	return nil
}

func writeExpenses(out io.Writer, format string, e *reports.Expenses) error {
	switch format {
	case "json":
		return writeExpensesJSON(out, e)
	case "csv":
		return writeExpensesCSV(out, e)
	}
	return writeExpensesTable(out, e)
}

func writeExpensesTable(out io.Writer, e *reports.Expenses) error {
	fmt.Fprintf(out, "Expenses of %s in %s, %s\n\n", e.Tenant, e.Month, e.Currency)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "BRANCH\tCALLS\tMINUTES\t")
	for _, c := range reports.Classes() {
		fmt.Fprintf(w, "%s\t", c)
	}
	fmt.Fprint(w, "TOTAL\tMONTH BEFORE\t\n")
	for _, r := range append(slices.Clone(e.Rows), e.Total) {
		fmt.Fprintf(w, "%s\t%d\t%s\t", r.Name, r.Calls, reports.Minutes(r.Seconds))
		for _, c := range reports.Classes() {
			fmt.Fprintf(w, "%s\t", r.ByClass[c].Format(e.Currency.MinorUnits()))
		}
		fmt.Fprintf(w, "%s\t%s\t\n", r.Total.Format(e.Currency.MinorUnits()), r.Previous.Format(e.Currency.MinorUnits()))
	}
	return w.Flush()
}

func writeExpensesCSV(out io.Writer, e *reports.Expenses) error {
	w := csv.NewWriter(out)
	head := []string{"month", "tenant", "branch", "name", "calls", "attempts", "billed_seconds"}
	for _, c := range reports.Classes() {
		head = append(head, c.String())
	}
	if err := w.Write(append(head, "total", "previous", "currency")); err != nil {
		return err
	}
	for _, r := range append(slices.Clone(e.Rows), e.Total) {
		row := []string{
			e.Month.String(), e.Tenant, r.Branch, r.Name,
			strconv.FormatInt(r.Calls, 10), strconv.FormatInt(r.Attempts, 10), strconv.FormatInt(r.Seconds, 10),
		}
		for _, c := range reports.Classes() {
			row = append(row, r.ByClass[c].String())
		}
		if err := w.Write(append(row, r.Total.String(), r.Previous.String(), e.Currency.String())); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// expenseJSON is a row with its classes spelled out.
type expenseJSON struct {
	reports.ExpenseRow
	Classes map[string]money.Amount `json:"by_class"`
}

func writeExpensesJSON(out io.Writer, e *reports.Expenses) error {
	spell := func(r reports.ExpenseRow) expenseJSON {
		j := expenseJSON{ExpenseRow: r, Classes: make(map[string]money.Amount)}
		for _, c := range reports.Classes() {
			j.Classes[c.String()] = r.ByClass[c]
		}
		return j
	}
	rows := make([]expenseJSON, 0, len(e.Rows))
	for _, r := range e.Rows {
		rows = append(rows, spell(r))
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return errors.Join(enc.Encode(map[string]any{
		"tenant": e.Tenant, "month": e.Month.String(), "currency": e.Currency, "rows": rows, "total": spell(e.Total),
	}))
}
