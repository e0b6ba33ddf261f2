package invoice_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/reports"
	"trunkline/reports/invoice"
	"trunkline/reports/invoice/tax"
)

func rub() money.Currency { return money.MustParseCurrency("RUB") }

// world is all that the closer asks, in memory.
type world struct {
	usage     map[string][]reports.Usage
	posted    []ledger.UsageSum
	obstacles map[string]invoice.Obstacle
	waiting   int64
	profiles  map[string]invoice.Profile
	histories map[string][]invoice.Version
	readings  []invoice.Reading
	count     invoice.CallCount
	issued    map[string]invoice.Issued
	serial    int64
}

func (w *world) UsageOf(context.Context, []string, map[reports.HomeKey]reports.Home, time.Time, time.Time) (map[string][]reports.Usage, error) {
	return w.usage, nil
}

func (w *world) LateUsageOf(context.Context, []string, map[reports.HomeKey]reports.Home, time.Time, time.Time, time.Time) (map[string][]reports.Usage, error) {
	return nil, nil
}

func (w *world) UsageSums(context.Context, time.Time, time.Time) ([]ledger.UsageSum, error) {
	return w.posted, nil
}

func (w *world) CountCalls(context.Context, invoice.CallQuery) (invoice.CallCount, error) {
	return w.count, nil
}

func (w *world) ReadingsOf(_ context.Context, _, counter string, _ time.Time) ([]invoice.Reading, error) {
	var out []invoice.Reading
	for _, r := range w.readings {
		if r.Counter == counter {
			out = append(out, r)
		}
	}
	return out, nil
}

func (w *world) TopUps(context.Context, ledger.Account, time.Time, time.Time) (times, micros int64, err error) {
	return 0, 0, nil
}

func (w *world) Obstacles(context.Context, time.Time, time.Time) (map[string]invoice.Obstacle, error) {
	return w.obstacles, nil
}
func (w *world) BatchesWaiting(context.Context) (int64, error) { return w.waiting, nil }

func (w *world) Profiles(context.Context) (map[string]invoice.Profile, error) { return w.profiles, nil }

func (w *world) Histories(context.Context, []string) (map[string][]invoice.Version, error) {
	return w.histories, nil
}

func (w *world) Issue(_ context.Context, d *invoice.Document, n invoice.Numbering) (invoice.Issued, error) {
	w.serial++
	sealed := *d
	sealed.Number = n.Format(d.Issued, w.serial)
	_, hash, err := sealed.Seal()
	out := invoice.Issued{ID: w.serial, Document: &sealed, Hash: hash, State: invoice.StateIssued, NewlyIssued: true}
	w.issued[d.Tenant+d.Period.From.String()] = out
	return out, err
}

func (w *world) Find(_ context.Context, tenant string, from time.Time) (invoice.Issued, error) {
	if i, ok := w.issued[tenant+from.String()]; ok {
		i.NewlyIssued = false
		return i, nil
	}
	return invoice.Issued{}, invoice.ErrNoInvoice
}

const operator = `
name: Test
realm: r
tariffs: [{id: office, file: office.yaml}]
dial_plans: [{id: ru, country: "7", rules: [{match: "8XXXXXXXXXX", strip: 1, add: "7"}]}]
route_plans: [{id: all, default: true, rules: [{id: any, policy: block, to: ["9"]}]}]
tenants:
  - id: beauty
    name: Салоны
    time_zone: Europe/Moscow
    currency: RUB
    tariff: office
    dial_plan: ru
    account: {mode: postpaid}
    branches:
      - {id: moscow, name: Москва, area: "495", extensions: [{id: "101", password: x}, {id: "102", password: x}]}
      - {id: kazan, name: Казань, area: "843", extensions: [{id: "121", password: x}]}
    numbers:
      - {number: "+74951000001", class: city, branch: moscow}
      - {number: "+78431000003", class: city, branch: kazan}
`

const tariff = `
name: office
version: "1"
currency: RUB
time_zone: Europe/Moscow
rounding: {scale: 4}
decks: [{name: d, rates: [{prefix: any, rate: 1}]}]
fees:
  - {name: pbx, text: PBX, amount: 100, prorate: true}
  - {name: seats, text: Seats, amount: 50, per: seats}
  - {name: number, text: Number, amount: 250, per: number, prorate: true, free_when: inbound_minutes of number > 700}
  - {name: storage, text: Storage, amount: 10, per: storage_mb, unit: 100}
`

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func newWorld(tb testing.TB) (*world, *invoice.Closer, *clock.Manual) {
	tb.Helper()
	snapshot, spec := compile(tb)
	w := &world{
		usage: map[string][]reports.Usage{"beauty": {
			{Branch: "moscow", Class: reports.Local, Currency: rub(), Calls: 2, Attempts: 3, Seconds: 120, Sale: money.MustParseAmount("20.0103")},
			{Branch: "kazan", Class: reports.Mobile, Currency: rub(), Calls: 1, Attempts: 1, Seconds: 60, Sale: money.MustParseAmount("5.5")},
		}},
		posted:    []ledger.UsageSum{{Account: ledger.Tenant("beauty", rub()), Amount: money.MustParseAmount("25.5103"), Legs: 4}},
		profiles:  map[string]invoice.Profile{"": {DueDays: 10, Tax: tax.Rule{Name: "VAT", Rate: tax.Rate{Percent: "20"}}, Seller: invoice.Party{Name: "Тест Телеком"}}, "beauty": {Language: "ru", Shares: map[string]reports.ShareRule{"seats": reports.BySeats}}},
		histories: map[string][]invoice.Version{"beauty": {{At: at("2026-01-01T00:00:00Z"), Spec: spec}}},
		readings:  []invoice.Reading{{Counter: "storage_mb", Branch: "moscow", Value: 150}, {Counter: "storage_mb", Branch: "kazan", Value: 50}},
		issued:    make(map[string]invoice.Issued),
	}
	c := clock.NewManual(at("2026-11-02T00:00:00Z"))
	return w, invoice.NewCloser(invoice.Config{
		Usage: w, Calls: w, Postings: w, Counter: w, Readings: w, Ready: w, Archive: w, Snapshot: snapshot, Clock: c, Grace: 2 * time.Hour,
	}), c
}

func october() invoice.Request { return invoice.Request{Period: "2026-10", Tenant: []string{"beauty"}} }

func TestInvoice(t *testing.T) {
	t.Parallel()
	w, closer, _ := newWorld(t)
	results, err := closer.Run(t.Context(), october())
	require.NoError(t, err)
	require.Empty(t, results[0].Refusals)
	d := results[0].Issued.Document
	require.Equal(t, "2026-00001", d.Number)
	require.Equal(t, "2026-09-30T21:00:00Z", d.Period.From.Format(time.RFC3339))
	require.Equal(t, "2026-11-12", d.Due.Format(time.DateOnly))
	// 25.5103 + 100 + 3 x 50 + 2 x 250 + 2 x 10 = 795.5103, and 20 % tax on 795.51.
	require.Equal(t, "795.51", d.Net.String())
	require.Equal(t, "159.1", d.Tax.String())
	require.Equal(t, "954.61", d.Total.String())
	foots(t, d)

	e, err := closer.Expenses(t.Context(), "beauty", "2026-10")
	require.NoError(t, err)
	require.Equal(t, d.Total, e.Total.Total)
	require.Equal(t, "15", e.Rows[0].Cells[reports.ColumnStorage].String(), "by what was counted in each branch")
	require.Equal(t, "150", e.Rows[0].Cells[reports.ColumnShared].String(), "half of the PBX, and two of three seats")
	require.Equal(t, "250", e.Rows[1].Cells[reports.ColumnNumbers].String())

	again, err := closer.Run(t.Context(), october())
	require.NoError(t, err)
	require.False(t, again[0].Issued.NewlyIssued)
	require.Equal(t, results[0].Issued.Hash, again[0].Issued.Hash)
	require.Equal(t, int64(1), w.serial, "running it again changes nothing")
}

// foots holds lines, shares and totals of a document together.
func foots(t require.TestingT, d *invoice.Document) {
	var sum, usage int64
	for _, l := range d.Lines {
		var shares int64
		for _, s := range l.Shares {
			shares += s.Amount.Micros()
		}
		require.Equal(t, l.Amount.Micros(), shares, l.Text)
		sum += l.Amount.Micros()
		if l.Kind == invoice.UsageLine {
			usage += l.Amount.Micros()
		}
	}
	require.Equal(t, d.Total.Micros(), sum)
	require.Equal(t, d.Usage.Micros(), usage)
	require.Equal(t, d.Total.Micros(), d.Net.Micros()+d.Tax.Micros())
	var posted int64
	for _, e := range d.Entries() {
		posted -= e.Amount.Micros()
	}
	require.Equal(t, d.Total.Micros()-d.Usage.Micros(), posted, "what the ledger gets is all but the calls")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code  invoice.Code
		spoil func(*world, *clock.Manual)
	}{
		{invoice.SumsOff, func(w *world, _ *clock.Manual) { w.posted[0].Amount = money.MustParseAmount("25.510299") }},
		{invoice.Unrated, func(w *world, _ *clock.Manual) { w.obstacles = map[string]invoice.Obstacle{"beauty": {Unrated: 1}} }},
		{invoice.Unrated, func(w *world, _ *clock.Manual) { w.obstacles = map[string]invoice.Obstacle{"": {Unrated: 1}} }},
		{invoice.LateDue, func(w *world, _ *clock.Manual) { w.obstacles = map[string]invoice.Obstacle{"beauty": {Open: 1}} }},
		{invoice.SumsOff, func(w *world, _ *clock.Manual) {
			w.posted = append(w.posted, ledger.UsageSum{Account: ledger.Tenant("beauty", money.MustParseCurrency("EUR")), Amount: money.MustParseAmount("1")})
		}},
		{invoice.Fault, func(w *world, _ *clock.Manual) { w.usage["beauty"][0].Currency = money.MustParseCurrency("EUR") }},
	} {
		w, closer, c := newWorld(t)
		test.spoil(w, c)
		results, err := closer.Run(t.Context(), october())
		require.NoError(t, err)
		require.NotEmpty(t, results[0].Refusals, test.code)
		require.Equal(t, test.code, results[0].Refusals[0].Code)
		require.Nil(t, results[0].Issued)
		require.Zero(t, w.serial)
	}
	_, closer, _ := newWorld(t)
	for _, month := range []string{"2026-11", "2026-12"} {
		results, err := closer.Run(t.Context(), invoice.Request{Period: month})
		require.NoError(t, err)
		require.Equal(t, invoice.NotOver, results[0].Refusals[0].Code)
	}
	_, err := closer.Run(t.Context(), invoice.Request{Period: "2026-10", Tenant: []string{"nobody"}})
	require.ErrorIs(t, err, invoice.ErrNoTenant)
	_, err = closer.Run(t.Context(), invoice.Request{Period: "October"})
	require.ErrorIs(t, err, invoice.ErrPeriod)
}

// TestMoves lets an extension and a number move in the middle of October: one with a date, the other when it was changed.
func TestMoves(t *testing.T) {
	t.Parallel()
	w, closer, _ := newWorld(t)
	spec := w.histories["beauty"][0].Spec
	moved := bytes.ReplaceAll([]byte(spec), []byte("branch: moscow"), []byte("branch: kazan"))
	w.histories["beauty"] = append(w.histories["beauty"], invoice.Version{At: at("2026-10-16T09:00:00Z"), Spec: string(moved)})
	d, err := closer.Draft(t.Context(), "beauty", "2026-10")
	require.NoError(t, err)
	foots(t, d)
	for _, l := range d.Lines {
		if l.Number != "+74951000001" {
			continue
		}
		require.Len(t, l.Shares, 2)
		require.Equal(t, "kazan", l.Shares[0].Branch)
		require.Equal(t, "125", l.Shares[1].Amount.String(), "half of the month, to the hour")
	}
	from, till := at("2026-10-01T00:00:00Z"), at("2026-11-01T00:00:00Z")
	timeline, err := invoice.NewTimeline([]invoice.Version{
		{At: at("2026-10-10T00:00:00Z"), Spec: "id: t\nbranches: [{id: a, extensions: [{id: '1'}, {id: '2'}]}, {id: b}]"},
		{At: at("2026-10-21T00:00:00Z"), Spec: "id: t\nbranches: [{id: a, extensions: [{id: '2'}]}, {id: b, extensions: [{id: '1', since: 2026-10-20T00:00:00Z}]}]"},
		{At: at("2026-10-30T00:00:00Z"), Spec: "id: t\nbranches: [{id: a, extensions: [{id: '2'}]}]"},
	}, time.Time{})
	require.NoError(t, err)
	const day = 24 * 60 * 60
	require.Equal(t, map[string]int64{"a": (10 + 22) * day, "b": 10 * day}, timeline.Seats(from, till))
	require.Equal(t, []string{"a", "b"}, timeline.Branches(from, till))
	require.Equal(t, int64(1), timeline.SeatsAt(till))
	require.Equal(t, int64(2), timeline.SeatsAt(at("2026-10-25T00:00:00Z")))
}

func TestConditionsAndForecast(t *testing.T) {
	t.Parallel()
	w, closer, _ := newWorld(t)
	w.count.Seconds = 701 * 60
	d, err := closer.Draft(t.Context(), "beauty", "2026-10")
	require.NoError(t, err)
	waived := 0
	for _, l := range d.Lines {
		if l.Waived != "" {
			waived++
			require.Zero(t, l.Amount)
			require.Contains(t, l.Waived, "inbound_minutes")
		}
	}
	require.Equal(t, 2, waived)
	foots(t, d)
}

// TestAnyUsageFoots makes invoices of whatever was used, with and without tax, inclusive or not.
func TestAnyUsageFoots(t *testing.T) {
	t.Parallel()
	w, closer, _ := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		var usage []reports.Usage
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			usage = append(usage, reports.Usage{
				Branch: rapid.SampledFrom([]string{"moscow", "kazan", "gone", ""}).Draw(t, "branch"), Class: rapid.SampledFrom(reports.Classes()).Draw(t, "class"), Currency: rub(), Attempts: 1, Seconds: rapid.Int64Range(0, 9999).Draw(t, "seconds"),
				Sale: money.FromMicros(rapid.Int64Range(0, 1_000_000_000).Draw(t, "sale")),
			})
		}
		w.usage["beauty"] = usage
		w.profiles["beauty"] = invoice.Profile{
			Tax:   anyTax(t),
			Share: rapid.SampledFrom([]reports.ShareRule{reports.Evenly, reports.ByMinutes, reports.BySeats}).Draw(t, "share"),
		}
		d, err := closer.Draft(context.Background(), "beauty", "2026-10")
		require.NoError(t, err)
		foots(t, d)
		e, err := closer.Expenses(context.Background(), "beauty", "2026-10")
		require.NoError(t, err)
		require.Equal(t, d.Total, e.Total.Total)
		require.Equal(t, d.Usage, e.Total.Usage)
	})
}

func TestCreditNotes(t *testing.T) {
	t.Parallel()
	_, closer, _ := newWorld(t)
	results, err := closer.Run(t.Context(), october())
	require.NoError(t, err)
	d := results[0].Issued.Document
	now := at("2026-11-20T00:00:00Z")
	whole, err := invoice.Credit(d, money.Amount{}, "wrong tariff", now)
	require.NoError(t, err)
	require.Equal(t, d.Total.Neg(), whole.Total)
	require.Equal(t, d.Tax.Neg(), whole.Tax)
	require.Equal(t, d.Total, whole.Entries()[0].Amount, "put back on the account")
	part, err := invoice.Credit(d, money.MustParseAmount("100"), "two calls", now)
	require.NoError(t, err)
	require.Equal(t, "-16.67", part.Tax.String())
	foots(t, part)
	for _, bad := range []struct{ amount, reason string }{{"0", ""}, {"955", "more"}, {"-1", "less"}, {"1.005", "half coins"}} {
		_, err := invoice.Credit(d, money.MustParseAmount(bad.amount), bad.reason, now)
		require.ErrorIs(t, err, invoice.ErrCredit)
	}
	_, err = invoice.Credit(whole, money.Amount{}, "twice", now)
	require.ErrorIs(t, err, invoice.ErrCredit)
}

func TestCalendar(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		zone, label string
		day         int
		from, till  string
	}{
		{"Europe/Berlin", "2026-03", 1, "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"},
		{"Europe/Berlin", "2026-10", 15, "2026-10-14T22:00:00Z", "2026-11-14T23:00:00Z"},
		{"Asia/Kolkata", "2026-02", 1, "2026-01-31T18:30:00Z", "2026-02-28T18:30:00Z"},
		{"America/New_York", "2024-02", 28, "2024-02-28T05:00:00Z", "2024-03-28T04:00:00Z"},
	} {
		zone, err := time.LoadLocation(test.zone)
		require.NoError(t, err)
		p, err := invoice.ParsePeriod(test.label, test.day, zone)
		require.NoError(t, err)
		require.Equal(t, test.from, p.From.Format(time.RFC3339), test.label)
		require.Equal(t, test.till, p.Till.Format(time.RFC3339), test.label)
		before, err := p.Before()
		require.NoError(t, err)
		require.Equal(t, p.From, before.Till, "no gap and no overlap")
		in, err := invoice.PeriodAt(p.From.Add(-1), test.day, zone)
		require.NoError(t, err)
		require.Equal(t, before, in)
	}
}

func TestSealed(t *testing.T) {
	t.Parallel()
	_, closer, _ := newWorld(t)
	d, err := closer.Draft(t.Context(), "beauty", "2026-10")
	require.NoError(t, err)
	text, hash, err := d.Seal()
	require.NoError(t, err)
	back, err := invoice.Open(text, hash)
	require.NoError(t, err)
	again, same, err := back.Seal()
	require.NoError(t, err)
	require.Equal(t, hash, same)
	require.Equal(t, string(text), string(again))
	_, err = invoice.Open(bytes.Replace(text, []byte("beauty"), []byte("beautx"), 1), hash)
	require.ErrorIs(t, err, invoice.ErrAltered)
}

func callsOf(n int) invoice.Calls {
	return func(yield func(*cdr.Record, error) bool) {
		for i := range n {
			r := &cdr.Record{Leg: cdr.Leg{
				Branch: "moscow", Extension: "101", From: e164.MustParse("74951000001"), To: e164.MustParse("79161234567"), Direction: calls.Outbound,
				Setup: at("2026-10-05T08:00:00Z"), Connect: at("2026-10-05T08:00:05Z").Add(time.Duration(i) * time.Minute),
			}, Sign: 1, Billed: 60, Destination: "Russia mobile", Sale: money.MustParseAmount("1.25")}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// TestXLSX opens the file again and adds the numbers up.
func TestXLSX(t *testing.T) {
	t.Parallel()
	_, closer, _ := newWorld(t)
	results, err := closer.Run(t.Context(), october())
	require.NoError(t, err)
	issued := *results[0].Issued
	var out bytes.Buffer
	require.NoError(t, invoice.WriteXLSX(&out, issued, callsOf(500)))
	f, err := excelize.OpenReader(&out)
	require.NoError(t, err)
	sheets := f.GetSheetList()
	require.Equal(t, []string{"Счёт", "Филиал", "Звонков"}, sheets)
	sum := func(sheet, column string, from, till int) money.Amount {
		var total money.Amount
		for row := from; row <= till; row++ {
			text, err := f.GetCellValue(sheet, fmt.Sprintf("%s%d", column, row), excelize.Options{RawCellValue: true})
			require.NoError(t, err)
			if text == "" {
				continue
			}
			a, err := money.ParseAmount(text)
			require.NoError(t, err)
			total, err = total.Add(a)
			require.NoError(t, err)
		}
		return total
	}
	last := 8 + len(issued.Document.Lines)
	require.Equal(t, issued.Document.Total, sum(sheets[0], "I", 9, last))
	require.Equal(t, issued.Document.Total, sum(sheets[1], "O", 2, 3), "the branches")
	require.Equal(t, money.MustParseAmount("625"), sum(sheets[2], "H", 2, 501), "the calls")
	kind, err := f.GetCellType(sheets[2], "H2")
	require.NoError(t, err)
	require.NotEqual(t, excelize.CellTypeSharedString, kind, "numbers are numbers")
	day, err := f.GetCellValue(sheets[2], "A2")
	require.NoError(t, err)
	require.Equal(t, "2026-10-05 11:00:05", day, "in the tenant's time zone")
}

func TestPDF(t *testing.T) {
	t.Parallel()
	w, closer, _ := newWorld(t)
	results, err := closer.Run(t.Context(), october())
	require.NoError(t, err)
	var one, two bytes.Buffer
	require.NoError(t, invoice.WritePDF(&one, *results[0].Issued, w.profiles["beauty"].Over(w.profiles[""]).Brand, callsOf(100)))
	require.NoError(t, invoice.WritePDF(&two, *results[0].Issued, w.profiles["beauty"].Over(w.profiles[""]).Brand, callsOf(100)))
	require.Equal(t, one.Bytes(), two.Bytes(), "the same document is the same file")
	require.True(t, bytes.HasPrefix(one.Bytes(), []byte("%PDF-1.")))
	err = invoice.WritePDF(&one, *results[0].Issued, invoice.Brand{Logo: []byte("no picture")}, nil)
	require.ErrorContains(t, err, "bad logo")
	broken := func(yield func(*cdr.Record, error) bool) { yield(nil, errors.New("the store is away")) }
	require.ErrorContains(t, invoice.WritePDF(&one, *results[0].Issued, invoice.Brand{}, broken), "the store is away")
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	list, err := invoice.ParseProfiles([]byte("due_days: 14\ntax: {percent: \"20\"}\nnumber: {prefix: A-}\n---\ntenant: beauty\nshare: minutes\nlanguage: ru\n"))
	require.NoError(t, err)
	require.Len(t, list, 2)
	p := list[1].Over(list[0])
	require.Equal(t, 14, p.DueDays)
	require.Equal(t, "20", p.Tax.Percent)
	require.Equal(t, reports.ByMinutes, p.Share)
	require.Equal(t, "A-00007", p.Number.Format(at("2026-11-01T00:00:00Z"), 7))
	for _, bad := range []string{"start_day: 31", "tax: {percent: abc}", "share: by_luck", "colour: red", "language: fr", "brand: {colour: red}", "shares: {pbx: no}"} {
		_, err := invoice.ParseProfiles([]byte(bad))
		require.ErrorIs(t, err, invoice.ErrProfile, bad)
	}
}
