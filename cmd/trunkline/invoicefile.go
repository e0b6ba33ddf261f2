package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/app/billing"
	"trunkline/app/store"
	"trunkline/reports/invoice"
)

func newInvoiceShowCommand() *cobra.Command {
	var o documentFlags
	var format string
	cmd := &cobra.Command{
		Use: "show [NUMBER]", Short: "Lines of an issued document, or of a period's draft", Args: cobra.MaximumNArgs(1),
		Example: "  trunkline invoice show 2026-00017\n  trunkline invoice show --tenant beauty --period 2026-11",
		RunE: onStores(&o.config, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			issued, err := o.find(cmd.Context(), db, args)
			if err != nil {
				return err
			}
			if format == "json" {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(issued)
			}
			return linesOf(&issued).write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
	o.register(cmd)
	return cmd
}

func linesOf(i *invoice.Issued) *table {
	d := i.Document
	scale := d.Currency.MinorUnits()
	t := &table{columns: []string{"kind", "text", "number", "quantity", "calls", "minutes", "amount", "why"}, of: "lines of " + string(d.Kind) + " " + d.Number + ", " + string(i.State)}
	for n := range d.Lines {
		l := &d.Lines[n]
		why := l.Waived
		if why == "" {
			why = l.Reason
		}
		quantity, calls, minutes := "", "", ""
		if l.Kind == invoice.FeeLine {
			quantity = strconv.FormatInt(l.Quantity, 10)
		}
		if l.Kind == invoice.UsageLine {
			calls, minutes = strconv.FormatInt(l.Calls, 10), fmt.Sprintf("%d.%02d", l.Seconds/60, l.Seconds%60*100/60)
		}
		t.add(string(l.Kind), l.Text, l.Number, quantity, calls, minutes, l.Amount.Format(scale), why)
	}
	t.add("", "net", "", "", "", "", d.Net.Format(scale), "")
	parts := d.TaxParts()
	for n := range parts {
		t.add("", parts[n].Text(d), "", "", "", "", parts[n].Tax.Format(scale), "on "+parts[n].Net.Format(scale))
	}
	t.add("", "total, "+d.Currency.String(), "", "", "", "", d.Total.Format(scale), "")
	return t
}

// fileOptions are the flags of `trunkline invoice file`.
type fileOptions struct {
	documentFlags

	out   string
	annex bool
}

func newInvoiceFileCommand() *cobra.Command {
	o := &fileOptions{}
	cmd := &cobra.Command{
		Use: "file [NUMBER] --out FILE", Short: "Write a document as PDF, XLSX or JSON", Args: cobra.MaximumNArgs(1),
		Long: `File writes an issued document, or the draft of a period, as .pdf, .xlsx or .json. --annex adds every call that was charged,
as far as it has any charge or duration.`,
		Example: "  trunkline invoice file 2026-00017 --out 2026-00017.pdf --annex\n  trunkline invoice file --tenant beauty --period 2026-11 --out draft.xlsx",
		RunE: onStores(&o.config, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			issued, err := o.find(cmd.Context(), db, args)
			if err != nil {
				return err
			}
			return o.write(cmd.Context(), db, issued)
		}),
	}
	cmd.Flags().StringVar(&o.out, "out", "", "file to write: .pdf, .xlsx or .json")
	cmd.Flags().BoolVar(&o.annex, "annex", false, "with every call")
	_ = cmd.MarkFlagRequired("out") // It fails only for a flag that does not exist.
	o.register(cmd)
	return cmd
}

func (o *fileOptions) write(ctx context.Context, db *store.Stores, issued invoice.Issued) error {
	profile, err := (&billing.Service{S: db}).Profile(ctx, issued.Document.Tenant)
	if err != nil {
		return err
	}
	var calls invoice.Calls
	if o.annex {
		calls = billing.AnnexOf(ctx, db, issued.Document)
	}
	return writeFile(o.out, func(out io.Writer) error {
		switch strings.ToLower(filepath.Ext(o.out)) {
		case ".pdf":
			return invoice.WritePDF(out, issued, profile.Brand, calls)
		case ".xlsx":
			return invoice.WriteXLSX(out, issued, calls)
		case ".json":
			return json.NewEncoder(out).Encode(issued)
		}
		return withCode(exitUsage, fmt.Errorf("--out %s: want a name that ends in .pdf, .xlsx or .json", o.out))
	})
}

// writeFile writes a file beside its name and puts it in place when it is whole.
func writeFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return withCode(exitUsage, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
