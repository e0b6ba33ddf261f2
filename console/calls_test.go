package console_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/cdr"
	"trunkline/console"
	"trunkline/console/memory"
	"trunkline/reports"
	"trunkline/reports/export"
)

// TestSearchesAreNarrowed asks the store for no more than somebody may see, whatever they ask for.
func TestSearchesAreNarrowed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		role     access.Role
		q        console.CallQuery
		tenant   string
		branch   string
		attempts bool
	}{
		"the house, all":                 {access.Operator, console.CallQuery{Attempts: true}, "", "", true},
		"the house, one client":          {access.NOC, console.CallQuery{Tenant: "acme", Branch: "koeln"}, "acme", "koeln", false},
		"a client":                       {access.Manager, console.CallQuery{}, "acme", "", false},
		"a client who asks for attempts": {access.Manager, console.CallQuery{Attempts: true}, "acme", "", false},
		"a client, one branch":           {access.Manager, console.CallQuery{Branch: "koeln"}, "acme", "koeln", false},
		"a branch":                       {access.BranchManager, console.CallQuery{}, "acme", "berlin", false},
	} {
		h := newHouse(t)
		c.q.Period, c.q.Limit = theDay(), 10
		_, err := h.Console.Calls(t.Context(), people()[c.role], c.q)
		require.NoError(t, err, name)
		got := h.Rows.LastRecord
		require.Equal(t, []any{c.tenant, c.branch, c.attempts}, []any{got.Tenant, got.Branch, !got.OnlyIngress}, name)
	}
	h := newHouse(t)
	for name, q := range map[string]console.CallQuery{
		"another branch": {Branch: "koeln", Limit: 10}, "another client": {Tenant: "other", Limit: 10},
	} {
		_, err := h.Console.Calls(t.Context(), people()[access.BranchManager], q)
		require.ErrorIs(t, err, console.ErrNotFound, name)
	}
	for _, q := range []console.CallQuery{{}, {Limit: console.MaxPage + 1}, {Limit: 1, Offset: -1}, {Limit: 1, Offset: 100_001}} {
		_, err := h.Console.Calls(t.Context(), people()[access.Operator], q)
		require.ErrorIs(t, err, console.ErrInvalid)
	}
	far := console.CallQuery{Period: reports.Span(memory.Begun(), memory.Begun().AddDate(10, 0, 0), time.UTC), Limit: 1}
	_, err := h.Console.Calls(t.Context(), people()[access.Operator], far)
	require.NoError(t, err)
	require.Less(t, h.Rows.LastRecord.Till.Sub(memory.Begun()), time.Hour, "the future has no calls, and is not searched")
}

// TestFilesOfCalls writes the columns that somebody sees, with amounts and seconds of a reversal below zero, so that columns add up.
func TestFilesOfCalls(t *testing.T) {
	t.Parallel()
	for role, want := range map[access.Role]struct{ has, hasNot string }{
		access.Operator: {"carrier gateway sale sale_currency cost cost_currency", ""}, access.NOC: {"carrier gateway", "sale sale_currency cost cost_currency"},
		access.Manager: {"sale sale_currency", "carrier gateway cost cost_currency"},
	} {
		h := newHouse(t)
		for i := range h.Rows.Legs {
			if h.Rows.Legs[i].Tenant == "other" {
				h.Rows.Legs[i].Tenant, h.Rows.Legs[i].Branch, h.Rows.Legs[i].Sign = "acme", "berlin", -1 // The reversal of the first.
			}
		}
		var file bytes.Buffer
		require.NoError(t, h.Console.ExportCalls(t.Context(), people()[role], console.CallQuery{Period: theDay(), Tenant: "acme", Attempts: true}, console.File{Format: export.CSV}, &file))
		rows, err := csv.NewReader(&file).ReadAll()
		require.NoError(t, err)
		head := strings.Join(rows[0], " ")
		for name := range strings.FieldsSeq(want.has) {
			require.Contains(t, rows[0], name, "%s: %s", role, head)
		}
		for name := range strings.FieldsSeq(want.hasNot) {
			require.NotContains(t, rows[0], name, "%s: %s", role, head)
		}
		sums := map[string]int{}
		for _, row := range rows[1:] {
			for i, cell := range row {
				if strings.HasPrefix(cell, "-") {
					sums[rows[0][i]]--
				} else if cell != "" && cell != "0" {
					sums[rows[0][i]]++
				}
			}
		}
		for _, name := range []string{"talk_seconds", "billed_seconds", "sale", "cost"} {
			require.Zero(t, sums[name], "%s: %s adds up to nothing", role, name)
		}
	}
}

// TestOneCall tells how its price was made, and why it went where it went.
func TestOneCall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, err := h.Console.Call(t.Context(), people()[access.Operator], asked{tenant: "acme"}.call())
	require.NoError(t, err)
	require.Len(t, one.Legs, 2)
	require.Equal(t, "all/any", one.Decision.Rule)
	require.Contains(t, strings.Join(one.Price, "\n"), "60 s of talk are billed as 60 s at 0.1 EUR a minute = 0.1 EUR")
	client, err := h.Console.Call(t.Context(), people()[access.Manager], asked{tenant: "acme"}.call())
	require.NoError(t, err)
	require.Len(t, client.Legs, 1, "attempts are the house's")
	require.Nil(t, client.Decision)
	require.Equal(t, cdr.Ingress.String(), client.Legs[0].Kind)
	for _, id := range []string{"", "no-id", "0193812a-0000-7000-8000-00000000ffff"} {
		_, err := h.Console.Call(t.Context(), people()[access.Operator], id)
		require.ErrorIs(t, err, console.ErrNotFound, id)
	}
	key := &access.Principal{User: "olga", Role: access.Operator, Key: "k", Scopes: []access.Permission{access.ReadCalls, access.ReadRouting, access.ReadCost, access.ReadSale}}
	blind, err := h.Console.Call(t.Context(), key, asked{tenant: "acme"}.call())
	require.NoError(t, err)
	require.True(t, blind.Decision.To.IsZero(), "who does not see numbers does not see them in a decision")
	require.NotContains(t, blind.Legs[0].To, "89765432")
}
