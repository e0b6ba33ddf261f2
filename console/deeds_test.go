package console_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/internal/e164"
	"trunkline/ledger"
	"trunkline/provision/inventory"
	"trunkline/reports/invoice"
)

// silent are the operations that change nothing, or nothing that anybody has to answer for, beside those that only read; and an erasure, which keeps its
// own line with a digest of the number.
func silent() []string {
	return []string{"BeginFactor", "SaveView", "SendDeck", "SendFile", "PutThing", "DeleteThing", "PutPart", "DeletePart", "AssignNumbers", "ReleaseNumbers", "ConfirmFactor", "DropFactor", "ChangePassword", "ErasePerson"}
}

// TestDeedsAreLogged does everything that reaches a store, and looks for it in the log, with who did it and from where. What is provisioned has
// a history of its own.
func TestDeedsAreLogged(t *testing.T) {
	t.Parallel()
	logged := 0
	for _, o := range operations() {
		h := newHouse(t)
		ctx := console.WithSource(t.Context(), "198.51.100.7")
		before := h.Rows.Done()
		err := o.do(asked{ctx, h.Console, h, people()[access.Operator], "acme"})
		events, found := h.People.Events(context.WithoutCancel(ctx), access.AuditFilter{Limit: 10})
		require.NoError(t, found)
		name, _, _ := strings.Cut(o.name, " ")
		if err != nil || slices.Contains(silent(), name) {
			continue
		}
		if len(h.Rows.Done()) > len(before) || strings.HasPrefix(name, "Start") {
			require.NotEmpty(t, events, "%s did something, and nobody can tell who it was", o.name)
		}
		for _, d := range events {
			logged++
			require.Equal(t, "user:olga", d.By, o.name)
			require.Equal(t, "198.51.100.7", d.Source, o.name)
			require.NotEmpty(t, d.Action, o.name)
			require.False(t, d.At.IsZero(), o.name)
		}
	}
	require.Greater(t, logged, 20)
}

// TestReasonsAreAskedFor refuses what is dangerous without a word why.
func TestReasonsAreAskedFor(t *testing.T) {
	t.Parallel()
	who := people()[access.Operator]
	for name, do := range map[string]func(a asked, why string) error{
		"drop":    func(a asked, why string) error { return a.c.Drop(a.ctx, who, "acme-call", why) },
		"suspend": func(a asked, why string) error { return a.c.Suspend(a.ctx, who, "acme", true, why) },
		"limit": func(a asked, why string) error {
			return a.c.ChangeLimit(a.ctx, who, "acme", console.LimitOrder{Action: console.Block, Scope: ledger.TenantScope, Reason: why})
		},
		"write off": func(a asked, why string) error { _, err := a.c.WriteOffDead(a.ctx, who, []int64{1}, why); return err },
		"charge":    func(a asked, why string) error { return a.c.TakeCharge(a.ctx, who, "acme", 1, why) },
		"undo": func(a asked, why string) error {
			_, err := a.c.StartUndoImports(a.ctx, who, []int64{1}, why)
			return err
		},
	} {
		for why, ok := range map[string]bool{"": false, "   ": false, strings.Repeat("x", 201): false, "asked for": true} {
			h := newHouse(t)
			err := do(asked{t.Context(), h.Console, h, who, "acme"}, why)
			if ok {
				require.NoError(t, err, name)
				continue
			}
			require.ErrorIs(t, err, console.ErrInvalid, "%s for %q", name, why)
			require.Empty(t, h.Rows.Done(), name)
		}
	}
}

// TestBranchManagersLimits leaves of a client's caps those of one branch and its people.
func TestBranchManagersLimits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for role, want := range map[access.Role]struct {
		owners          string
		blocks, changes int
	}{
		access.Operator: {" berlin koeln", 1, 1}, access.Manager: {" berlin koeln", 1, 0}, access.BranchManager: {"berlin", 0, 0},
	} {
		v, err := h.Console.Limits(t.Context(), people()[role], "acme")
		require.NoError(t, err)
		var owners []string
		for _, s := range v.Limits {
			owners = append(owners, s.Owner)
		}
		require.Equal(t, want.owners, strings.Join(owners, " "), role)
		require.Len(t, v.Blocks, want.blocks, role)
		require.Len(t, v.Changes, want.changes, "%s: changes name the operator's people", role)
	}
}

// TestNumbersAreAssignedOnce gives numbers to a client, and takes them back into quarantine.
func TestNumbersAreAssignedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Operator], h.Console, t.Context()
	free := number("4930999999")
	numbers := []e164.Number{free}
	for name, want := range map[string]struct {
		a   console.Assignment
		err error
	}{
		"neither numbers nor how many":   {console.Assignment{Tenant: "other"}, console.ErrInvalid},
		"both":                           {console.Assignment{Tenant: "other", Numbers: numbers, Count: 1}, console.ErrInvalid},
		"one that is not in the stock":   {console.Assignment{Tenant: "other", Numbers: []e164.Number{number("4930777777")}}, console.ErrInvalid},
		"one that is somebody's":         {console.Assignment{Tenant: "other", Numbers: []e164.Number{number("4930123456")}}, console.ErrConflict},
		"more than are free":             {console.Assignment{Tenant: "other", Count: 2}, console.ErrConflict},
		"to nobody":                      {console.Assignment{Tenant: "nobody", Numbers: numbers}, console.ErrNotFound},
		"of another region than is free": {console.Assignment{Tenant: "other", Count: 1, Region: "44"}, console.ErrConflict},
		"only to look":                   {console.Assignment{Tenant: "other", Numbers: numbers, DryRun: true}, nil},
	} {
		_, err := c.AssignNumbers(ctx, who, want.a)
		require.ErrorIs(t, err, want.err, name)
		require.Empty(t, h.Rows.Done(), name)
	}
	for range 2 {
		got, err := c.AssignNumbers(ctx, who, console.Assignment{Tenant: "other", Numbers: numbers})
		require.NoError(t, err, "it may be repeated")
		require.Equal(t, inventory.Assigned, got[0].Status)
	}
	require.ErrorIs(t, c.PutStock(ctx, who, []inventory.Number{{Number: free, Status: inventory.Free}}), console.ErrConflict, "it leads to a client")
	_, err := c.ReleaseNumbers(ctx, who, console.Release{Tenant: "acme", Numbers: numbers})
	require.ErrorIs(t, err, console.ErrNotFound, "it is another's")
	got, err := c.ReleaseNumbers(ctx, who, console.Release{Tenant: "other", Numbers: numbers, Until: h.Clock.Now().Add(time.Hour)})
	require.NoError(t, err)
	require.Equal(t, inventory.Quarantine, got[0].Status)
	_, err = c.AssignNumbers(ctx, who, console.Assignment{Tenant: "acme", Numbers: numbers})
	require.ErrorIs(t, err, console.ErrConflict)
	h.Clock.Advance(2 * time.Hour)
	_, err = c.AssignNumbers(ctx, who, console.Assignment{Tenant: "acme", Numbers: numbers, Branch: "berlin"})
	require.NoError(t, err, "its quarantine is over")
	mine, err := c.Stock(ctx, people()[access.Manager], console.StockFilter{})
	require.NoError(t, err)
	require.Len(t, mine, 3)
	for _, n := range mine {
		require.Equal(t, "acme", n.Tenant)
		require.Empty(t, n.Supplier)
	}
}

// TestPayments are posted with a key, for a purpose.
func TestPayments(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, c := range map[string]struct {
		p    console.Payment
		want error
	}{
		"a top-up":      {console.Payment{Tenant: "acme", Purpose: ledger.TopUp, Key: "1"}, nil},
		"an adjustment": {console.Payment{Tenant: "acme", Purpose: ledger.Adjustment, Key: "2"}, nil},
		"without a key": {console.Payment{Tenant: "acme", Purpose: ledger.TopUp}, console.ErrInvalid},
		"for calls":     {console.Payment{Tenant: "acme", Purpose: "usage", Key: "3"}, console.ErrInvalid},
		"to nobody":     {console.Payment{Tenant: "nobody", Purpose: ledger.TopUp, Key: "4"}, console.ErrNotFound},
	} {
		before := len(h.Rows.Done())
		c.p.Amount = amount("10")
		_, err := h.Console.Pay(t.Context(), people()[access.Accountant], c.p)
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, c.want == nil, len(h.Rows.Done()) > before, name)
	}
	for name, one := range map[string]invoice.Charge{
		"no text": {Tenant: "acme", Amount: amount("1")}, "nothing": {Tenant: "acme", Text: "Telephone"}, "no such branch": {Tenant: "acme", Text: "T", Amount: amount("1"), Branch: "bonn"},
		"no day": {Tenant: "acme", Text: "T", Amount: amount("1"), Day: "tomorrow"},
	} {
		_, err := h.Console.AddCharge(t.Context(), people()[access.Accountant], one)
		require.ErrorIs(t, err, console.ErrInvalid, name)
	}
	one, err := h.Console.AddCharge(t.Context(), people()[access.Accountant], invoice.Charge{Tenant: "acme", Text: "Telephone", Amount: amount("90")})
	require.NoError(t, err)
	require.Equal(t, "2026-12-01", one.Day, "today of the client")
	require.Equal(t, "user:arno", one.By)
}
