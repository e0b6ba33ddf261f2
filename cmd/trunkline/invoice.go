package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/billing"
	"trunkline/app/reporting"
	"trunkline/console/terminal"
	"trunkline/internal/money"
	"trunkline/reports/invoice"
)

func newInvoiceCommand() *cobra.Command {
	return group(&cobra.Command{Use: "invoice", Short: "Close billing periods; invoices, credit notes, and how tenants are invoiced"},
		newInvoiceRunCommand(), newInvoiceListCommand(), newInvoiceShowCommand(), newInvoiceFileCommand(), newInvoiceMarkCommand(),
		newInvoiceCreditCommand(), newInvoiceVerifyCommand(), newInvoiceChargeCommand(), newInvoiceProfileCommand(), newInvoiceCounterCommand())
}

func newInvoiceRunCommand() *cobra.Command {
	r := invoice.Request{Long: true}
	var tenants string
	cmd := &cobra.Command{Use: "run --period MONTH", Short: "Close the period of all tenants, or of some, and issue their invoices"}
	format := formatFlag(cmd, "table", "csv", "json")
	f := cmd.Flags()
	f.StringVar(&r.Period, "period", "", "month in which the period begins, such as 2026-10")
	f.StringVar(&tenants, "tenant", "", "only these tenants, with commas between")
	f.BoolVar(&r.DryRun, "dry-run", false, "store nothing")
	f.BoolVar(&r.Reissue, "reissue", false, "issue again what was credited as a whole, for --tenant")
	f.DurationVar(&r.Grace, "grace", billing.LateGrace, "how long after the period's end its calls are waited for")
	required(cmd, "period")
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		if tenants != "" {
			r.Tenant = strings.Split(tenants, ",")
		}
		results, err := c.ClosePeriod(cmd.Context(), c.Who, r)
		if err != nil {
			return err
		}
		if err := terminal.ClosedPeriods(results, r.DryRun).Write(cmd.OutOrStdout(), *format); err != nil {
			return err
		}
		return refused(results)
	})
}

// refused is the error of tenants that got no invoice; nil where none was refused one.
func refused(results []invoice.Result) error {
	n := 0
	for i := range results {
		if len(results[i].Refusals) > 0 {
			n++
		}
	}
	if n > 0 && n == len(results) {
		return withCode(exitConflict, fmt.Errorf("no invoice could be issued: %d tenants were refused", n))
	}
	return partial(n, "%d of %d tenants were refused", n, len(results))
}

func newInvoiceListCommand() *cobra.Command {
	var tenant, period string
	var limit int
	cmd := listing(&cobra.Command{
		Use: "list", Short: "Documents that were issued",
	}, terminal.Documents, func(ctx context.Context, c *app.Local, _ []string) ([]invoice.Issued, error) {
		return c.AllInvoices(ctx, tenant, period, limit)
	})
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "tenant")
	f.StringVar(&period, "period", "", "billing period, such as 2026-10")
	f.IntVar(&limit, "limit", 1000, "most rows")
	return cmd
}

// documentFlags name an issued document, or the draft of a period.
type documentFlags struct{ tenant, period string }

func (o *documentFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.tenant, "tenant", "", "without a number: the tenant of a draft")
	cmd.Flags().StringVar(&o.period, "period", "", "without a number: the period of a draft")
}

// find returns the document that is named by its number, or the draft.
func (o *documentFlags) find(ctx context.Context, c *app.Local, args []string) (invoice.Issued, error) {
	if len(args) == 1 {
		return c.Invoice(ctx, c.Who, args[0])
	}
	if o.tenant == "" || o.period == "" {
		return invoice.Issued{}, withCode(exitUsage, errors.New("give the number of a document, or --tenant and --period for a draft"))
	}
	d, err := c.Draft(ctx, c.Who, o.tenant, o.period)
	return invoice.Issued{Document: d, State: invoice.StateDraft}, err
}

func newInvoiceShowCommand() *cobra.Command {
	var o documentFlags
	cmd := &cobra.Command{Use: "show [NUMBER]", Short: "Lines of an issued document, or of a period's draft", Args: cobra.MaximumNArgs(1)}
	format := formatFlag(cmd, "table", "csv", "json")
	o.register(cmd)
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, args []string) error {
		issued, err := o.find(cmd.Context(), c, args)
		if err != nil {
			return err
		}
		if *format == "json" {
			return terminal.JSON(cmd.OutOrStdout(), issued)
		}
		return terminal.Document(&issued).Write(cmd.OutOrStdout(), *format)
	})
}

func newInvoiceFileCommand() *cobra.Command {
	var o documentFlags
	var name string
	var annex bool
	cmd := asking(&cobra.Command{
		Use: "file [NUMBER] --out FILE", Short: "Write a document as PDF, XLSX or JSON", Args: cobra.MaximumNArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		ctx := cmd.Context()
		issued, err := o.find(ctx, c, args)
		if err != nil {
			return err
		}
		profile, err := c.ProfileOf(ctx, c.Who, issued.Document.Tenant)
		if err != nil {
			return err
		}
		var calls invoice.Calls
		if annex {
			if calls, err = c.Annex(ctx, c.Who, issued.Document); err != nil {
				return err
			}
		}
		err = reporting.PutFile(name, func(out io.Writer) error { return invoice.Write(out, name, issued, profile.Brand, calls) })
		if errors.Is(err, invoice.ErrEnding) {
			err = withCode(exitUsage, fmt.Errorf("--out %w", err))
		}
		return err
	})
	o.register(cmd)
	cmd.Flags().StringVar(&name, "out", "", "file to write: .pdf, .xlsx or .json")
	cmd.Flags().BoolVar(&annex, "annex", false, "with every call")
	required(cmd, "out")
	return cmd
}

func newInvoiceMarkCommand() *cobra.Command {
	var note string
	cmd := asking(&cobra.Command{
		Use: "mark NUMBER sent|paid|issued", Short: "Note that an invoice was sent or paid, or take that back", Args: cobra.ExactArgs(2),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		state := invoice.State(args[1])
		return say(cmd, c.MarkInvoice(cmd.Context(), c.Who, args[0], state, note), "%s is %s\n", args[0], state)
	})
	cmd.Flags().StringVar(&note, "note", "", "such as the number of the payment")
	return cmd
}

func newInvoiceCreditCommand() *cobra.Command {
	var amount *money.Amount
	var reason string
	cmd := asking(&cobra.Command{
		Use: "credit NUMBER --reason WHY", Short: "Issue a credit note for an invoice, or a part of it", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		var sum money.Amount
		if amount != nil {
			sum = *amount
		}
		note, err := c.CreditInvoice(cmd.Context(), c.Who, args[0], sum, reason)
		if err != nil {
			return err
		}
		d := note.Document
		return say(cmd, nil, "%s: %s %s to %s\n", d.Number, d.Total.Neg(), d.Currency, d.Tenant)
	})
	amountVar(cmd.Flags(), &amount, "amount", "with tax; all that is left, if empty")
	cmd.Flags().StringVar(&reason, "reason", "", "why")
	required(cmd, "reason")
	return cmd
}

func newInvoiceVerifyCommand() *cobra.Command {
	return asking(&cobra.Command{
		Use: "verify", Short: "Check the hashes of all documents, and that none is missing",
	}, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		n, err := c.VerifyInvoices(cmd.Context(), c.Who)
		return say(cmd, err, "%d documents are as they were issued\n", n)
	})
}
