package console_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/reports/invoice"
	"trunkline/reports/invoice/tax"
	"trunkline/reports/mail"
)

func taxed(percent string) invoice.Profile {
	return invoice.Profile{Tenant: "acme", DueDays: 14, Tax: tax.Rule{Rate: tax.Rate{Percent: percent}}}
}

// TestProfilesKeepTheTaxesOfPastDays refuses what would tax past days otherwise, until somebody says that the tax was wrong from the beginning.
func TestProfilesKeepTheTaxesOfPastDays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Accountant], h.Console, t.Context()
	put := func(p invoice.Profile, correct bool) error {
		return c.PutProfiles(ctx, who, []invoice.Profile{p}, correct)
	}
	require.NoError(t, put(taxed("19"), false), "nobody was taxed before")
	require.NoError(t, put(taxed("19"), false), "it may be repeated")
	require.ErrorIs(t, put(taxed("7"), false), console.ErrConflict)
	require.ErrorIs(t, c.RemoveProfile(ctx, who, "acme", false), console.ErrConflict, "without it nothing is taxed")
	require.NoError(t, put(taxed("7"), true))
	all, err := c.Profiles(ctx, who)
	require.NoError(t, err)
	require.Equal(t, "7", all["acme"].Tax.Percent)
	due := taxed("7")
	due.DueDays = 30
	require.NoError(t, put(due, false), "what is no tax may change")
	require.NoError(t, c.RemoveProfile(ctx, who, "acme", true))
	require.ErrorIs(t, c.RemoveProfile(ctx, who, "acme", true), console.ErrNotFound)
}

// TestProfilesAreAllOrNone stores no profile of a list in which one makes no sense, and names the field.
func TestProfilesAreAllOrNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who := people()[access.Accountant]
	for field, wrong := range map[string]invoice.Profile{
		"due_days": {DueDays: 400}, "start_day": {StartDay: 31}, "language": {Language: "fr"}, "brand.colour": {Brand: invoice.Brand{Colour: "red"}},
		"number.width": {Number: invoice.Numbering{Width: 20}}, "tax": {Tax: tax.Rule{Rate: tax.Rate{Percent: "190"}}},
	} {
		wrong.Tenant = "other"
		err := h.Console.PutProfiles(t.Context(), who, []invoice.Profile{taxed("19"), wrong}, true)
		require.ErrorIs(t, err, console.ErrInvalid, field)
		require.ErrorContains(t, err, field)
	}
	require.Empty(t, h.Rows.Done())
}

// TestSchedulesAreChecked names the field of a report that could never be sent, and finds none that is not there.
func TestSchedulesAreChecked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Operator], h.Console, t.Context()
	for field, change := range map[string]func(*mail.Schedule){
		"to: it needs an id": func(s *mail.Schedule) { s.To = nil }, `"nobody" is no address`: func(s *mail.Schedule) { s.To = []string{"nobody"} },
		"on, at, zone": func(s *mail.Schedule) { s.At = "25:00" }, "report: expenses are of a tenant": func(s *mail.Schedule) { s.Tenant = "" },
		"locale": func(s *mail.Schedule) { s.Locale = "fr" }, "want expenses, stats or cdr": func(s *mail.Schedule) { s.Report, s.Format = "all", "csv" },
	} {
		s := monthly()
		change(&s)
		good := monthly()
		good.ID = "good"
		err := c.PutSchedules(ctx, who, []mail.Schedule{good, s})
		require.ErrorIs(t, err, console.ErrInvalid, field)
		require.ErrorContains(t, err, field)
	}
	require.Empty(t, h.Rows.Done(), "all or none")
	weekly := monthly()
	weekly.ID, weekly.On, weekly.Off = "weekly", "mon", true
	require.NoError(t, c.PutSchedules(ctx, who, []mail.Schedule{weekly}))
	list, err := c.Schedules(ctx, who)
	require.NoError(t, err)
	require.Len(t, list, 2, "others stay as they are")
	require.NoError(t, c.SendSchedule(ctx, who, "weekly"), "also one that pauses")
	require.NoError(t, c.RemoveSchedule(ctx, who, "weekly"))
	require.ErrorIs(t, c.RemoveSchedule(ctx, who, "weekly"), console.ErrNotFound)
	require.ErrorIs(t, c.SendSchedule(ctx, who, "weekly"), console.ErrNotFound)
}

// TestReadingsAreOfABranchThatIsThere stores what others count, now unless a moment is given.
func TestReadingsAreOfABranchThatIsThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Accountant], h.Console, t.Context()
	require.ErrorContains(t, c.PutReadings(ctx, who, "acme", nil), "counters: give one")
	require.ErrorContains(t, c.PutReadings(ctx, who, "acme", []invoice.Reading{{Counter: "storage_mb", Branch: "paris"}}), `no branch "paris"`)
	require.ErrorIs(t, c.PutReadings(ctx, who, "nobody", []invoice.Reading{{Counter: "storage_mb"}}), console.ErrNotFound)
	require.Empty(t, h.Rows.Done())
	list := []invoice.Reading{{Counter: "storage_mb", Value: 7, Branch: "berlin"}}
	require.NoError(t, c.PutReadings(ctx, who, "acme", list))
	require.Equal(t, "acme", list[0].Tenant)
	require.Equal(t, h.Clock.Now(), list[0].At)
	require.Contains(t, events(t, h)[0].After, "storage_mb=7")
}

// TestInvoicesAreMarkedAndCredited changes the state of a document by the words that there are, and not otherwise.
func TestInvoicesAreMarkedAndCredited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Accountant], h.Console, t.Context()
	for _, state := range []invoice.State{"", "lost", invoice.StateCredited, invoice.StateDraft} {
		require.ErrorIs(t, c.MarkInvoice(ctx, who, "acme-1", state, ""), console.ErrInvalid, "%q", state)
	}
	_, err := c.CreditInvoice(ctx, who, "acme-1", money.Amount{}, "")
	require.ErrorIs(t, err, console.ErrInvalid, "without a word")
	require.Empty(t, h.Rows.Done())
	require.NoError(t, c.MarkInvoice(ctx, who, "acme-1", invoice.StatePaid, "bank"))
	_, err = c.CreditInvoice(ctx, who, "acme-1", amount("10"), "wrong address")
	require.NoError(t, err)
	require.ErrorIs(t, c.MarkInvoice(ctx, who, "nobody-1", invoice.StatePaid, ""), console.ErrNotFound)
	_, err = c.IssueAgain(ctx, who, "nobody-1")
	require.ErrorIs(t, err, console.ErrNotFound)
	_, err = c.StartClose(ctx, who, invoice.Request{Period: "2026-13"})
	require.Error(t, err)
}

// TestBooksAreClosedByMonth closes an account, a carrier's, or all, and refuses what is no month.
func TestBooksAreClosedByMonth(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Accountant], h.Console, t.Context()
	for _, month := range []string{"", "2026", "2026-13", "november"} {
		_, err := c.CloseBooks(ctx, who, console.Whose{Tenant: "acme"}, month, "invoices are out")
		require.ErrorIs(t, err, console.ErrInvalid, month)
	}
	_, err := c.CloseBooks(ctx, who, console.Whose{Tenant: "acme"}, "2026-10", "")
	require.ErrorIs(t, err, console.ErrInvalid)
	require.Empty(t, h.Rows.Done())
	for want, whose := range map[int]console.Whose{1: {Tenant: "acme"}, 3: {}} {
		done, err := c.CloseBooks(ctx, who, whose, "2026-10", "invoices are out")
		require.NoError(t, err)
		require.Len(t, done, want, "two clients and a carrier")
		require.Equal(t, "user:arno", done[0].By)
	}
	carrier, err := c.CloseBooks(ctx, who, console.Whose{Carrier: "alfa"}, "2026-10", "invoices are out")
	require.NoError(t, err)
	require.Equal(t, ledger.CarrierAccount, carrier[0].Account.Kind)
	require.Equal(t, "2026-11-01T00:00:00Z", carrier[0].Till.UTC().Format("2006-01-02T15:04:05Z07:00"))
}

// TestChargesAreReadAsPeopleMeanThem refuses a charge of nothing, for nothing, or of a day that is none.
func TestChargesAreReadAsPeopleMeanThem(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Accountant], h.Console, t.Context()
	for name, one := range map[string]invoice.Charge{
		"of nothing": {Tenant: "acme", Text: "Telephone"}, "for nothing": {Tenant: "acme", Amount: amount("9")},
		"of no day": {Tenant: "acme", Text: "Telephone", Amount: amount("9"), Day: "tomorrow"}, "of no branch": {Tenant: "acme", Text: "Telephone", Amount: amount("9"), Branch: "paris"},
		"with a long text": {Tenant: "acme", Text: strings.Repeat("x", 300), Amount: amount("9")},
	} {
		_, err := c.AddCharge(ctx, who, one)
		require.ErrorIs(t, err, console.ErrInvalid, name)
	}
	require.Empty(t, h.Rows.Done())
	made, err := c.AddCharge(ctx, who, invoice.Charge{Tenant: "acme", Text: "Telephone", Amount: amount("-9")})
	require.NoError(t, err, "below zero it is a credit")
	require.Equal(t, "user:arno", made.By)
	require.Equal(t, "2026-12-01", made.Day, "today, where the client is")
}
