package reporting

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/cdr"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/provision"
	"trunkline/reports"
	"trunkline/sql/clickhouse"
)

// asked is a stand-in for ClickHouse: every narrowing has figures and legs of its own, and it notes how often it was asked.
type asked struct {
	mu    sync.Mutex
	times map[string]int
	legs  map[string]int64 // By tenant and branch, with a line between; "|" is all.
}

func (a *asked) note(tenant, branch string) (key string, legs int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key = tenant + "|" + branch
	a.times[key]++
	return key, a.legs[key]
}

func (a *asked) figures(_ context.Context, list []reports.Question) ([]*reports.Answer, error) {
	rub := money.MustParseCurrency("RUB")
	out := make([]*reports.Answer, len(list))
	for i, q := range list {
		key, legs := a.note(q.Tenant, q.Branch)
		f := reports.Figures{
			Legs: legs, Sale: reports.Purse{rub: money.MustParseAmount("7")}, Cost: reports.Purse{rub: money.MustParseAmount("4")},
			Margin: &reports.Worth{Currency: rub, Amount: money.MustParseAmount("3")},
		}
		before := f
		row := reports.Row{Keys: []string{key}, Figures: f, Before: &before}
		out[i] = &reports.Answer{Side: q.Side, By: q.By, Rows: []reports.Row{row}, Total: row, Formulas: reports.Formulas(q.Side)}
	}
	return out, nil
}

func (a *asked) Records(_ context.Context, f clickhouse.Filter) ([]cdr.Record, error) {
	_, legs := a.note(f.Tenant, f.Branch)
	leg := cdr.Leg{Tenant: f.Tenant, Branch: f.Branch, Kind: cdr.Ingress, Carrier: "alfa"}
	out := make([]cdr.Record, legs)
	for i := range out {
		out[i] = cdr.Record{Leg: leg, Sale: money.MustParseAmount("7")}
	}
	return out, nil
}

func (a *asked) EachRecord(context.Context, clickhouse.Filter, func(*cdr.Record) error) error {
	return nil
}

func (a *asked) CountRecords(context.Context, clickhouse.Filter) (int64, error) { return 0, nil }

func newAsked() (*asked, *clock.Manual, *console.Console) {
	c := clock.NewManual(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	a := &asked{times: make(map[string]int), legs: map[string]int64{"|": 90, "acme|": 30, "acme|berlin": 10, "acme|munich": 20, "other|": 60}}
	q := NewCache(c)
	return a, c, console.New(console.Deps{Figures: Figures{q, a.figures}, Records: Records{a, q}, Clock: c, Snapshot: func() *provision.Snapshot { return &provision.Snapshot{} }})
}

// viewer is somebody who looks, at what they name, and what they are to see.
type viewer struct {
	who            access.Principal
	tenant, branch string
	legs           int64 // 0: nothing.
	sale, cost     bool
}

func viewers() []viewer {
	return []viewer{
		{access.Principal{Role: access.NOC}, "", "", 90, false, false},
		{access.Principal{Role: access.Manager, Tenant: "acme"}, "", "", 30, true, false},
		{access.Principal{Role: access.Operator}, "", "", 90, true, true},
		{access.Principal{Role: access.Operator}, "acme", "", 30, true, true},
		{access.Principal{Role: access.BranchManager, Tenant: "acme", Branch: "berlin"}, "", "", 10, true, false},
		{access.Principal{Role: access.BranchManager, Tenant: "acme", Branch: "berlin"}, "acme", "munich", 0, false, false},
		{access.Principal{Role: access.BranchManager, Tenant: "acme", Branch: "munich"}, "acme", "munich", 20, true, false},
		{access.Principal{Role: access.Manager, Tenant: "acme"}, "acme", "berlin", 10, true, false},
		{access.Principal{Role: access.Manager, Tenant: "acme"}, "other", "", 0, false, false},
		{access.Principal{Role: access.Manager, Tenant: "other"}, "", "", 60, true, false},
		{access.Principal{Role: access.NOC}, "acme", "", 30, false, false},
		{access.Principal{Role: access.Operator, Scopes: []access.Permission{access.ReadStats, access.ReadCalls}}, "acme", "", 30, false, false},
		{access.Principal{Role: access.Accountant}, "other", "", 60, true, true},
	}
}

// TestSharedAnswersOfFigures lets people of all kinds ask the same within a moment, one after the other and at once: the engine is
// asked once for each narrowing, and everybody sees what is theirs and no more.
func TestSharedAnswersOfFigures(t *testing.T) {
	t.Parallel()
	a, _, c := newAsked()
	look := func(v *viewer) error {
		p := reports.Span(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), time.UTC)
		got, err := c.Stats(t.Context(), &v.who, reports.Question{Side: reports.Calls, Period: p, Tenant: v.tenant, Branch: v.branch, By: []reports.Dimension{reports.ByDay}, Compare: true})
		if v.legs == 0 {
			if err == nil {
				return fmt.Errorf("%v sees %s|%s", v.who, v.tenant, v.branch) //nolint:err113 // Only told.
			}
			return nil
		}
		if err != nil {
			return err
		}
		for _, f := range []*reports.Figures{&got.Total.Figures, got.Total.Before, &got.Rows[0].Figures, got.Rows[0].Before} {
			if f.Legs != v.legs || (f.Sale != nil) != v.sale || (f.Cost != nil) != v.cost || (f.Margin != nil) != (v.sale && v.cost) {
				return fmt.Errorf("%v sees of %s|%s: %+v", v.who, v.tenant, v.branch, *f) //nolint:err113 // Only told.
			}
		}
		return nil
	}
	all := viewers()
	for range 2 {
		for i := range all {
			require.NoError(t, look(&all[i]))
		}
	}
	var group sync.WaitGroup
	faults := make([]error, 4*len(all))
	for i := range faults {
		group.Go(func() { faults[i] = look(&all[i%len(all)]) })
	}
	group.Wait()
	for _, err := range faults {
		require.NoError(t, err)
	}
	require.Equal(t, map[string]int{"|": 1, "acme|": 1, "acme|berlin": 1, "acme|munich": 1, "other|": 1}, a.times)
}

// TestSharedAnswersOfCalls is the same of lists of calls.
func TestSharedAnswersOfCalls(t *testing.T) {
	t.Parallel()
	a, _, c := newAsked()
	p := reports.Span(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), time.UTC)
	for _, v := range append(viewers(), viewers()...) {
		legs, err := c.Calls(t.Context(), &v.who, console.CallQuery{Period: p, Tenant: v.tenant, Branch: v.branch, Limit: 100})
		require.Len(t, legs, int(v.legs))
		if v.legs == 0 {
			require.ErrorIs(t, err, console.ErrNotFound)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, v.sale, legs[0].Sale != nil, v.who)
		require.Equal(t, !v.who.Role.OfTenant(), legs[0].Carrier != "", v.who)
	}
	// Clients' people never ask for attempts, but the operator's do by the same words: that is another question.
	require.Equal(t, map[string]int{"|": 1, "acme|": 1, "acme|berlin": 1, "acme|munich": 1, "other|": 1}, a.times)
	_, err := c.Calls(t.Context(), &access.Principal{Role: access.Operator}, console.CallQuery{Period: p, Tenant: "acme", Attempts: true, Limit: 100})
	require.NoError(t, err)
	require.Equal(t, 2, a.times["acme|"])
}

// TestNewCallsShow has a call rated while answers are kept: it shows when they are as old as they may be.
func TestNewCallsShow(t *testing.T) {
	t.Parallel()
	a, at, c := newAsked()
	who := &access.Principal{Role: access.Manager, Tenant: "acme"}
	look := func() (figures int64, listed int) {
		p := reports.Span(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), time.UTC)
		answer, err := c.Stats(t.Context(), who, reports.Question{Side: reports.Calls, Period: p})
		require.NoError(t, err)
		legs, err := c.Calls(t.Context(), who, console.CallQuery{Period: p, Limit: 100})
		require.NoError(t, err)
		return answer.Total.Legs, len(legs)
	}
	figures, listed := look()
	require.Equal(t, int64(30), figures)
	require.Equal(t, 30, listed)
	a.legs["acme|"] = 31
	at.Advance(answerKept - time.Millisecond)
	figures, listed = look()
	require.Equal(t, int64(30), figures)
	require.Equal(t, 30, listed)
	at.Advance(time.Millisecond)
	figures, listed = look()
	require.Equal(t, int64(31), figures)
	require.Equal(t, 31, listed)
}
