package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/rating/worker/repair"
	"trunkline/sql/postgres"
)

// doctor looks for what is wrong.
type doctor struct {
	db    *stores
	books *postgres.Books
	data  string        // The data folder of this host; empty: its files are not looked at.
	back  time.Duration // How far back sums are compared.
	brief bool          // Only the newest batches are compared with each other.
}

// findings are what a doctor found at one time.
type findings struct {
	provisioning string // What is in force; with fault set, why nothing is.
	fault        error
	waiting      int64 // Batches on their way.
	unrated      int64 // Legs.
	nodes        int
	silent       []ledger.Node
	sums         []ledger.Difference
	retired      []time.Time // Days of which calls were dropped; they are in none of sums.
	invoices     []postgres.InvoiceOff
	batches      repair.Differences
	damaged      []damagedFile
	incidents    []postgres.Incident
}

// look examines everything.
func (d *doctor) look(ctx context.Context) (*findings, error) {
	f := &findings{}
	d.provisioning(ctx, f)
	for _, step := range []func(context.Context, *findings) error{d.legs, d.nodes, d.sums, d.stores, d.files} {
		if err := step(ctx, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (d *doctor) provisioning(ctx context.Context, f *findings) {
	snapshot, err := d.db.snapshot(ctx)
	if err != nil {
		f.fault = err
		return
	}
	o := snapshot.Operator()
	f.provisioning = fmt.Sprintf("%d tenants, %d gateways, %d decks", len(o.Tenants), len(o.Gateways), len(o.Decks))
}

func (d *doctor) legs(ctx context.Context, f *findings) (err error) {
	if f.waiting, _, err = d.books.WaitingCount(ctx); err != nil {
		return err
	}
	dead, err := d.books.DeadCount(ctx, postgres.DeadFilter{})
	for _, n := range dead {
		f.unrated += n
	}
	return err
}

// vanishedAfter is how long a proxy may be silent before it is pointed out.
const vanishedAfter = 5 * time.Minute

// nodes looks for proxies that are silent and hold money.
func (d *doctor) nodes(ctx context.Context, f *findings) error {
	nodes, err := d.db.ledger.Nodes(ctx)
	if err != nil {
		return err
	}
	f.nodes = len(nodes)
	now := clock.System{}.Now()
	for _, n := range nodes {
		if n.Overdue > 0 && now.Sub(n.Seen) > vanishedAfter {
			f.silent = append(f.silent, n)
		}
	}
	return nil
}

// sums compares the three sums: postings, calls and invoices.
func (d *doctor) sums(ctx context.Context, f *findings) error {
	till := clock.System{}.Now().Add(cdr.SlotLength).Truncate(cdr.SlotLength)
	from := till.Add(-d.back).Truncate(cdr.SlotLength)
	// A day that is dropped meanwhile is noted before: then it is looked at once more.
	for again := true; again; {
		var err error
		if f.retired, err = d.db.records.RetiredDays(ctx, from, till); err != nil {
			return err
		}
		position, err := d.books.Position(ctx, from, till, f.retired...)
		if err != nil {
			return err
		}
		if f.sums, err = ledger.ReconcileAt(ctx, position, d.db.records, from, till); err != nil {
			return err
		}
		since, err := d.db.records.RetiredDays(ctx, from, till)
		if err != nil {
			return err
		}
		again = len(since) != len(f.retired)
	}
	var err error
	f.invoices, err = postgres.NewInvoices(d.db.db, clock.System{}).Off(ctx, from)
	return err
}

// stores compares the batches of ledger and store of calls, and lists what is known to be wrong.
func (d *doctor) stores(ctx context.Context, f *findings) (err error) {
	if err := repair.Claim(ctx, d.books, d.db.records); err != nil {
		return err
	}
	compare := repair.Compare
	if d.brief {
		compare = repair.Recent
	}
	if f.batches, err = compare(ctx, d.books, d.db.records); err != nil {
		return err
	}
	f.incidents, err = d.books.Incidents(ctx, true)
	return err
}

// files looks for damaged parts of this host's journal and spool.
func (d *doctor) files(_ context.Context, f *findings) error {
	if d.data == "" {
		return nil
	}
	var err error
	f.damaged, err = damagedFiles(d.data)
	return err
}

// off is how many accounts differ.
func (f *findings) off() (n int) {
	for _, d := range f.sums {
		if !d.OK() {
			n++
		}
	}
	return n
}

// wrong lists what is wrong, each in a few words.
func (f *findings) wrong() []error {
	var out []error
	add := func(on bool, form string, args ...any) {
		if on {
			out = append(out, fmt.Errorf(form, args...))
		}
	}
	add(f.fault != nil, "the provisioning cannot be put in force: %w", f.fault)
	add(f.off() > 0, "%d accounts differ: the calls of the accounts marked above do not add up to their postings", f.off())
	add(len(f.invoices) > 0, "%d invoices differ from the ledger", len(f.invoices))
	add(!f.batches.None(), "%d batches are not known to the ledger and %d are lost in ClickHouse: run `trunkline repair`", len(f.batches.Foreign), len(f.batches.Lost))
	add(len(f.damaged) > 0, "%d damaged parts of journal or spool: see `trunkline spool list`", len(f.damaged))
	add(len(f.incidents) > 0, "%d incidents are open: mend them, or close them with `trunkline doctor close ID --reason WHY`", len(f.incidents))
	add(len(f.silent) > 0, "%d proxies are silent with money held", len(f.silent))
	return out
}

// verdict is nil where all is well.
func (f *findings) verdict() error {
	if wrong := f.wrong(); len(wrong) > 0 {
		return withCode(exitConflict, errors.Join(wrong...))
	}
	if f.unrated > 0 {
		return withCode(exitPartial, fmt.Errorf("%d legs could not be rated: see `trunkline dead list`", f.unrated))
	}
	return nil
}

func (f *findings) print(out io.Writer) error {
	if f.fault != nil {
		fmt.Fprintf(out, "provisioning  WRONG: %v\n", f.fault)
	} else {
		fmt.Fprintf(out, "provisioning  ok: %s\n", f.provisioning)
	}
	fmt.Fprintf(out, "batches       %d on their way; %d not known to the ledger, %d lost in ClickHouse\n", f.waiting, len(f.batches.Foreign), len(f.batches.Lost))
	fmt.Fprintf(out, "unrated       %d legs\n", f.unrated)
	for _, n := range f.silent {
		fmt.Fprintf(out, "proxy         %s has been silent since %s and holds money for %d calls that must be over: start it, or see `trunkline node give-up`\n",
			n.Name, n.Seen.UTC().Format(time.RFC3339), n.Overdue)
	}
	if len(f.silent) == 0 {
		fmt.Fprintf(out, "proxies       ok: %d known, none is silent with money held\n", f.nodes)
	}
	for _, d := range f.damaged {
		fmt.Fprintf(out, "damaged       %s: %s, %d bytes\n", d.of, d.path, d.bytes)
	}
	for _, i := range f.incidents {
		fmt.Fprintf(out, "incident %-4d %s %s, %s: %s\n", i.ID, i.Noticed.UTC().Format(time.RFC3339), i.Kind, i.Subject, i.Detail)
	}
	for _, i := range f.invoices {
		fmt.Fprintf(out, "invoice       %s of %s, %s: its usage is %s, the ledger has %s\n", i.Number, i.Tenant, i.Period, i.Usage, i.Posted)
	}
	printRetired(f.retired, out)
	fmt.Fprintln(out)
	return printSums(f.sums, out)
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

// compareSums prints the sums of every account in both stores, and returns how many differ.
func compareSums(ctx context.Context, db *stores, back time.Duration, out io.Writer) (off int, err error) {
	books, err := postgres.NewBooks(db.db, clock.System{})
	if err != nil {
		return 0, err
	}
	d, f := &doctor{db: db, books: books, back: back}, &findings{}
	if err := d.sums(ctx, f); err != nil {
		return 0, err
	}
	printRetired(f.retired, out)
	return f.off(), printSums(f.sums, out)
}
