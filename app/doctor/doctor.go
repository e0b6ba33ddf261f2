package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trunkline/app/store"
	"trunkline/cdr"
	"trunkline/internal/cause"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/rating/worker/repair"
	"trunkline/sql/postgres"
)

// Doctor looks for what is wrong.
type Doctor struct {
	Stores *store.Stores
	Books  *postgres.Books
	Data   string        // The data folder of this host; empty: its files are not looked at.
	Back   time.Duration // How far back sums are compared.
	Brief  bool          // Only the newest batches are compared with each other.
}

// New returns a doctor who compares the sums of so many days back, and looks at the files of a data folder if one is named.
func New(db *store.Stores, data string, back time.Duration) (*Doctor, error) {
	books, err := postgres.NewBooks(db.DB, db.Clock)
	if err != nil {
		return nil, err
	}
	return &Doctor{Stores: db, Books: books, Data: data, Back: back}, nil
}

// Findings are what a doctor found at one time.
type Findings struct {
	Provisioning string // What is in force; with fault set, why nothing is.
	Fault        error
	Waiting      int64 // Batches on their way.
	Unrated      int64 // Legs.
	Nodes        int
	Silent       []ledger.Node
	Sums         []ledger.Difference
	Retired      []time.Time // Days of which calls were dropped; they are in none of sums.
	Invoices     []postgres.InvoiceOff
	Batches      repair.Differences
	Damaged      []damagedFile
	Incidents    []postgres.Incident
}

// Look examines everything.
func (d *Doctor) Look(ctx context.Context) (*Findings, error) {
	f := &Findings{}
	d.provisioning(ctx, f)
	for _, step := range []func(context.Context, *Findings) error{d.legs, d.nodes, d.sums, d.stores, d.files} {
		if err := step(ctx, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (d *Doctor) provisioning(ctx context.Context, f *Findings) {
	snapshot, err := d.Stores.Snapshot(ctx)
	if err != nil {
		f.Fault = err
		return
	}
	o := snapshot.Operator()
	f.Provisioning = fmt.Sprintf("%d tenants, %d gateways, %d decks", len(o.Tenants), len(o.Gateways), len(o.Decks))
}

func (d *Doctor) legs(ctx context.Context, f *Findings) (err error) {
	if f.Waiting, _, err = d.Books.WaitingCount(ctx); err != nil {
		return err
	}
	dead, err := d.Books.DeadCount(ctx, postgres.DeadFilter{})
	for _, n := range dead {
		f.Unrated += n
	}
	return err
}

// vanishedAfter is how long a proxy may be silent before it is pointed out.
const vanishedAfter = 5 * time.Minute

// nodes looks for proxies that are silent and hold money.
func (d *Doctor) nodes(ctx context.Context, f *Findings) error {
	nodes, err := d.Stores.Ledger.Nodes(ctx)
	if err != nil {
		return err
	}
	f.Nodes = len(nodes)
	now := clock.System{}.Now()
	for _, n := range nodes {
		if n.Overdue > 0 && now.Sub(n.Seen) > vanishedAfter {
			f.Silent = append(f.Silent, n)
		}
	}
	return nil
}

// sums compares the three sums: postings, calls and invoices.
func (d *Doctor) sums(ctx context.Context, f *Findings) error {
	till := clock.System{}.Now().Add(cdr.SlotLength).Truncate(cdr.SlotLength)
	from := till.Add(-d.Back).Truncate(cdr.SlotLength)
	// A day that is dropped meanwhile is noted before: then it is looked at once more.
	for again := true; again; {
		var err error
		if f.Retired, err = d.Stores.Records.RetiredDays(ctx, from, till); err != nil {
			return err
		}
		position, err := d.Books.Position(ctx, from, till, f.Retired...)
		if err != nil {
			return err
		}
		if f.Sums, err = ledger.ReconcileAt(ctx, position, d.Stores.Records, from, till); err != nil {
			return err
		}
		since, err := d.Stores.Records.RetiredDays(ctx, from, till)
		if err != nil {
			return err
		}
		again = len(since) != len(f.Retired)
	}
	var err error
	f.Invoices, err = postgres.NewInvoices(d.Stores.DB, clock.System{}).Off(ctx, from)
	return err
}

// stores compares the batches of ledger and store of calls, and lists what is known to be wrong.
func (d *Doctor) stores(ctx context.Context, f *Findings) (err error) {
	if err := repair.Claim(ctx, d.Books, d.Stores.Records); err != nil {
		return err
	}
	compare := repair.Compare
	if d.Brief {
		compare = repair.Recent
	}
	if f.Batches, err = compare(ctx, d.Books, d.Stores.Records); err != nil {
		return err
	}
	f.Incidents, err = d.Books.Incidents(ctx, true)
	return err
}

// files looks for damaged parts of this host's journal and spool.
func (d *Doctor) files(_ context.Context, f *Findings) error {
	if d.Data == "" {
		return nil
	}
	var err error
	f.Damaged, err = DamagedFiles(d.Data)
	return err
}

// Off is how many accounts differ.
func (f *Findings) Off() (n int) {
	for _, d := range f.Sums {
		if !d.OK() {
			n++
		}
	}
	return n
}

// Wrong lists what is wrong, each in a few words.
func (f *Findings) Wrong() []error {
	var out []error
	add := func(on bool, form string, args ...any) {
		if on {
			out = append(out, fmt.Errorf(form, args...))
		}
	}
	add(f.Fault != nil, "the provisioning cannot be put in force: %w", f.Fault)
	add(f.Off() > 0, "%d accounts differ: the calls of the accounts marked above do not add up to their postings", f.Off())
	add(len(f.Invoices) > 0, "%d invoices differ from the ledger", len(f.Invoices))
	add(!f.Batches.None(), "%d batches are not known to the ledger and %d are lost in ClickHouse: run `trunkline repair`", len(f.Batches.Foreign), len(f.Batches.Lost))
	add(len(f.Damaged) > 0, "%d damaged parts of journal or spool: see `trunkline spool list`", len(f.Damaged))
	add(len(f.Incidents) > 0, "%d incidents are open: mend them, or close them with `trunkline doctor close ID --reason WHY`", len(f.Incidents))
	add(len(f.Silent) > 0, "%d proxies are silent with money held", len(f.Silent))
	return out
}

// Verdict is nil where all is well.
func (f *Findings) Verdict() error {
	if wrong := f.Wrong(); len(wrong) > 0 {
		return cause.Mark(cause.State, errors.Join(wrong...))
	}
	if f.Unrated > 0 {
		return cause.Mark(cause.Part, fmt.Errorf("%d legs could not be rated: see `trunkline dead list`", f.Unrated))
	}
	return nil
}

// Sums compares what the accounts have in both stores, so far back, and nothing else.
func Sums(ctx context.Context, db *store.Stores, back time.Duration) (*Findings, error) {
	books, err := postgres.NewBooks(db.DB, clock.System{})
	if err != nil {
		return nil, err
	}
	d, f := &Doctor{Stores: db, Books: books, Back: back}, &Findings{}
	return f, d.sums(ctx, f)
}
