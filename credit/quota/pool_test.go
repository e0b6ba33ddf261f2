package quota_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/credit/quota"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
)

// one is a ledger with one account, which has so much left. It grants what is asked for.
type one struct {
	granted map[uuid.UUID]ledger.Use
	drawn   map[uuid.UUID]ledger.Use
	done    []uuid.UUID
	rules   int64
	made    map[uuid.UUID]int64
	refusal string
	away    error
	asked   int
}

func newOne() *one {
	return &one{granted: make(map[uuid.UUID]ledger.Use), drawn: make(map[uuid.UUID]ledger.Use), made: make(map[uuid.UUID]int64)}
}

func (o *one) DrawQuota(_ context.Context, r ledger.QuotaRequest) (ledger.QuotaAnswer, error) {
	o.asked++
	if o.away != nil || o.refusal != "" {
		return ledger.QuotaAnswer{Refusal: o.refusal, Granted: o.granted[r.ID]}, o.away
	}
	sum, err := o.granted[r.ID].Add(r.More)
	if o.granted[r.ID] == r.Had {
		o.granted[r.ID], o.made[r.ID] = sum, o.rules
	}
	return ledger.QuotaAnswer{Granted: o.granted[r.ID]}, err
}

func (o *one) RetireQuota(_ context.Context, id uuid.UUID, drawn ledger.Use) error {
	o.drawn[id] = drawn
	return o.away
}

func (o *one) FinishQuotas(_ context.Context, _ ledger.Life, ids []uuid.UUID, _ int64) error {
	o.done = append(o.done, ids...)
	return o.away
}

func (o *one) Quotas(context.Context, ledger.Life) ([]ledger.Quota, error) {
	var out []ledger.Quota
	for id := range o.granted {
		out = append(out, ledger.Quota{ID: id, Version: o.made[id], Rules: o.rules})
	}
	return out, o.away
}

// bench is a pool over it.
type bench struct {
	*quota.Pool
	t     *testing.T
	one   *one
	clock *clock.Manual
	scope *quota.Scope
	calls uint64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, one: newOne(), clock: clock.NewManual(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC))}
	b.scope = &quota.Scope{Account: ledger.Tenant("beauty", money.MustParseCurrency("EUR"))}
	b.Pool = quota.New(quota.DefaultTerms(time.Minute), b.one, b.clock, ledger.Life{Node: "n", Life: "one"}, uuid.New)
	return b
}

func (b *bench) call() (calls.ID, cdr.Draw, bool) {
	b.calls++
	id := calls.IDAt(b.clock.Now(), b.calls)
	d, ok := b.Take(b.scope, id, ledger.GrantOption{Seconds: 60, Cost: money.FromMicros(10_000)}, cdr.Draw{})
	return id, d, ok
}

func (b *bench) tend() {
	b.t.Helper()
	b.clock.Advance(200 * time.Millisecond)
	require.NoError(b.t, b.Tend(b.t.Context()))
}

// busy has calls come until there is a quota, and returns the first that draws on it.
func (b *bench) busy() (calls.ID, cdr.Draw) {
	b.t.Helper()
	for range 3 {
		_, _, ok := b.call()
		require.False(b.t, ok, "the ledger is asked for the first calls")
	}
	b.tend()
	id, d, ok := b.call()
	require.True(b.t, ok)
	return id, d
}

func never(...calls.ID) bool  { return false }
func always(...calls.ID) bool { return true }

// TestFewCallsAskTheLedger: whoever calls now and then has no quota, and nothing is asked about them.
func TestFewCallsAskTheLedger(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 20 {
		_, _, ok := b.call()
		require.False(t, ok)
		b.clock.Advance(5 * time.Second)
		for range 10 {
			b.tend()
		}
	}
	require.Zero(t, b.one.asked)
}

// TestCallsDrawOnAQuota: what calls draw is never more than what was granted, and more is drawn before it ends.
func TestCallsDrawOnAQuota(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, d := b.busy()
	require.Equal(t, cdr.Draw{Quota: d.Quota, Money: money.FromMicros(10_000), Seconds: 60}, d)
	drawn := 1
	for range 200 {
		for range 3 {
			if _, _, ok := b.call(); ok {
				drawn++
			}
		}
		require.LessOrEqual(t, int64(drawn), b.one.granted[uuid.UUID(d.Quota)].Calls)
		b.tend()
	}
	require.Greater(t, drawn, 590, "a steady stream of calls hardly ever asks the ledger")
}

// TestCallGoesOn: a call that goes on draws what it needs beyond what it has, on the same quota.
func TestCallGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, d := b.busy()
	more, ok := b.Take(b.scope, id, ledger.GrantOption{Seconds: 120, Cost: money.FromMicros(20_000)}, d)
	require.True(t, ok)
	require.Equal(t, cdr.Draw{Quota: d.Quota, Money: money.FromMicros(20_000), Seconds: 120}, more)
	same, ok := b.Take(b.scope, id, ledger.GrantOption{Seconds: 120, Cost: money.FromMicros(20_000)}, more)
	require.False(t, ok, "whether the account is suspended meanwhile the ledger has to say")
	require.Equal(t, more, same)
	b.Recall(nil)
	require.NoError(t, b.Tend(t.Context()))
	require.Equal(t, ledger.Use{Money: money.FromMicros(20_000), Seconds: 120, Calls: 1}, b.one.drawn[uuid.UUID(d.Quota)], "what no call has drawn goes back")
}

// TestChangesByHandAreFelt: a quota is dealt out no more when the rules of its account were changed, when the proxy is told so, or when the ledger
// has not said for a while that they were not.
func TestChangesByHandAreFelt(t *testing.T) {
	t.Parallel()
	t.Run("the ledger says so", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.busy()
		b.one.rules++
		b.one.refusal = ledger.QuotaExact
		b.tend()
		_, _, ok := b.call()
		require.False(t, ok)
	})
	t.Run("the proxy is told", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.busy()
		b.Recall(&b.scope.Account)
		_, _, ok := b.call()
		require.False(t, ok)
	})
	t.Run("the ledger says nothing", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.busy()
		b.one.away = context.DeadlineExceeded
		b.clock.Advance(900 * time.Millisecond)
		require.Error(t, b.Tend(t.Context()))
		_, _, ok := b.call()
		require.False(t, ok)
	})
	t.Run("other limits are provisioned", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.busy()
		b.scope = &quota.Scope{Account: b.scope.Account, Concurrency: ledger.ConcurrencyCaps{Tenant: 1}}
		_, _, ok := b.call()
		require.False(t, ok)
	})
}

// TestDayEnds: a quota counts in the periods that it was drawn in, and no call of the next day draws on it.
func TestDayEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.clock.Advance(12*time.Hour - 300*time.Millisecond)
	b.busy()
	b.clock.Advance(150 * time.Millisecond)
	_, _, ok := b.call()
	require.False(t, ok)
}

// TestQuotasAreFinishedWhenTheirCallsAre: what is held of a quota goes back when the records of all calls that drew on it are written, and not before.
func TestQuotasAreFinishedWhenTheirCallsAre(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, d := b.busy()
	require.Empty(t, b.Finished(always, true), "it is dealt out of")
	_, _, ok := b.call()
	require.True(t, ok)
	require.NoError(t, b.Close(t.Context()))
	require.Empty(t, b.Finished(never, true))
	ids := b.Finished(always, true)
	require.Equal(t, []uuid.UUID{uuid.UUID(d.Quota)}, ids)
	require.NoError(t, b.Finish(t.Context(), ids, 7))
	require.Equal(t, ids, b.one.done)
	require.Empty(t, b.Finished(always, true))
}

// TestQuotasOfEarlierLives are finished when no record of a call of an earlier life is missing.
func TestQuotasOfEarlierLives(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	former := uuid.New()
	b.one.granted[former] = ledger.Use{Calls: 1}
	b.tend()
	require.Empty(t, b.Finished(always, false))
	require.Equal(t, []uuid.UUID{former}, b.Finished(always, true))
}

// BenchmarkTake is what a call waits for, one at a time.
func BenchmarkTake(b *testing.B) {
	o := newOne()
	c := clock.NewManual(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC))
	p := quota.New(quota.DefaultTerms(time.Minute), o, c, ledger.Life{Node: "n", Life: "one"}, uuid.New)
	scope := &quota.Scope{Account: ledger.Tenant("beauty", money.MustParseCurrency("EUR"))}
	want := ledger.GrantOption{Seconds: 1 << 40}
	for range 10 {
		p.Take(scope, calls.IDAt(c.Now(), 1), want, cdr.Draw{})
	}
	if err := p.Tend(b.Context()); err != nil {
		b.Fatal(err)
	}
	id, has := calls.IDAt(c.Now(), 2), cdr.Draw{}
	for b.Loop() {
		next, ok := p.Take(scope, id, ledger.GrantOption{Seconds: has.Seconds + 1}, has)
		if has = next; !ok {
			b.Fatal("the quota is used up")
		}
	}
}
