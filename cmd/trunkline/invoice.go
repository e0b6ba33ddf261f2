package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/billing"
	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/reports/invoice"
)

func newInvoiceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "invoice", Short: "Close billing periods; invoices, credit notes, and how tenants are invoiced",
		Long: `Invoice closes billing periods. An invoice is made only when the rated calls, the ledger's postings and the invoice's lines are
the same to the last place, no leg of the period waits to be rated, and no call of it can still come. It is numbered without
gaps, never changes, and has a hash of itself and of the one before it. Fees, rounding and tax are posted to the ledger with
it, once, and the tenant's books are closed up to the end of the period.`,
	}
	cmd.AddCommand(newInvoiceRunCommand(), newInvoiceListCommand(), newInvoiceShowCommand(), newInvoiceFileCommand(), newInvoiceMarkCommand(),
		newInvoiceCreditCommand(), newInvoiceVerifyCommand(), newInvoiceChargeCommand(), newInvoiceProfileCommand(), newInvoiceCounterCommand())
	return cmd
}

// invoiceRun are the flags of `trunkline invoice run`.
type invoiceRun struct {
	request invoice.Request
	tenant  string
	format  string
}

func newInvoiceRunCommand() *cobra.Command {
	o := &invoiceRun{}
	var f configFlags
	cmd := &cobra.Command{
		Use: "run --period MONTH", Short: "Close the period of all tenants, or of some, and issue their invoices", Args: cobra.NoArgs,
		Long: `Run makes the invoice of every tenant for the period that begins in a month, in the tenant's calendar and time zone. What is
already issued stays as it is: running it again changes nothing. A tenant that is refused does not keep the others back; all
reasons are told. --dry-run stores nothing. --reissue makes invoices again that were credited as a whole: with a number of
their own, which names the one whose place they take; the tenants have to be named.

Exit status: 0 all done, or nothing to do; 2 an option is wrong; 3 some tenants were refused; 4 all were.`,
		Example: "  trunkline invoice run --period 2026-10 --dry-run\n  trunkline invoice run --period 2026-10\n  trunkline invoice run --period 2026-10 --tenant beauty\n" +
			"  trunkline invoice run --period 2026-10 --tenant beauty --reissue",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			if o.tenant != "" {
				o.request.Tenant = strings.Split(o.tenant, ",")
			}
			return o.run(cmd.Context(), c, cmd.OutOrStdout())
		}),
	}
	cmd.Flags().StringVar(&o.request.Period, "period", "", "month in which the period begins, such as 2026-10")
	cmd.Flags().StringVar(&o.tenant, "tenant", "", "only these tenants, with commas between")
	cmd.Flags().BoolVar(&o.request.DryRun, "dry-run", false, "store nothing")
	cmd.Flags().BoolVar(&o.request.Reissue, "reissue", false, "issue again what was credited as a whole, for --tenant")
	cmd.Flags().DurationVar(&o.request.Grace, "grace", billing.LateGrace, "how long after the period's end its calls are waited for")
	_ = cmd.MarkFlagRequired("period") // It fails only for a flag that does not exist.
	formatFlag(cmd, &o.format)
	f.register(cmd)
	return cmd
}

func (o *invoiceRun) run(ctx context.Context, c *app.Local, out io.Writer) error {
	o.request.Long = true
	results, err := c.ClosePeriod(ctx, c.Who, o.request)
	if err != nil {
		return err
	}
	t := &table{columns: []string{"tenant", "period", "number", "total", "currency", "state", "reasons"}, of: "tenants"}
	refused := 0
	for i := range results {
		r := &results[i]
		number, total, currency, state := "", "", "", resultState(r, o.request.DryRun)
		if d := r.Document; d != nil {
			number, total, currency = d.Number, d.Total.Format(d.Currency.MinorUnits()), d.Currency.String()
		}
		var reasons []string
		for _, refusal := range r.Refusals {
			reasons = append(reasons, string(refusal.Code)+": "+refusal.Detail)
		}
		if len(reasons) > 0 {
			refused++
		}
		for _, w := range r.Warnings {
			reasons = append(reasons, "warning: "+w)
		}
		t.add(r.Tenant, r.Period.Label, number, total, currency, state, strings.Join(reasons, "; "))
	}
	if err := t.write(out, o.format); err != nil {
		return err
	}
	switch {
	case refused == 0:
		return nil
	case refused == len(results):
		return withCode(exitConflict, fmt.Errorf("no invoice could be issued: %d tenants were refused", refused))
	}
	return withCode(exitPartial, fmt.Errorf("%d of %d tenants were refused", refused, len(results)))
}

func resultState(r *invoice.Result, dry bool) string {
	switch {
	case r.Issued != nil && r.Issued.NewlyIssued:
		return "issued now"
	case r.Issued != nil:
		return string(r.Issued.State)
	case len(r.Refusals) > 0:
		return "refused"
	case r.Empty:
		return "nothing due"
	case dry:
		return "would be issued"
	}
	return string(invoice.StateDraft)
}

func newInvoiceListCommand() *cobra.Command {
	var f configFlags
	var tenant, period string
	var limit int
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "Documents that were issued", Args: cobra.NoArgs,
		Example: "  trunkline invoice list --period 2026-10\n  trunkline invoice list --tenant beauty --format csv",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			list, err := allInvoices(cmd.Context(), c, tenant, period, limit)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"number", "kind", "tenant", "period", "issued", "due", "net", "tax", "total", "currency", "state", "hash"}, of: "documents"}
			for i := range list {
				d := list[i].Document
				scale := d.Currency.MinorUnits()
				t.add(d.Number, string(d.Kind), d.Tenant, d.Period.Label, onDay(d.Issued), onDay(d.Due), d.Net.Format(scale), d.Tax.Format(scale),
					d.Total.Format(scale), d.Currency.String(), string(list[i].State), list[i].Hash[:12])
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&period, "period", "", "billing period, such as 2026-10")
	cmd.Flags().IntVar(&limit, "limit", 1000, "most rows")
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

// allInvoices asks for documents page by page.
func allInvoices(ctx context.Context, c *app.Local, tenant, period string, most int) (list []invoice.Issued, err error) {
	for after := int64(0); len(list) < most; {
		page, err := c.Invoices(ctx, c.Who, tenant, period, after, min(most-len(list), console.MaxPage))
		if err != nil || len(page) == 0 {
			return list, err
		}
		list = append(list, page...)
		after = page[len(page)-1].ID
	}
	return list, nil
}

func onDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// documentFlags name an issued document, or the draft of a period.
type documentFlags struct {
	tenant, period string
	config         configFlags
}

func (o *documentFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.tenant, "tenant", "", "without a number: the tenant of a draft")
	cmd.Flags().StringVar(&o.period, "period", "", "without a number: the period of a draft")
	o.config.register(cmd)
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

func newInvoiceMarkCommand() *cobra.Command {
	var f configFlags
	var note string
	cmd := &cobra.Command{
		Use: "mark NUMBER sent|paid|issued", Short: "Note that an invoice was sent or paid, or take that back", Args: cobra.ExactArgs(2),
		Long: `Mark notes what became of an invoice; the invoice itself never changes. Payments are posted with "trunkline account topup".
Invoices that were not paid by the day on which they were due are told as overdue.`,
		Example: "  trunkline invoice mark 2026-00017 sent\n  trunkline invoice mark 2026-00017 paid --note bank-2026-11-0042",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			state := invoice.State(args[1])
			if err := c.MarkInvoice(cmd.Context(), c.Who, args[0], state, note); err != nil {
				return err
			}
			cmd.Printf("%s is %s\n", args[0], state)
			return nil
		}),
	}
	cmd.Flags().StringVar(&note, "note", "", "such as the number of the payment")
	f.register(cmd)
	return cmd
}

func newInvoiceCreditCommand() *cobra.Command {
	var f configFlags
	var amount, reason string
	cmd := &cobra.Command{
		Use: "credit NUMBER --reason WHY", Short: "Issue a credit note for an invoice, or a part of it", Args: cobra.ExactArgs(1),
		Example: "  trunkline invoice credit 2026-00017 --reason 'wrong tariff'\n  trunkline invoice credit 2026-00017 --amount 12.50 --reason 'two calls were our fault'",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			sum, err := money.ParseAmount(cmp.Or(amount, "0"))
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("--amount: %w", err))
			}
			note, err := c.CreditInvoice(cmd.Context(), c.Who, args[0], sum, reason)
			if err != nil {
				return err
			}
			cmd.Printf("%s: %s %s to %s\n", note.Document.Number, note.Document.Total.Neg(), note.Document.Currency, note.Document.Tenant)
			return nil
		}),
	}
	cmd.Flags().StringVar(&amount, "amount", "", "with tax; all that is left, if empty")
	cmd.Flags().StringVar(&reason, "reason", "", "why")
	_ = cmd.MarkFlagRequired("reason") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}

func newInvoiceVerifyCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "verify", Short: "Check the hashes of all documents, and that none is missing", Args: cobra.NoArgs,
		Example: "  trunkline invoice verify",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			n, err := c.VerifyInvoices(cmd.Context(), c.Who)
			if err == nil {
				cmd.Printf("%d documents are as they were issued\n", n)
			}
			return err
		}),
	}
	f.register(cmd)
	return cmd
}

// readInput reads a file, or what is piped in for "-".
func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1<<20))
	}
	text, err := os.ReadFile(name) //nolint:gosec // The file that the user names.
	if err != nil {
		return nil, withCode(exitUsage, err)
	}
	return text, nil
}
