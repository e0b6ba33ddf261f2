package bench_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/demo"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/internal/embedded/enginetest"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/worker"
	"trunkline/reports"
	"trunkline/reports/invoice"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

// nineCities is the demo's operator with five weeks of calls, rated and posted as the worker does it, on the 5th of November.
type nineCities struct {
	db       *postgres.DB
	ledger   *postgres.Ledger
	records  *clickhouse.Store
	books    *postgres.Books
	worker   *worker.Worker
	snapshot *provision.Snapshot
	clock    *clock.Manual
	offset   int64
}

func newNineCities(t *testing.T) *nineCities {
	t.Helper()
	ctx := t.Context()
	n := &nineCities{clock: clock.NewManual(time.Date(2026, 11, 5, 9, 0, 0, 0, time.UTC))}
	db, err := postgres.Open(ctx, enginetest.Postgres(t), postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	require.NoError(t, db.Migrate(ctx))
	clicks, err := clickhouse.Open(enginetest.ClickHouse(t), clickhouse.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, clicks.Close()) })
	require.NoError(t, clicks.Migrate(ctx))
	n.db, n.ledger, n.records = db, postgres.NewLedger(db, n.clock), clickhouse.NewStore(clicks)
	n.provision(t)
	n.books, err = postgres.NewBooks(db, n.clock)
	require.NoError(t, err)
	countries, err := e164.NewCountries()
	require.NoError(t, err)
	n.worker = worker.New(worker.Config{
		Books: n.books, Calls: n.records, Prices: func() worker.Prices { return demoPrices{n.snapshot} }, Country: countries.Of, Clock: n.clock, Log: slog.New(slog.DiscardHandler),
	})
	var chunk []cdr.Leg
	for legs := range demo.History(n.snapshot, n.clock.Now()) {
		for _, leg := range legs {
			chunk = append(chunk, *leg)
		}
		if len(chunk) > 5000 {
			n.rate(t, chunk)
			chunk = nil
		}
	}
	n.rate(t, chunk)
	return n
}

// provision sets the demo's operator up, as it was at the beginning of the year.
func (n *nineCities) provision(t *testing.T) {
	t.Helper()
	bundle, err := provision.ReadBundle(demo.Files(), demo.OperatorFile)
	require.NoError(t, err)
	objects, err := bundle.Objects()
	require.NoError(t, err)
	_, err = postgres.NewProvision(n.db.Pool()).Save(t.Context(), 0, &provision.Changes{Put: objects, Files: bundle.Files}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "demo")
	require.NoError(t, err)
	n.snapshot, err = provision.NewCompiler().Compile(t.Context(), bundle)
	require.NoError(t, err)
	for _, tenant := range n.snapshot.Operator().Tenants {
		require.NoError(t, n.ledger.Open(t.Context(), ledger.Tenant(tenant.ID, tenant.Currency), tenant.Account.Credit))
	}
	archive := postgres.NewInvoices(n.db, n.clock)
	for _, p := range n.profiles(t) {
		require.NoError(t, archive.PutProfile(t.Context(), p, "demo"))
	}
}

func (n *nineCities) profiles(t *testing.T) []invoice.Profile {
	t.Helper()
	text, err := fs.ReadFile(demo.Files(), demo.BillingFile)
	require.NoError(t, err)
	profiles, err := invoice.ParseProfiles(text)
	require.NoError(t, err)
	return profiles
}

// demoPrices are the prices of a snapshot, as the worker asks for them.
type demoPrices struct{ snapshot *provision.Snapshot }

func (p demoPrices) Tenant(string, time.Time) (worker.Tenant, bool) {
	return worker.Tenant{Zone: time.UTC}, true
}

func (p demoPrices) Tariff(leg *cdr.Leg) (*rating.Tariff, bool, error) {
	if leg.Tariff == "" {
		return nil, true, nil
	}
	t, ok := p.snapshot.Tariff(leg.Tariff)
	return t, ok, nil
}

func (p demoPrices) Cost(leg *cdr.Leg) (*rating.Tariff, bool, error) {
	if leg.Deck == "" {
		return nil, true, nil
	}
	t, ok := p.snapshot.Cost(leg.Deck)
	return t, ok, nil
}

// Base implements worker.Prices: no tariff builds on a cost here.
func (p demoPrices) Base(*cdr.Leg, money.Currency) (worker.Base, error) { return worker.Base{}, nil }

func (p demoPrices) Limits(*cdr.Leg) []ledger.Limit { return nil }

// posted is what the ledger has for calls of a tenant.
func (n *nineCities) posted(ctx context.Context, tenant string, currency money.Currency, from, till time.Time) (money.Amount, error) {
	sums, err := n.ledger.UsageSums(ctx, from, till)
	for _, s := range sums {
		if s.Account == ledger.Tenant(tenant, currency) {
			return s.Amount, err
		}
	}
	return money.Amount{}, err
}

// calls gives the calls of a tenant, one by one.
func (n *nineCities) calls(ctx context.Context) invoice.CallSource {
	return func(tenant string, from, till time.Time) invoice.Calls {
		return func(yield func(*cdr.Record, error) bool) {
			filter := clickhouse.Filter{Tenant: tenant, From: from, Till: till, Kind: cdr.Ingress}
			err := n.records.EachRecord(ctx, filter, func(r *cdr.Record) error {
				if (r.Direction != calls.Internal || !r.Sale.IsZero()) && !yield(r, nil) {
					return errors.New("enough")
				}
				return nil
			})
			if err != nil {
				yield(nil, err)
			}
		}
	}
}

// rate accounts for legs, and stores what comes of them.
func (n *nineCities) rate(t *testing.T, legs []cdr.Leg) {
	t.Helper()
	next := n.offset + int64(len(legs))
	batch, err := n.books.Post(t.Context(), &worker.Delivery{Source: "demo", Steps: []worker.Step{{From: n.offset, Next: next}}, Legs: legs}, n.worker.Rate)
	require.NoError(t, err)
	require.Empty(t, batch.DeadLetters)
	n.offset = next
	require.NoError(t, n.worker.Recover(t.Context()))
}

func (n *nineCities) closer() *invoice.Closer {
	archive := postgres.NewInvoices(n.db, n.clock)
	return invoice.NewCloser(invoice.Config{
		Usage: n.records, Calls: n.records, Counter: n.records, Postings: n.ledger, Readings: archive, Ready: archive, Archive: archive,
		Snapshot: n.snapshot, Clock: n.clock, Grace: 2 * time.Hour,
	})
}

// TestNineCitiesClose closes October of a company with nine branches: calls, ledger and invoice agree to the last place, the
// expense report foots to it, every call and fee is behind a figure, and what comes late counts in November.
func TestNineCitiesClose(t *testing.T) {
	n := newNineCities(t)
	ctx := t.Context()
	results, err := n.closer().Run(ctx, invoice.Request{Period: "2026-10"})
	require.NoError(t, err)
	require.Len(t, results, 2)
	var beauty *invoice.Document
	for i := range results {
		require.Empty(t, results[i].Refusals)
		require.True(t, results[i].Issued.NewlyIssued)
		if results[i].Tenant == "beauty" {
			beauty = results[i].Issued.Document
		}
	}
	from, till := beauty.Period.From, beauty.Period.Till
	posted, err := n.posted(ctx, "beauty", beauty.Currency, from, till)
	require.NoError(t, err)
	require.Equal(t, posted, beauty.Usage)
	require.Equal(t, 1, beauty.Usage.Sign())

	e, err := n.closer().Expenses(ctx, "beauty", "2026-10")
	require.NoError(t, err)
	require.Len(t, e.Rows, 9)
	require.Equal(t, "Москва", e.Rows[0].Name)
	require.Equal(t, beauty.Total, e.Total.Total)
	require.Equal(t, posted, e.Total.Usage)

	var total money.Amount
	calls := 0
	err = n.closer().Detail(ctx, "beauty", "2026-10", invoice.DetailFilter{}, n.calls(ctx), func(d *invoice.Detail) error {
		if d.Call != "" {
			calls++
		}
		var err error
		total, err = total.Add(d.Amount)
		return err
	})
	require.NoError(t, err)
	require.Equal(t, beauty.Total, total, "every call and fee is behind a figure")
	require.Greater(t, calls, 3000)

	again, err := n.closer().Run(ctx, invoice.Request{Period: "2026-10"})
	require.NoError(t, err)
	require.False(t, again[0].Issued.NewlyIssued)
	n.late(t, till)
	n.documents(t, beauty, results)
}

// late brings a call of October after it was closed.
func (n *nineCities) late(t *testing.T, till time.Time) {
	t.Helper()
	at := till.Add(-time.Hour)
	leg := cdr.Leg{
		Call: calls.IDAt(at, 77), Kind: cdr.Ingress, Direction: calls.Outbound, Source: cdr.SourceSIP, Node: "demo", Tenant: "beauty", Branch: "kazan", Extension: "121",
		Tariff: "retail", From: e164.MustParse("78431000003"), To: e164.MustParse("74951234567"), Setup: at, Connect: at.Add(time.Second), Disconnect: at.Add(time.Hour), SIPStatus: 200, Cause: 16,
	}
	before, err := n.closer().Draft(t.Context(), "beauty", "2026-11")
	require.NoError(t, err)
	n.rate(t, []cdr.Leg{leg})
	after, err := n.closer().Draft(t.Context(), "beauty", "2026-11")
	require.NoError(t, err)
	require.Equal(t, 1, after.Usage.Cmp(before.Usage), "it is on the next invoice")
	october, err := n.closer().Draft(t.Context(), "beauty", "2026-10")
	require.NoError(t, err)
	posted, err := n.posted(t.Context(), "beauty", october.Currency, october.Period.From, till)
	require.NoError(t, err)
	require.Equal(t, october.Usage, posted, "and not on that of the closed month")
	off, err := ledger.Reconcile(t.Context(), n.ledger, n.records, october.Period.From, n.clock.Now().Add(time.Hour))
	require.NoError(t, err)
	for _, d := range off {
		require.True(t, d.OK(), d.Account)
	}
}

func (n *nineCities) documents(t *testing.T, beauty *invoice.Document, results []invoice.Result) {
	t.Helper()
	r := &results[slices.IndexFunc(results, func(r invoice.Result) bool { return r.Document == beauty })]
	profiles := n.profiles(t)
	var out bytes.Buffer
	require.NoError(t, invoice.WritePDF(&out, *r.Issued, profiles[0].Over(invoice.Profile{}).Brand, n.calls(t.Context())("beauty", r.Document.Period.From, r.Document.Period.Till)))
	require.Greater(t, out.Len(), 50_000)
	require.NoError(t, invoice.WriteXLSX(io.Discard, *r.Issued, n.calls(t.Context())("beauty", r.Document.Period.From, r.Document.Period.Till)))
	require.Equal(t, reports.Evenly, profiles[0].Share)
}
