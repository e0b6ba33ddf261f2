package invoice_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/reports/invoice"
)

// house is an operator who applies files as time goes on, with one client, acme.
type house struct {
	t        *testing.T
	files    fstest.MapFS
	past     *provision.Past
	contents map[[sha256.Size]byte][]byte
	objects  []provision.Object
	merged   *provision.Bundle
	revision int64
	world    *world
	charges  charges
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, files: fstest.MapFS{}, contents: make(map[[sha256.Size]byte][]byte), world: &world{
		histories: make(map[string][]invoice.Version), issued: make(map[string]invoice.Issued),
	}}
	h.past = &provision.Past{Archive: h}
	return h
}

// Content implements provision.Archive.
func (h *house) Content(_ context.Context, sum [sha256.Size]byte) ([]byte, error) {
	if content, ok := h.contents[sum]; ok {
		return content, nil
	}
	return nil, errors.New("not kept")
}

func (h *house) file(name, text string) { h.files[name] = &fstest.MapFile{Data: []byte(text)} }

func on(day string) time.Time {
	at, err := time.Parse("2006-01-02 15:04", day)
	if err != nil {
		panic(err)
	}
	return at
}

// apply stores what the files say.
func (h *house) apply(at time.Time) {
	h.t.Helper()
	bundle, err := provision.ReadBundle(h.files, "operator.yaml")
	require.NoError(h.t, err)
	before := make(map[string][]byte)
	for _, f := range h.past.Files {
		before[f.Name] = h.contents[f.Sum]
	}
	changes, merged, err := provision.Plan(h.objects, before, bundle, false)
	require.NoError(h.t, err)
	h.revision++
	h.past = h.past.With(changes, h.revision, at, "olga")
	for _, content := range changes.Files {
		h.contents[sha256.Sum256(content)] = content
	}
	for _, o := range changes.Put {
		if o.Kind == provision.KindTenant {
			h.world.histories[o.ID] = append(h.world.histories[o.ID], invoice.Version{At: at, Spec: o.Spec})
		}
	}
	h.objects, err = merged.Objects()
	require.NoError(h.t, err)
	h.merged = merged
}

// closer closes months at a moment.
func (h *house) closer(now time.Time) *invoice.Closer {
	h.t.Helper()
	h.merged.Past = h.past
	snapshot, err := provision.NewCompiler().Compile(h.t.Context(), h.merged)
	require.NoError(h.t, err)
	w := h.world
	return invoice.NewCloser(invoice.Config{
		Usage: w, Calls: w, Counter: w, Postings: w, Readings: w, Ready: w, Archive: w, Charges: h.charges, Snapshot: snapshot, Clock: clock.NewManual(now),
	})
}

// draft lists the lines of a month's document as it looks at a moment.
func (h *house) draft(month string, now time.Time) string {
	h.t.Helper()
	d, err := h.closer(now).Draft(h.t.Context(), "acme", month)
	require.NoError(h.t, err)
	var b strings.Builder
	for _, l := range d.Lines {
		fmt.Fprintf(&b, "%s: %s x %d = %s", l.Text, l.Price, l.Quantity, l.Amount)
		for _, s := range l.Shares {
			fmt.Fprintf(&b, " %s %s", s.Branch, s.Amount)
		}
		b.WriteByte('\n')
	}
	return b.String() + "total " + d.Total.String() + "\n"
}

const acme = `
name: Test
realm: r
tariffs: [{id: start, file: start.yaml}, {id: office, file: office.yaml}, {id: seat, file: seat.yaml}]
dial_plans: [{id: plain, country: "49", rules: [{match: "00.", strip: 2}]}]
route_plans: [{id: all, default: true, rules: [{id: any, policy: block, to: ["9"]}]}]
tenants:
  - id: acme
    time_zone: Europe/Berlin
    currency: EUR
    tariff: %s
    dial_plan: plain
    account: {mode: postpaid}
    branches:
      - {id: berlin, extensions: [{id: "101", password: x}, {id: "102", password: x}%s]}
      - {id: koeln%s, extensions: [{id: "201", password: x}]}
`

func (h *house) operator(tariff, berlin, koeln string) {
	h.file("operator.yaml", fmt.Sprintf(acme, tariff, berlin, koeln))
}

func (h *house) tariff(name, fees string) {
	h.file(name+".yaml", "name: "+name+"\ncurrency: EUR\ntime_zone: Europe/Berlin\nrounding: {scale: 2}\nfees:\n"+fees)
}

func (h *house) setUp() {
	h.tariff("start", "  - {name: pbx, text: Start, amount: 30}\n  - {name: seats, text: Seats, amount: 2, per: seats}\n")
	h.tariff("office", "  - {name: pbx, text: Office, amount: 60}\n  - {name: seats, text: Seats, amount: 2, per: seats}\n")
	h.tariff("seat", "  - {name: seat, text: Agent seat, amount: 15}\n")
	h.operator("start", "", "")
	h.apply(on("2026-08-01 09:00"))
}

// TestFeesOfTheirTime: who changes a fee in December before November is invoiced invoices November at November's fee.
func TestFeesOfTheirTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setUp()
	november := h.draft("2026-11", on("2026-12-01 08:00"))
	require.Contains(t, november, "Start: 30 x 1 = 30")
	h.tariff("start", "  - {name: pbx, text: Start, amount: 50}\n  - {name: seats, text: Seats, amount: 2, per: seats}\n")
	h.apply(on("2026-12-01 10:00"))
	require.Equal(t, november, h.draft("2026-11", on("2026-12-01 11:00")))
	require.Equal(t, h.draft("2026-09", on("2026-12-01 11:00")), h.draft("2026-10", on("2026-12-01 11:00")))
	require.Contains(t, h.draft("2026-12", on("2026-12-01 11:00")), "Start: 50 x 1 = 50 berlin 25 koeln 25\n", "the day of the change is a day of the new fee")
}

// TestPlanChangedInTheMonth: a plan that is changed in the middle of a month is billed for each plan's own days.
func TestPlanChangedInTheMonth(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setUp()
	h.operator("office", "", "")
	h.apply(on("2026-11-21 14:30"))
	require.Equal(t, `Start: 30 x 1 = 20 berlin 10 koeln 10
Office: 60 x 1 = 20 berlin 10 koeln 10
Seats: 2 x 3 = 6 berlin 3 koeln 3
total 46
`, h.draft("2026-11", on("2026-12-02 08:00")))
	require.Contains(t, h.draft("2026-10", on("2026-12-02 08:00")), "Start: 30 x 1 = 30")
	require.Contains(t, h.draft("2026-12", on("2026-12-02 08:00")), "Office: 60 x 1 = 60")
}

// TestFeesOfBranchesAndSeats: a branch and single extensions on tariffs of their own pay the fees of those, and are not counted twice.
func TestFeesOfBranchesAndSeats(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setUp()
	h.operator("start", `, {id: "103", password: x, tariff: seat}, {id: "104", password: x, tariff: seat}`, ", tariff: office")
	h.apply(on("2026-10-10 09:00"))
	require.Equal(t, `Start: 30 x 1 = 30 berlin 15 koeln 15
Seats: 2 x 2 = 4 berlin 2 koeln 2
Office, koeln: 60 x 1 = 60 koeln 60
Seats, koeln: 2 x 1 = 2 koeln 2
Agent seat: 15 x 2 = 30 berlin 30
total 126
`, h.draft("2026-11", on("2026-12-02 08:00")))
	// In October they were there for 22 of 31 days.
	require.Contains(t, h.draft("2026-10", on("2026-12-02 08:00")), "Agent seat: 15 x 2 = 21.3 berlin 21.3")
}

// TestTakenAwayIsInvoiced: a client who is deleted before their month is closed is invoiced for it, up to that day; then no more.
func TestTakenAwayIsInvoiced(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setUp()
	h.tariff("start", "  - {name: pbx, text: Start, amount: 30, prorate: true}\n")
	h.apply(on("2026-08-01 10:00"))
	h.world.histories["acme"] = append(h.world.histories["acme"], invoice.Version{At: on("2026-11-10 23:00")})
	h.merged.Operator.Tenants = nil
	require.Contains(t, h.draft("2026-11", on("2026-12-02 08:00")), "Start: 30 x 1 = 10 ")
	closer := h.closer(on("2027-01-02 08:00"))
	for month, want := range map[string]int{"2026-10": 1, "2026-11": 1, "2026-12": 0} {
		results, err := closer.Run(t.Context(), invoice.Request{Period: month, DryRun: true})
		require.NoError(t, err)
		require.Len(t, results, want, month)
	}
	_, err := closer.Draft(t.Context(), "nobody", "2026-11")
	require.ErrorIs(t, err, invoice.ErrNoTenant)
}

// TestFeeFromADateIsFromThatDate, also for a client whose day begins later than that of the tariff.
func TestFeeFromADateIsFromThatDate(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"America/New_York", "Europe/Berlin", "Asia/Kamchatka"} {
		h := newHouse(t)
		h.setUp()
		h.file("operator.yaml", strings.Replace(string(h.files["operator.yaml"].Data), "Europe/Berlin", zone, 1))
		h.apply(on("2026-08-02 09:00"))
		h.file("start.yaml", "effective_from: 2026-12-01\nname: start\ncurrency: EUR\ntime_zone: Europe/Berlin\nrounding: {scale: 2}\nfees:\n  - {name: pbx, text: New, amount: 50}\n")
		h.apply(on("2026-11-17 09:00"))
		require.Contains(t, h.draft("2026-11", on("2026-12-02 12:00")), "Start: 30 x 1 = 30 ", zone)
		require.NotContains(t, h.draft("2026-11", on("2026-12-02 12:00")), "New", zone)
		require.Contains(t, h.draft("2026-12", on("2026-12-02 12:00")), "New: 50 x 1 = 50 ", zone)
	}
}
