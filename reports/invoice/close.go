package invoice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/reports"
)

// Usage answers what tenants used, many at once.
type Usage interface {
	// UsageOf returns the use of tenants over slots in [from, till); no names mean all. Homes say where the branches are by which
	// calls are local or long-distance.
	UsageOf(ctx context.Context, tenants []string, homes map[reports.HomeKey]reports.Home, from, till time.Time) (map[string][]reports.Usage, error)
	// LateUsageOf returns what of UsageOf is of calls that began before a moment: they came when their own period was closed.
	LateUsageOf(ctx context.Context, tenants []string, homes map[reports.HomeKey]reports.Home, from, till, before time.Time) (map[string][]reports.Usage, error)
}

// Readiness answers what still keeps a period open.
type Readiness interface {
	// Obstacles returns, by tenant, what is in the way of closing up to a moment: legs of [from, till) that could not be rated,
	// and calls that may still come because money is held for them since before till. Legs of no tenant count for "".
	Obstacles(ctx context.Context, from, till time.Time) (map[string]Obstacle, error)
	// BatchesWaiting returns how many batches are posted and not stored with the calls.
	BatchesWaiting(ctx context.Context) (int64, error)
}

// Obstacle is what keeps a tenant's period open.
type Obstacle struct {
	Unrated int64
	Open    int64
}

// Archive keeps profiles, the histories of tenants, drafts and documents.
type Archive interface {
	Profiles(ctx context.Context) (map[string]Profile, error)
	Histories(ctx context.Context, tenants []string) (map[string][]Version, error)
	// Issue posts what the document adds to the ledger, closes the account's books up to the end of the period, gives the
	// document its number and keeps it, all or nothing. What was issued for the tenant's period before is returned unchanged, but
	// for the one whose place the document takes. It
	// is ErrSums when what the ledger has posted for calls of the period is not the document's usage, and ErrOverlap when
	// another invoice has a part of the period.
	Issue(ctx context.Context, d *Document, n Numbering) (Issued, error)
	// Find returns what was issued last for the period of a tenant that begins at a moment, or ErrNoInvoice.
	Find(ctx context.Context, tenant string, from time.Time) (Issued, error)
}

// Issued is a document that was issued, as it is kept.
type Issued struct {
	ID          int64     `json:"id"`
	Document    *Document `json:"document"`
	Hash        string    `json:"hash"`
	State       State     `json:"state"`
	NewlyIssued bool      `json:"newly_issued"` // It was issued just now.
}

// Config is what a Closer works with.
type Config struct {
	Usage    Usage
	Calls    ledger.UsageSums // What the rated calls add up to.
	Postings ledger.UsageSums // What the ledger posted for calls.
	Counter  CallCounter
	Readings Readings
	Ready    Readiness
	Archive  Archive
	Charges  Charges // Nil: nothing is charged by hand.
	Snapshot *provision.Snapshot
	Clock    clock.Clock
	// Grace is how long after a period's end calls of it are waited for: a proxy that is cut off keeps them on its disk.
	Grace   time.Duration
	Workers int // Tenants at a time; 0: 4.
}

// Closer closes billing periods.
type Closer struct {
	c Config
}

// NewCloser returns the service.
func NewCloser(c Config) *Closer {
	if c.Workers <= 0 {
		c.Workers = 4
	}
	return &Closer{c}
}

// Request says what is to be closed.
type Request struct {
	Period string   // 2026-10; the period of each tenant that begins in it.
	Tenant []string // Empty: all.
	DryRun bool     // Nothing is stored; what keeps a period open is told, and the document is made all the same.
	// Reissue makes invoices again that were credited as a whole. The tenants have to be named.
	Reissue bool
	// Told gets how many tenants are done, and of how many, after each; nil: nobody waits. Tenants are done at the same time.
	Told func(done, all int)
	// Grace is how long after its end calls of the period are waited for; 0: as the house does.
	Grace time.Duration
	Long  bool // Nobody waits for an answer: it may take as long as it takes.

	peek bool // With DryRun: what keeps the period open is not asked.
}

// Result is what became of one tenant.
type Result struct {
	Tenant   string    `json:"tenant"`
	Period   Period    `json:"period"`
	Document *Document `json:"document,omitempty"`
	Issued   *Issued   `json:"issued,omitempty"`
	Empty    bool      `json:"empty,omitempty"` // Nothing was used and nothing is due: there is no invoice.
	Refusals []Refusal `json:"refusals,omitempty"`
	Warnings []string  `json:"warnings,omitempty"` // What may be wrong, and keeps nothing open: fees and numbers that found nothing.
}

// Run closes the period of all tenants that are asked for. A tenant that is refused does not keep the others back. Running
// it again changes nothing.
func (c *Closer) Run(ctx context.Context, r Request) ([]Result, error) {
	if r.Reissue && len(r.Tenant) == 0 {
		return nil, fmt.Errorf("%w: an invoice is issued again for tenants that are named", ErrReissue)
	}
	jobs, err := c.plan(ctx, r)
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(jobs))
	r.tell(0, len(jobs))
	var done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.c.Workers)
	for i := range jobs {
		g.Go(func() error {
			if err := ctx.Err(); err != nil { // Those that have not begun when somebody stops it do not begin.
				return err
			}
			results[i] = jobs[i].run(ctx, r)
			r.tell(int(done.Add(1)), len(jobs))
			return ctx.Err()
		})
	}
	err = g.Wait()
	warn(results)
	return results, err
}

func (r *Request) tell(done, all int) {
	if r.Told != nil {
		r.Told(done, all)
	}
}

// Draft returns the document of one tenant's period: the issued one, or what would be issued, as far as it is known now.
func (c *Closer) Draft(ctx context.Context, tenant, period string) (*Document, error) {
	results, err := c.Run(ctx, Request{Period: period, Tenant: []string{tenant}, DryRun: true, peek: true})
	if err != nil {
		return nil, err
	}
	if results[0].Document == nil {
		return nil, &RefusedError{tenant, results[0].Refusals}
	}
	return results[0].Document, nil
}

// Expenses makes the expense report of a tenant's period: of the invoice, where it was issued, else of what is known now.
func (c *Closer) Expenses(ctx context.Context, tenant, period string) (*reports.Expenses, error) {
	before, err := monthBefore(period)
	if err != nil {
		return nil, err
	}
	var d, previous *Document
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { d, err = c.Draft(ctx, tenant, period); return err })
	g.Go(func() (err error) { previous, err = c.Draft(ctx, tenant, before); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return expensesOf(d, previous.Charges())
}

// regionsOf are the regions of a number of a tenant.
func (c *Closer) regionsOf(number string) []string {
	n, err := e164.Parse(number)
	if err != nil {
		return nil
	}
	return c.c.Snapshot.RegionsOf(n)
}

// job is the close of one tenant's period.
type job struct {
	closer   *Closer
	tenant   *provision.Tenant
	period   Period
	profile  Profile
	timeline *Timeline
	shared   *shared
	now      time.Time
	currency money.Currency
}

func (j *job) run(ctx context.Context, request Request) Result {
	r := Result{Tenant: j.tenant.ID, Period: j.period}
	issued, err := j.closer.c.Archive.Find(ctx, j.tenant.ID, j.period.From)
	again := err == nil && request.Reissue && issued.State == StateCredited
	switch {
	case err == nil && !again:
		r.Issued, r.Document = &issued, issued.Document
		return r
	case err != nil && !errors.Is(err, ErrNoInvoice):
		return r.refuse(Fault, err.Error())
	}
	d, err := j.document(ctx)
	if err != nil {
		return r.refuse(codeOf(err), err.Error())
	}
	if again {
		d.Replaces, d.GivenBack = issued.Document.Number, issued.Document.Usage
	}
	r.Document, r.Empty = d, d.Empty() && len(d.Lines) == 0 && d.GivenBack.IsZero()
	if request.peek {
		return r
	}
	r.Warnings = d.Warnings()
	r.Refusals = append(r.Refusals, j.obstacles(d)...)
	if len(r.Refusals) > 0 || request.DryRun || r.Empty {
		return r
	}
	d.Issued = j.now.Truncate(time.Second)
	d.Due = d.Issued.AddDate(0, 0, j.profile.DueDays)
	issued, err = j.closer.c.Archive.Issue(ctx, d, j.profile.Number)
	if err != nil {
		return r.refuse(codeOf(err), err.Error())
	}
	r.Issued, r.Document = &issued, issued.Document
	r.Document.matches = d.matches
	return r
}

func (r Result) refuse(code Code, detail string) Result {
	r.Refusals = append(r.Refusals, Refusal{code, detail})
	return r
}

func codeOf(err error) Code {
	switch {
	case errors.Is(err, ErrSums):
		return SumsOff
	case errors.Is(err, errNoTariff):
		return NoTariff
	}
	return Fault
}

var errNoTariff = errors.New("the tariff is not known")

// document makes the document.
func (j *job) document(ctx context.Context) (*Document, error) {
	plans, err := j.plans(ctx)
	if err != nil {
		return nil, err
	}
	in := draftInput{
		tenant: j.tenant.ID, currency: j.currency, period: j.period, now: j.now, profile: j.profile, timeline: j.timeline, plans: plans,
		charges: j.shared.charges[j.tenant.ID], usage: j.shared.of(j.tenant.ID), regions: j.closer.regionsOf,
	}
	in.branches = j.branches(j.timeline)
	if in.profile.Buyer.Name == "" {
		in.profile.Buyer.Name = first(j.tenant.Name, j.tenant.ID)
	}
	return draft(ctx, in, j.closer.c.Counter, j.closer.c.Readings)
}

// branches are those of the period.
func (j *job) branches(t *Timeline) (there []reports.BranchInfo) {
	names := make(map[string]reports.BranchInfo)
	for _, tenant := range append(t.tenants, j.tenant) {
		if tenant == nil {
			continue
		}
		for i := range tenant.Branches {
			b := &tenant.Branches[i]
			names[b.ID] = reports.BranchInfo{ID: b.ID, Name: first(b.Name, b.ID)}
		}
	}
	present := t.Branches(j.period.From, j.period.Till)
	seen := make(map[string]bool)
	take := func(id string) {
		if slices.Contains(present, id) && !seen[id] {
			there, seen[id] = append(there, names[id]), true
		}
	}
	for i := range j.tenant.Branches { // In the order that the operator gave them.
		take(j.tenant.Branches[i].ID)
	}
	for _, id := range present {
		take(id)
	}
	return there
}
