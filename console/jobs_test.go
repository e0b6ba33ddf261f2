package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/console/memory"
	"trunkline/job"
	"trunkline/reports/export"
	"trunkline/reports/invoice"
)

// over waits until a job is over.
func over(t *testing.T, h *memory.House, id string) job.Job {
	t.Helper()
	var j job.Job
	require.Eventually(t, func() bool {
		var err error
		j, err = h.Jobs.Job(t.Context(), id)
		return err == nil && j.State.Over()
	}, 5*time.Second, time.Millisecond)
	return j
}

// result is what somebody gets of a job.
func result(t *testing.T, h *memory.House, who *access.Principal, id string) (string, error) {
	t.Helper()
	var text strings.Builder
	err := h.Console.JobResult(t.Context(), who, id, func(job.Job) error { return nil }, func(part []byte) error { text.Write(part); return nil })
	return text.String(), err
}

// TestResultsAreForWhoAsked gives the file of a job to nobody else, and not to whoever has lost what they saw when they asked.
func TestResultsAreForWhoAsked(t *testing.T) {
	t.Parallel()
	who := people()
	change := func(p *access.Principal, do func(*access.Principal)) *access.Principal {
		c := *p
		do(&c)
		return &c
	}
	manager := who[access.Manager]
	for name, c := range map[string]struct {
		by   *access.Principal
		want error
		seen bool // That there is such a job.
	}{
		"who asked":          {manager, nil, true},
		"in another session": {change(manager, func(p *access.Principal) { p.Session = "other" }), nil, true},
		"an operator":        {who[access.Operator], console.ErrNotFound, true},
		"an auditor":         {who[access.Auditor], console.ErrNotFound, true},
		"another manager":    {change(manager, func(p *access.Principal) { p.User = "max" }), console.ErrNotFound, false},
		"as another role":    {change(manager, func(p *access.Principal) { p.Role, p.Branch = access.BranchManager, "berlin" }), console.ErrNotFound, false},
		"of another client":  {change(manager, func(p *access.Principal) { p.Tenant = "other" }), console.ErrNotFound, false},
		"who sees no sale now": {change(manager, func(p *access.Principal) {
			p.Scopes = []access.Permission{access.OwnJobs, access.ReadCalls, access.ReadNumbers}
		}), console.ErrNotFound, true},
	} {
		h := newHouse(t)
		begun, err := h.Console.StartExport(t.Context(), manager, console.CallQuery{Period: theDay()}, console.File{Format: export.CSV})
		require.NoError(t, err)
		require.Equal(t, job.Done, over(t, h, begun.ID).State)
		text, err := result(t, h, c.by, begun.ID)
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, c.want == nil, strings.Contains(text, "acme"), name)
		require.NotContains(t, text, "other", "rows of others are in nobody's file")
		j, err := h.Console.Job(t.Context(), c.by, begun.ID)
		require.Equal(t, c.seen, err == nil, name)
		require.Equal(t, c.want == nil, j.File != "", "%s: only whoever may have the file is told of it", name)
		list, err := h.Console.Jobs(t.Context(), c.by, 10)
		require.NoError(t, err)
		require.Equal(t, c.seen, len(list) == 1, name)
	}
}

// TestJobsOfTheHouse closes a period once at a time, and reads what came of it.
func TestJobsOfTheHouse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	clerk := people()[access.Accountant]
	begun, err := h.Console.StartClose(t.Context(), clerk, invoice.Request{Period: "2026-11", DryRun: true})
	require.NoError(t, err)
	require.Equal(t, job.Check, begun.Kind)
	over(t, h, begun.ID)
	closed, err := h.Console.Closed(t.Context(), clerk, begun.ID)
	require.NoError(t, err)
	require.Len(t, closed, 2)
	require.Equal(t, "acme-1", closed[0].Number)
	require.Empty(t, h.Rows.Done(), "it was only looked at")
	_, err = h.Console.Closed(t.Context(), people()[access.Operator], begun.ID)
	require.ErrorIs(t, err, console.ErrNotFound)
	for period, want := range map[string]error{"2026-13": console.ErrInvalid, "": console.ErrInvalid} {
		_, err := h.Console.StartClose(t.Context(), clerk, invoice.Request{Period: period})
		require.ErrorIs(t, err, want, period)
	}
	_, err = h.Console.StartClose(t.Context(), clerk, invoice.Request{Period: "2026-11", Tenant: []string{"nobody"}})
	require.ErrorIs(t, err, console.ErrInvalid)
	waits := job.Job{ID: "waits", Kind: job.Close, Subject: "2026-11", By: "user:max", Standing: job.Standing{State: job.Queued}}
	require.NoError(t, h.Jobs.Open(t.Context(), &waits))
	_, err = h.Console.StartClose(t.Context(), clerk, invoice.Request{Period: "2026-11"})
	require.ErrorIs(t, err, console.ErrConflict, "the same is being done already")
	require.NoError(t, h.Console.StopJob(t.Context(), people()[access.Operator], "waits"))
	require.ErrorIs(t, h.Console.StopJob(t.Context(), clerk, "waits"), console.ErrNotFound)
	h.Clock.Advance(time.Minute)
	require.ErrorIs(t, h.Console.StopJob(t.Context(), people()[access.Operator], "waits"), console.ErrConflict, "its process is gone, and it is over")
}

// TestListsAreComparedAndApplied looks at a price list before it is put in force, and undoes it.
func TestListsAreComparedAndApplied(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who := people()[access.Operator]
	send := func(text string) console.DeckList {
		l := console.DeckList{Deck: "alfa"}
		var err error
		l.Upload, err = h.Console.SendDeck(t.Context(), who, l, "new.csv", strings.NewReader(text))
		require.NoError(t, err)
		return l
	}
	rate := func(prefix string) string {
		rates, _, err := h.Console.Rates(t.Context(), who, "alfa", prefix, 10)
		require.NoError(t, err)
		return rates[len(rates)-1].PerMinute.String()
	}
	l := send("prefix,destination,rate\n49,Germany,0.05\n44,United Kingdom,0.03\n")
	begun, err := h.Console.StartCompare(t.Context(), who, l)
	require.NoError(t, err)
	require.Equal(t, job.Done, over(t, h, begun.ID).State)
	compared, err := h.Console.Compared(t.Context(), who, begun.ID)
	require.NoError(t, err)
	require.Empty(t, compared.Refused)
	require.Len(t, compared.Changes, 1)
	require.Equal(t, "0.02", rate("49"), "nothing is stored")
	require.NoError(t, h.Console.ApplyDeck(t.Context(), who, l))
	require.Equal(t, "0.05", rate("49"))
	other := *who
	other.User = "max"
	require.ErrorIs(t, h.Console.ApplyDeck(t.Context(), &other, l), console.ErrNotFound, "it was not they who sent it")
	short := send("prefix,destination,rate\n49,Germany,0.05\n")
	require.ErrorIs(t, h.Console.ApplyDeck(t.Context(), who, short), console.ErrInvalid, "half of the prices would end")
	short.Yes = true
	require.NoError(t, h.Console.ApplyDeck(t.Context(), who, short))
	for range 2 {
		_, err := h.Console.UndoDeck(t.Context(), who, console.DeckList{Deck: "alfa"}, 0)
		require.NoError(t, err)
	}
	require.Equal(t, "0.02", rate("49"), "twice undone is the beginning")
	_, undone := h.Console.UndoDeck(t.Context(), who, console.DeckList{Deck: "alfa"}, 0)
	require.ErrorIs(t, undone, console.ErrConflict)
	versions, err := h.Console.PriceVersions(t.Context(), who, console.DeckList{Deck: "alfa"})
	require.NoError(t, err)
	require.Len(t, versions, 5, "an undoing is a change in its turn")
}
