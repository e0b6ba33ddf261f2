package clickhouse_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/reports"
	"trunkline/sql/clickhouse"
)

// TestUsageAgreesWithTheRecords compares what tenants used with what each record says, corrections and charged calls in the
// house among them, for months of zones that do and do not begin with an hour of UTC.
func TestUsageAgreesWithTheRecords(t *testing.T) {
	store, _ := open(t)
	records := invent(11, 900, time.Date(2026, 9, 29, 0, 0, 0, 0, time.UTC), 34*24*time.Hour)
	require.NoError(t, store.WriteRecords(t.Context(), "one", records))
	homes := map[reports.HomeKey]reports.Home{
		{Tenant: "beauty", Branch: "moscow"}: {Country: "7", Area: "495"}, {Tenant: "beauty", Branch: "kazan"}: {Country: "7"},
		{Tenant: "smallco", Branch: "moscow"}: {Country: "49", Area: "151"},
	}
	for _, name := range []string{"UTC", "Europe/Moscow", "Asia/Kolkata", "Australia/Lord_Howe"} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		for _, month := range []string{"2026-09", "2026-10", "2026-11"} {
			p, err := reports.ParsePeriod(month, zone, time.Time{})
			require.NoError(t, err)
			got, err := store.UsageOf(t.Context(), nil, homes, p.From, p.Until)
			require.NoError(t, err)
			for _, tenant := range []string{"beauty", "smallco"} {
				require.Equal(t, used(records, tenant, homes, p), sorted(got[tenant]), "%s %s %s", name, month, tenant)
			}
		}
	}
}

func used(records []cdr.Record, tenant string, homes map[reports.HomeKey]reports.Home, p reports.Period) []reports.Usage {
	type key struct {
		branch   string
		class    reports.Class
		currency money.Currency
	}
	sums := make(map[key]*reports.Usage)
	for i := range records {
		r := &records[i]
		if r.Kind != cdr.Ingress || r.Tenant != tenant || r.Slot.Before(p.From) || !r.Slot.Before(p.Until) || r.Direction == calls.Internal && r.Sale.IsZero() {
			continue
		}
		to := r.To.Digits()
		if r.Direction == calls.Internal {
			to = ""
		}
		k := key{r.Branch, reports.Classify(homes[reports.HomeKey{Tenant: tenant, Branch: r.Branch}], r.Direction != calls.Inbound, to, r.Destination), r.SaleCurrency}
		u, ok := sums[k]
		if !ok {
			u = &reports.Usage{Branch: k.branch, Class: k.class, Currency: k.currency}
			sums[k] = u
		}
		sign := int64(r.Sign)
		if r.Answered() {
			u.Calls += sign
		}
		u.Attempts += sign
		u.Seconds += sign * r.Billed
		u.Covered += sign * r.Covered
		u.Sale = money.FromMicros(u.Sale.Micros() + sign*r.Sale.Micros())
	}
	var out []reports.Usage
	for _, u := range sums {
		out = append(out, *u)
	}
	return sorted(out)
}

func sorted(list []reports.Usage) []reports.Usage {
	slices.SortFunc(list, func(a, b reports.Usage) int {
		return cmp.Or(cmp.Compare(a.Branch, b.Branch), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Currency.String(), b.Currency.String()))
	})
	return list
}

// TestNewestRecords reads the end of a long period first; the answer is the same.
func TestNewestRecords(t *testing.T) {
	store, _ := open(t)
	from, till := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	records := invent(21, 400, from.Add(24*time.Hour), 28*24*time.Hour)
	require.NoError(t, store.WriteRecords(t.Context(), "one", records))
	slices.SortFunc(records, func(a, b cdr.Record) int { return b.Setup.Compare(a.Setup) })
	for _, limit := range []int{1, 10, 100, 500, 5000} {
		got, err := store.Records(t.Context(), clickhouse.Filter{From: from, Till: till, Limit: limit})
		require.NoError(t, err)
		require.Len(t, got, min(limit, len(records)))
		for i := range got {
			require.Equal(t, records[i].Setup, got[i].Setup)
		}
	}
}

// TestLateUsageIsOfCallsBefore tells calls apart that count in a period and were made before it.
func TestLateUsageIsOfCallsBefore(t *testing.T) {
	store, _ := open(t)
	records := invent(12, 300, time.Date(2026, 9, 25, 0, 0, 0, 0, time.UTC), 12*24*time.Hour)
	p, err := reports.ParsePeriod("2026-10", time.UTC, time.Time{})
	require.NoError(t, err)
	var late []cdr.Record
	for i := range records {
		if r := &records[i]; r.Slot.Before(p.From) && i%2 == 0 {
			r.Slot = p.From // Its own period was closed when it came.
			late = append(late, *r)
		}
	}
	require.NotEmpty(t, late)
	require.NoError(t, store.WriteRecords(t.Context(), "one", records))
	got, err := store.LateUsageOf(t.Context(), []string{"beauty"}, nil, p.From, p.Until, p.From)
	require.NoError(t, err)
	require.Equal(t, used(late, "beauty", nil, p), sorted(got["beauty"]))
	require.Empty(t, got["smallco"])
}
