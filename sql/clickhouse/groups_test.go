package clickhouse_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/reports"
	"trunkline/sql/clickhouse"
)

// invent makes records up: calls of several tenants over some days, each with its attempts, some corrected.
func invent(seed uint64, count int, from time.Time, spread time.Duration) []cdr.Record {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var out []cdr.Record
	for i := range count {
		at := from.Add(time.Duration(r.Int64N(int64(spread)))).Truncate(time.Microsecond)
		id := calls.IDAt(at, r.Uint64())
		tenant, country := pick("beauty", "smallco"), pick("RU", "DE")
		call := cdr.Record{Leg: cdr.Leg{
			Call: id, Kind: cdr.Ingress, Direction: calls.Direction(1 + r.IntN(4)), Source: "sip", Node: "n", Tenant: tenant,
			Branch: pick("moscow", "kazan", ""), Extension: pick("101", "102", "103"), Number: pick("", "74951000000"),
			From: e164.MustParse("7495" + strconv.Itoa(1000000+i)), To: e164.MustParse(pick("7495", "7916", "49151") + strconv.Itoa(2000000+i)),
			Setup: at, SIPStatus: 486, Cause: uint8([]int{16, 17, 34, 3}[r.IntN(4)]), Disconnect: at.Add(5 * time.Second), ReleasedBy: cdr.SideCallee,
		}, Sign: 1, Batch: 1, Destination: pick("Moscow", "Russia mobile", "Germany"), Country: country}
		if r.IntN(20) == 0 {
			call.SIPStatus = 407
		}
		if r.IntN(10) == 0 {
			call.ReleasedBy, call.Reason = cdr.SideRouting, pick("limit_day", "capacity", "balance")
		}
		attempts := 1 + r.IntN(2)
		for n := range attempts {
			out = append(out, attempt(r, call, n+1))
		}
		if r.IntN(2) == 0 {
			call.Progress = at.Add(time.Duration(1+r.IntN(5000)) * time.Millisecond)
			call.Connect = at.Add(6 * time.Second)
			call.Disconnect = call.Connect.Add(time.Duration(r.Int64N(int64(20 * time.Minute)))).Truncate(time.Microsecond)
			call.SIPStatus, call.Cause, call.Carrier, call.Gateway = 200, 16, "alfa", "alfa-1"
			call.Billed, call.Sale, call.SaleCurrency = 1+r.Int64N(2000), money.FromMicros(r.Int64N(50_000_000)), rub()
		}
		call.Slot = cdr.SlotOf(&call.Leg)
		out = append(out, call)
		if r.IntN(5) == 0 { // A correction.
			back, anew := call, call
			back.Sign = -1
			anew.Sale, anew.SaleCurrency = money.FromMicros(r.Int64N(50_000_000)), rub()
			out = append(out, back, anew)
		}
	}
	return out
}

func attempt(r *rand.Rand, call cdr.Record, n int) cdr.Record {
	call.Kind, call.Seq = cdr.Egress, uint16(n)
	call.Carrier = []string{"alfa", "beta"}[r.IntN(2)]
	call.Gateway = call.Carrier + "-1"
	call.Cost, call.CostCurrency = money.FromMicros(r.Int64N(9_000_000)), money.MustParseCurrency([]string{"EUR", "RUB"}[r.IntN(2)])
	if r.IntN(2) == 0 {
		call.Progress = call.Setup.Add(time.Duration(1+r.IntN(9000)) * time.Millisecond)
		call.Connect, call.SIPStatus, call.Cause = call.Setup.Add(9*time.Second), 200, 16
		call.Disconnect = call.Connect.Add(time.Minute)
	}
	call.Slot = cdr.SlotOf(&call.Leg)
	return call
}

// naive answers a question by looking at every record.
func naive(records []cdr.Record, q reports.GroupQuery, passes func(*cdr.Record) bool) map[string]reports.Sums {
	kind := cdr.Ingress
	if q.Side == reports.Attempts {
		kind = cdr.Egress
	}
	out := make(map[string]reports.Sums)
	for i := range records {
		r := &records[i]
		if r.Slot.Before(q.From) || !r.Slot.Before(q.Till) || q.Tenant != "" && r.Tenant != q.Tenant || q.Branch != "" && r.Branch != q.Branch || !passes(r) {
			continue
		}
		keys := make([]string, len(q.By))
		for j, d := range q.By {
			keys[j] = key(r, d, q.Zone)
		}
		name := strings.Join(keys, "|")
		s, ok := out[name]
		if !ok {
			s = reports.Sums{PDD: reports.Histogram{}, Sale: reports.Purse{}, Cost: reports.Purse{}}
		}
		count(&s, r, kind)
		out[name] = s
	}
	return out
}

func count(s *reports.Sums, r *cdr.Record, kind cdr.Kind) {
	sign := int64(r.Sign)
	times := func(a money.Amount) money.Amount { v, _ := a.Mul(sign); return v }
	_ = s.Sale.Add(r.SaleCurrency, times(r.Sale))
	_ = s.Cost.Add(r.CostCurrency, times(r.Cost))
	if r.Kind != kind {
		return
	}
	challenge := r.SIPStatus == 401 || r.SIPStatus == 407
	yes := func(b bool) int64 {
		if b {
			return sign
		}
		return 0
	}
	s.Legs += sign
	s.Seizures += yes(!challenge)
	s.Answered += yes(r.Answered())
	s.Effective += yes(r.Answered() || !challenge && slices.Contains([]uint8{16, 17, 18, 19, 21}, r.Cause))
	s.Limited += yes(r.Reason == "limit_day" || r.Reason == "balance")
	s.Crowded += yes(r.Reason == "capacity")
	s.Micros += sign * r.Duration().Microseconds()
	s.Billed += sign * r.Billed
	if r.PDD() > 0 {
		s.PDD[reports.ClassOf(r.PDD())] += sign
	}
}

func key(r *cdr.Record, d reports.Dimension, zone *time.Location) string {
	local := r.Slot.In(zone)
	switch d {
	case reports.ByTenant:
		return r.Tenant
	case reports.ByBranch:
		return r.Branch
	case reports.ByExtension:
		return r.Extension
	case reports.ByNumber:
		return r.Number
	case reports.ByDirection:
		return r.Direction.String()
	case reports.ByDestination:
		return r.Destination
	case reports.ByCountry:
		return r.Country
	case reports.ByCarrier:
		return r.Carrier
	case reports.ByGateway:
		return r.Gateway
	case reports.ByCause:
		return strconv.Itoa(int(r.Cause))
	case reports.ByStatus:
		return strconv.Itoa(int(r.SIPStatus))
	case reports.ByCaller:
		return r.From.Digits()
	case reports.ByCalled:
		return r.To.Digits()
	case reports.ByHour:
		return local.Add(-time.Duration(local.Minute()) * time.Minute).UTC().Format(time.RFC3339)
	case reports.ByDay:
		return local.Format(time.DateOnly)
	case reports.ByMonth:
		return local.Format("2006-01")
	case reports.ByWeekday:
		return strconv.Itoa((int(local.Weekday())+6)%7 + 1)
	case reports.ByHourOfDay:
		return strconv.Itoa(local.Hour())
	}
	return "?"
}

// lines are filters with what they mean.
func lines() map[string]func(*cdr.Record) bool {
	return map[string]func(*cdr.Record) bool{
		"":                             func(*cdr.Record) bool { return true },
		"branch:moscow,kazan":          func(r *cdr.Record) bool { return r.Branch != "" },
		"!direction:internal":          func(r *cdr.Record) bool { return r.Direction != calls.Internal },
		"country:RU destination:Russ%": func(r *cdr.Record) bool { return r.Country == "RU" && r.Destination == "Russia mobile" },
		"cause:17..34":                 func(r *cdr.Record) bool { return r.Cause >= 17 && r.Cause <= 34 },
		"to:7495%":                     func(r *cdr.Record) bool { return strings.HasPrefix(r.To.Digits(), "7495") },
		"%12": func(r *cdr.Record) bool {
			return strings.HasSuffix(r.To.Digits(), "12") || strings.HasSuffix(r.From.Digits(), "12")
		},
		"status:4xx or duration>10m": func(r *cdr.Record) bool { return r.SIPStatus/100 == 4 || r.Duration() > 10*time.Minute },
		"sale>=25 sale<49.5":         func(r *cdr.Record) bool { return r.Sale.Micros() >= 25_000_000 && r.Sale.Micros() < 49_500_000 },
		"answered:no (ext:101,102)":  func(r *cdr.Record) bool { return !r.Answered() && r.Extension != "103" },
		"!(carrier:alfa or pdd>2s)":  func(r *cdr.Record) bool { return r.Carrier != "alfa" && r.PDD() <= 2*time.Second },
		"currency:EUR,RUB billed<1000": func(r *cdr.Record) bool {
			return (!r.SaleCurrency.IsZero() || !r.CostCurrency.IsZero()) && r.Billed < 1000
		},
		"attempt>0 side:callee,routing": func(r *cdr.Record) bool { return r.Seq > 0 },
		"reason:l%y":                    func(r *cdr.Record) bool { return r.Reason == "limit_day" },
	}
}

// TestGroupsAgreeWithTheRecords asks many questions over records with corrections, in zones with days of 23 and 25 hours
// and with odd offsets, and compares every answer with one that looks at each record.
func TestGroupsAgreeWithTheRecords(t *testing.T) {
	store, _ := open(t)
	begin := time.Date(2026, 10, 22, 3, 7, 0, 0, time.UTC)
	records := invent(1, 700, begin, 12*24*time.Hour)
	spring := invent(2, 300, time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC), 4*24*time.Hour)
	require.NoError(t, store.WriteRecords(t.Context(), "autumn", records))
	require.NoError(t, store.WriteRecords(t.Context(), "spring", spring))
	all := append(slices.Clone(records), spring...)
	periods := []string{"2026-10", "2026-10-25", "2026-10-24..2026-10-27", "2026-03-29", "2026-10-23T10:20:00Z..2026-11-01T00:40:00Z", "2026-11"}
	zones := []string{"UTC", "Europe/Moscow", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"}
	bys := []string{"", "tenant", "branch,day", "carrier,cause", "hour", "weekday,hour_of_day", "month,country", "extension,number,direction", "gateway", "status", "destination,branch", "caller"}
	r := rand.New(rand.NewPCG(3, 3))
	asked := 0
	for line, passes := range lines() {
		filter, err := reports.ParseFilter(line)
		require.NoError(t, err)
		for _, by := range bys {
			zone, err := time.LoadLocation(zones[r.IntN(len(zones))])
			require.NoError(t, err)
			p, err := reports.ParsePeriod(periods[r.IntN(len(periods))], zone, begin)
			require.NoError(t, err)
			dims, err := reports.ParseDimensions(by)
			require.NoError(t, err)
			q := reports.GroupQuery{Side: []reports.Side{reports.Calls, reports.Attempts}[r.IntN(2)], From: p.From, Till: p.Until, Zone: zone, By: dims, Filter: filter, Limit: 10_000}
			if r.IntN(2) == 0 {
				q.Tenant = "beauty"
			}
			q.Brief = q.Side == reports.Calls && r.IntN(2) == 0
			got, err := grouped(t, store, q)
			require.NoError(t, err, "%q by %s", line, by)
			want := naive(all, q, passes)
			if q.Brief {
				want = briefly(want)
			}
			same(t, fmt.Sprintf("%q by %s, %s, %s, %s, brief %t", line, by, p, q.Side, q.Tenant, q.Brief), want, got)
			asked++
		}
	}
	require.Greater(t, asked, 100)
}

// briefly leaves what a brief question wants.
func briefly(all map[string]reports.Sums) map[string]reports.Sums {
	out := make(map[string]reports.Sums, len(all))
	for name, s := range all {
		out[name] = reports.Sums{Legs: s.Legs, Seizures: s.Seizures, Answered: s.Answered, Micros: s.Micros, Sale: s.Sale, Cost: reports.Purse{}}
	}
	return out
}

// same compares groups; one in which all was taken back may be there or not.
func same(t *testing.T, what string, want map[string]reports.Sums, got []reports.Group) {
	t.Helper()
	seen := make(map[string]reports.Sums, len(got))
	for _, g := range got {
		seen[strings.Join(g.Keys, "|")] = tidy(g.Sums)
	}
	for name, s := range want {
		require.Equal(t, tidy(s), tidy(seen[name]), "%s: %s", what, name)
		delete(seen, name)
	}
	for name, s := range seen {
		require.Equal(t, tidy(reports.Sums{}), s, "%s: %s", what, name)
	}
}

// tidy leaves out what is nothing.
func tidy(s reports.Sums) reports.Sums {
	pdd := make(reports.Histogram)
	for class, n := range s.PDD {
		if n != 0 {
			pdd[class] = n
		}
	}
	s.PDD = pdd
	if s.Sale == nil {
		s.Sale, s.Cost = reports.Purse{}, reports.Purse{}
	}
	return s
}

// TestAskedSide holds calls and attempts apart.
func TestAskedSide(t *testing.T) {
	store, _ := open(t)
	require.NoError(t, store.WriteRecords(t.Context(), "one", sample(t, "moscow", time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC), "10", "4")))
	stats := reports.NewStats(store, nil, money.Currency{})
	p, err := reports.ParsePeriod("2026-11", time.UTC, time.Time{})
	require.NoError(t, err)
	for _, side := range []reports.Side{reports.Calls, reports.Attempts} {
		a, err := stats.Ask(t.Context(), reports.Question{Side: side, Period: p})
		require.NoError(t, err)
		require.Equal(t, int64(1), a.Total.Legs)
		require.Equal(t, "100.00", a.Total.ASR.String())
		require.Equal(t, reports.Purse{rub(): money.MustParseAmount("10")}, a.Total.Sale, "money is that of the whole call")
		require.Nil(t, a.Total.Margin, "of two currencies")
	}
	_, err = stats.Ask(t.Context(), reports.Question{Side: reports.Calls, Period: p, By: []reports.Dimension{reports.ByCarrier}})
	require.ErrorIs(t, err, reports.ErrQuery)
}

// TestTooManyGroups refuses answers that nobody can read.
func TestTooManyGroups(t *testing.T) {
	store, _ := open(t)
	require.NoError(t, store.WriteRecords(t.Context(), "one", invent(5, 50, time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC), time.Hour)))
	q := reports.GroupQuery{
		Side: reports.Calls, From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Till: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
		Zone: time.UTC, By: []reports.Dimension{reports.ByCalled}, Limit: 10,
	}
	_, err := grouped(t, store, q)
	require.ErrorIs(t, err, reports.ErrQuery)
}

var _ reports.StatsStore = (*clickhouse.Store)(nil)

// grouped asks one question.
func grouped(t *testing.T, store *clickhouse.Store, q reports.GroupQuery) ([]reports.Group, error) {
	t.Helper()
	groups, err := store.Groups(t.Context(), []reports.GroupQuery{q})
	if err != nil {
		return nil, err
	}
	require.Len(t, groups, 1)
	return groups[0], nil
}

// TestQuestionsAskedTogether asks the questions of a page, and of periods that overlap, at once and one by one.
func TestQuestionsAskedTogether(t *testing.T) {
	store, _ := open(t)
	begin := time.Date(2026, 9, 28, 3, 7, 0, 0, time.UTC)
	require.NoError(t, store.WriteRecords(t.Context(), "autumn", invent(11, 900, begin, 40*24*time.Hour)))
	for _, name := range []string{"UTC", "Europe/Moscow", "Europe/Berlin", "Asia/Kolkata"} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		var questions []reports.GroupQuery
		for _, text := range []string{"2026-10", "2026-09", "2026-10-10", "2026-10-10..2026-10-12"} {
			p, err := reports.ParsePeriod(text, zone, begin)
			require.NoError(t, err)
			for i, by := range []string{"branch", "extension", "day,direction", "direction,day", "weekday,hour_of_day", "country,direction", "", "extension", "caller"} {
				q := reports.GroupQuery{Side: reports.Calls, From: p.From, Till: p.Until, Zone: zone, Limit: 10_000, Tenant: "beauty"}
				q.By, err = reports.ParseDimensions(by)
				require.NoError(t, err)
				switch i {
				case 7: // The same by another filter, of all companies.
					q.Tenant = ""
					q.Filter, err = reports.ParseFilter("country:RU")
					require.NoError(t, err)
				case 8:
					q.Side = reports.Attempts
				}
				questions = append(questions, q)
			}
		}
		together, err := store.Groups(t.Context(), questions)
		require.NoError(t, err)
		require.Len(t, together, len(questions))
		for i, q := range questions {
			alone, err := grouped(t, store, q)
			require.NoError(t, err)
			require.NotEmpty(t, alone)
			require.ElementsMatch(t, alone, together[i], "%s: %s to %s by %s", name, q.From, q.Till, q.By)
		}
	}
}

// TestAskedAtOnce has forty people of two companies and of the house ask at the same moment: each gets what they get when they ask alone,
// and one who asks for too much keeps nobody else from an answer.
func TestAskedAtOnce(t *testing.T) {
	store, _ := open(t)
	begin := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	require.NoError(t, store.WriteRecords(t.Context(), "autumn", invent(11, 900, begin, 40*24*time.Hour)))
	var all [][]reports.GroupQuery
	for i := range 40 {
		q := reports.GroupQuery{Side: reports.Calls, From: begin, Till: begin.AddDate(0, 1, i%2), Zone: time.UTC, Tenant: []string{"beauty", "smallco", ""}[i%3], Limit: 10_000}
		days := q
		q.By, days.By = []reports.Dimension{reports.ByDirection}, []reports.Dimension{reports.ByDay, reports.ByCountry}
		if i%5 == 0 {
			q.Side, days.Brief = reports.Attempts, true
		}
		all = append(all, []reports.GroupQuery{q, days})
	}
	greedy := slices.Clone(all[0])
	greedy[1].Limit = 3
	all = append(all, greedy)
	alone := make([][][]reports.Group, len(all))
	for i := range all[:40] {
		var err error
		alone[i], err = store.Groups(t.Context(), all[i])
		require.NoError(t, err)
	}
	together := make([][][]reports.Group, len(all))
	errs := make([]error, len(all))
	var asking sync.WaitGroup
	for i := range all {
		asking.Go(func() { together[i], errs[i] = store.Groups(t.Context(), all[i]) })
	}
	asking.Wait()
	for i := range all[:40] {
		require.NoError(t, errs[i])
		for n := range all[i] {
			require.ElementsMatch(t, alone[i][n], together[i][n], "%d, question %d", i, n)
		}
	}
	require.ErrorIs(t, errs[40], reports.ErrQuery)
}
