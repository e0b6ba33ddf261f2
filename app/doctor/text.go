package doctor

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"trunkline/app/store"
	"trunkline/ledger"
)

// Print says what was found, for people.
func (f *Findings) Print(out io.Writer) error {
	if f.Fault != nil {
		fmt.Fprintf(out, "provisioning  WRONG: %v\n", f.Fault)
	} else {
		fmt.Fprintf(out, "provisioning  ok: %s\n", f.Provisioning)
	}
	fmt.Fprintf(out, "batches       %d on their way; %d not known to the ledger, %d lost in ClickHouse\n", f.Waiting, len(f.Batches.Foreign), len(f.Batches.Lost))
	fmt.Fprintf(out, "unrated       %d legs\n", f.Unrated)
	for _, n := range f.Silent {
		fmt.Fprintf(out, "proxy         %s has been silent since %s and holds money for %d calls that must be over: start it, or see `trunkline node give-up`\n",
			n.Name, n.Seen.UTC().Format(time.RFC3339), n.Overdue)
	}
	if len(f.Silent) == 0 {
		fmt.Fprintf(out, "proxies       ok: %d known, none is silent with money held\n", f.Nodes)
	}
	for _, d := range f.Damaged {
		fmt.Fprintf(out, "damaged       %s: %s, %d bytes\n", d.Of, d.Path, d.Bytes)
	}
	for _, i := range f.Incidents {
		fmt.Fprintf(out, "incident %-4d %s %s, %s: %s\n", i.ID, i.Noticed.UTC().Format(time.RFC3339), i.Kind, i.Subject, i.Detail)
	}
	for _, i := range f.Invoices {
		fmt.Fprintf(out, "invoice       %s of %s, %s: its usage is %s, the ledger has %s\n", i.Number, i.Tenant, i.Period, i.Usage, i.Posted)
	}
	printRetired(f.Retired, out)
	fmt.Fprintln(out)
	return printSums(f.Sums, out)
}

// printRetired says which days are not compared.
func printRetired(days []time.Time, out io.Writer) {
	if len(days) > 0 {
		fmt.Fprintf(out, "retention     calls of %d days from %s to %s were dropped: postings and calls of these days are not compared\n",
			len(days), days[0].Format(time.DateOnly), days[len(days)-1].Format(time.DateOnly))
	}
}

func printSums(sums []ledger.Difference, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "ACCOUNT\tLEGS\tPOSTED\tCALLS\tCALLS ADD UP TO\tDIFFERENCE\t\t\n")
	for _, d := range sums {
		mark := "ok"
		if !d.OK() {
			mark = "DIFFERS"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%s\t%s\t%s\t\n", d.Account, d.PostedLegs, d.Posted, d.Legs, d.Recorded, d.Off, mark)
	}
	return w.Flush()
}

// CompareSums prints the sums of every account in both stores, and returns how many differ.
func CompareSums(ctx context.Context, db *store.Stores, back time.Duration, out io.Writer) (off int, err error) {
	f, err := Sums(ctx, db, back)
	if err != nil {
		return 0, err
	}
	printRetired(f.Retired, out)
	return f.Off(), printSums(f.Sums, out)
}
