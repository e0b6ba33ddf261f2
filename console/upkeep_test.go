package console_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/console/memory"
	"trunkline/job"
	"trunkline/ledger"
	"trunkline/reports/retention"
)

// events are what the log has, the newest first.
func events(t *testing.T, h *memory.House) []access.AuditEvent {
	t.Helper()
	list, err := h.People.Events(t.Context(), access.AuditFilter{Limit: 50})
	require.NoError(t, err)
	return list
}

// TestHoldsKeepAndAreKept makes a hold, and ends it: it is not in force any more, and is not forgotten.
func TestHoldsKeepAndAreKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Operator], h.Console, t.Context()
	for name, wrong := range map[string]struct {
		hold retention.Hold
		says string
	}{
		"of nothing":          {retention.Hold{Reason: "court order"}, "tenant: give a client or a number"},
		"of both":             {retention.Hold{Tenant: "acme", Number: "4930123456", Reason: "court order"}, "tenant: give a client or a number"},
		"without a word":      {retention.Hold{Tenant: "acme"}, "reason: say why"},
		"of no number":        {retention.Hold{Number: "anna", Reason: "court order"}, "number:"},
		"of a number too far": {retention.Hold{Number: "4930123456789012345", Reason: "court order"}, "number:"},
	} {
		_, err := c.AddHold(ctx, who, wrong.hold)
		require.ErrorIs(t, err, console.ErrInvalid, name)
		require.ErrorContains(t, err, wrong.says, name)
	}
	require.Empty(t, h.Rows.Done())
	made, err := c.AddHold(ctx, who, retention.Hold{Number: "4930123456", Reason: " court order 17 "})
	require.NoError(t, err)
	require.Equal(t, "user:olga", made.By)
	require.Equal(t, "court order 17", made.Reason)
	for _, e := range events(t, h) {
		require.NotContains(t, e.Object+e.After, "4930123456", "the number of a person could not be taken out of the log")
	}
	require.ErrorIs(t, c.RemoveHold(ctx, who, made.ID, " "), console.ErrInvalid)
	require.NoError(t, c.RemoveHold(ctx, who, made.ID, "the case is closed"))
	require.ErrorIs(t, c.RemoveHold(ctx, who, 99, "the case is closed"), console.ErrConflict)
	inForce, err := c.Holds(ctx, who, false)
	require.NoError(t, err)
	require.Empty(t, inForce)
	all, err := c.Holds(ctx, who, true)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, "the case is closed", all[0].Why)
	require.Equal(t, "user:olga", all[0].Ender)
}

// TestAHoldStopsAnErasure forgets a person, but not one whose number is held.
func TestAHoldStopsAnErasure(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Operator], h.Console, t.Context()
	h.Rows.Named = []retention.Found{{Place: "calls", Rows: 4}}
	held, err := retention.NewPerson("4930123456", nil)
	require.NoError(t, err)
	free, err := retention.NewPerson("4930999999", []string{"030999999"})
	require.NoError(t, err)
	_, err = c.AddHold(ctx, who, retention.Hold{Number: held.Number, Reason: "court order 17"})
	require.NoError(t, err)
	_, err = c.ErasePerson(ctx, who, retention.Erasure{Person: held, Reason: "request 7"})
	require.ErrorIs(t, err, console.ErrConflict)
	found, err := c.ErasePerson(ctx, who, retention.Erasure{Person: free, Reason: "request 8"})
	require.NoError(t, err)
	require.Equal(t, int64(4), found[0].Rows)
	require.Equal(t, []string{"add hold", "erase"}, h.Rows.Done())
}

// TestUpkeepIsAJob runs retention and the rebuild of sums: each says what came of it, to whoever may do it still.
func TestUpkeepIsAJob(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		start func(*memory.House) (job.Job, error)
		kind  job.Kind
		note  string
		deed  string
	}{
		"retention": {func(h *memory.House) (job.Job, error) {
			return h.Console.StartRetention(t.Context(), people()[access.Operator])
		}, job.Retention, "%d records of %d days are gone", "run retention"},
		"rebuild": {func(h *memory.House) (job.Job, error) {
			return h.Console.StartRebuild(t.Context(), people()[access.Operator])
		}, job.Rebuild, "the sums of %d months are made anew", "rebuild"},
	} {
		h := newHouse(t)
		begun, err := one.start(h)
		require.NoError(t, err, name)
		require.Equal(t, one.kind, begun.Kind)
		require.Equal(t, "user:olga", begun.By)
		j := over(t, h, begun.ID)
		require.Equal(t, job.Done, j.State, name)
		require.Equal(t, one.note, j.Note)
		require.NotEmpty(t, j.Figures)
		require.Equal(t, []string{one.deed}, h.Rows.Done())
		require.Len(t, events(t, h), 2, "that it was begun, and that it was done")
	}
}

// TestUpkeepIsDoneOnce refuses a second run while the first one goes on.
func TestUpkeepIsDoneOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	running := job.Job{ID: "first", Kind: job.Retention, Subject: "records", By: "user:max", Standing: job.Standing{State: job.Running}}
	require.NoError(t, h.Jobs.Open(t.Context(), &running))
	_, err := h.Console.StartRetention(t.Context(), people()[access.Operator])
	require.ErrorIs(t, err, console.ErrConflict)
	_, err = h.Console.StartRebuild(t.Context(), people()[access.Operator])
	require.NoError(t, err, "something else may be done meanwhile")
}

// TestProxiesAreGivenUpByName refuses what is not there, and what has no reason.
func TestProxiesAreGivenUpByName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Accountant], h.Console, t.Context()
	h.Rows.Proxies = []ledger.Node{{ID: "id-1", Name: "proxy-1", Seen: memory.Begun()}}
	require.ErrorIs(t, c.GiveUpNode(ctx, who, "proxy-2", "its disk burnt"), console.ErrNotFound)
	require.ErrorIs(t, c.GiveUpNode(ctx, who, "proxy-1", ""), console.ErrInvalid)
	require.NoError(t, c.GiveUpNode(ctx, who, "proxy-1", "its disk burnt"))
	list, err := c.Nodes(ctx, people()[access.NOC])
	require.NoError(t, err)
	require.Equal(t, "its disk burnt", list[0].Why)
	require.NoError(t, c.NoteDamage(ctx, who, "id-1", "damage_settled", "charged by hand"))
	require.Equal(t, "node proxy-1", events(t, h)[0].Object, "it is told by its name")
}

// TestIncidentsAreClosedOnce shows what is open, and closes it with who and why.
func TestIncidentsAreClosedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Accountant], h.Console, t.Context()
	h.Rows.Broken = []console.Incident{
		{ID: 4, Kind: "call_unrecorded", Detail: "0.2 were held", Noticed: memory.Begun()},
		{ID: 2, Kind: "stream_gap", Noticed: memory.Begun().Add(-time.Hour), Healed: memory.Begun(), Outcome: "repair"},
	}
	open, err := c.Incidents(ctx, who, false)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.ErrorIs(t, c.CloseIncident(ctx, who, 4, ""), console.ErrInvalid)
	require.NoError(t, c.CloseIncident(ctx, who, 4, "charged by hand"))
	require.ErrorIs(t, c.CloseIncident(ctx, who, 4, "charged by hand"), console.ErrNotFound)
	require.ErrorIs(t, c.CloseIncident(ctx, who, 2, "charged by hand"), console.ErrNotFound, "it is over")
	all, err := c.Incidents(ctx, who, true)
	require.NoError(t, err)
	require.Equal(t, "charged by hand (user:arno)", all[0].Outcome)
}

// TestRerateAsksWhoseCallsAreMeant prices the accounts again that an order names, and no others.
func TestRerateAsksWhoseCallsAreMeant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Accountant], h.Console, t.Context()
	till := memory.Begun()
	order := func(change func(*console.RerateOrder)) console.RerateOrder {
		o := console.RerateOrder{Whose: console.Whose{Tenant: "acme"}, From: till.Add(-time.Hour), Till: till, Reason: "the wrong deck"}
		change(&o)
		return o
	}
	for name, wrong := range map[string]struct {
		o    console.RerateOrder
		want error
	}{
		"a client who is not there": {order(func(o *console.RerateOrder) { o.Whose.Tenant = "nobody" }), console.ErrNotFound},
		"backwards":                 {order(func(o *console.RerateOrder) { o.From, o.Till = o.Till, o.From }), console.ErrInvalid},
		"a minute too much":         {order(func(o *console.RerateOrder) { o.Till = o.Till.Add(time.Minute) }), console.ErrInvalid},
		"without a word":            {order(func(o *console.RerateOrder) { o.Reason = "" }), console.ErrInvalid},
	} {
		_, err := c.Rerate(ctx, who, wrong.o, true)
		require.True(t, errors.Is(err, wrong.want) || errors.Is(err, console.ErrInvalid), "%s: %v", name, err)
	}
	require.Empty(t, h.Rows.Done())
	for scope, o := range map[string]console.RerateOrder{
		"tenant acme": order(func(*console.RerateOrder) {}), "carrier alfa": order(func(o *console.RerateOrder) { o.Whose = console.Whose{Carrier: "alfa"} }),
		"deck alfa": order(func(o *console.RerateOrder) { o.Whose, o.Deck = console.Whose{}, "alfa" }), "all": order(func(o *console.RerateOrder) { o.Whose = console.Whose{} }),
	} {
		require.Equal(t, scope, o.Scope())
		r, err := c.Rerate(ctx, who, o, true)
		require.NoError(t, err, scope)
		require.Positive(t, r.Run)
		require.Contains(t, events(t, h)[0].After, scope)
	}
	runs, err := c.RerateRuns(ctx, who)
	require.NoError(t, err)
	require.Len(t, runs, 4)
	require.Equal(t, "user:arno", runs[0].By)
	_, err = c.UndoRerate(ctx, who, 1, "")
	require.ErrorIs(t, err, console.ErrInvalid)
}

// TestARerateTellsHowManyChanged runs as a job with what came of it in its note.
func TestARerateTellsHowManyChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Rows.Repriced = console.RerateReport{Legs: 12, Changed: 3}
	begun, err := h.Console.StartRerate(t.Context(), people()[access.Accountant], console.RerateOrder{
		Whose: console.Whose{Tenant: "acme"}, From: memory.Begun().Add(-time.Hour), Till: memory.Begun(), Reason: "the wrong deck",
	})
	require.NoError(t, err)
	require.Equal(t, "acme", begun.Tenant)
	j := over(t, h, begun.ID)
	require.Equal(t, job.Done, j.State)
	require.Equal(t, []int64{3, 12, 1}, j.Figures)
}
