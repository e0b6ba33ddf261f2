package terminal_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/provision/inventory"
	"trunkline/rating"
	"trunkline/rating/deckfile"
	"trunkline/reports/retention"
)

// TestChanges: an empty field is said to be none, and the fields of an object are cut after twelve.
func TestChanges(t *testing.T) {
	t.Parallel()
	var many []provision.FieldChange
	for f := range strings.FieldsSeq("a b c d e f g h i j k l m n") {
		many = append(many, provision.FieldChange{Path: f, Before: "1", After: "2"})
	}
	golden(t, "changes", func(out io.Writer) error {
		terminal.Kept(out, []provision.Name{{Kind: "file", ID: "decks/one.csv"}})
		terminal.Changes(out, &provision.Changes{
			List: []provision.Change{
				{Action: provision.Create, Kind: provision.KindTenant, ID: "beauty"},
				{Action: provision.Update, Kind: provision.KindCarrier, ID: "rhein", Fields: []provision.FieldChange{{Path: "name", Before: "", After: "Rhein AG"}}},
				{Action: provision.Update, Kind: provision.KindGateway, ID: "rhein-1", Fields: many},
			},
			Files: map[string][]byte{"decks/one.csv": nil},
		})
		conflict := provision.Conflict{Name: provision.Name{Kind: "tenant", ID: "beauty"}, Fields: []provision.FieldChange{{Path: "name", Before: "Beauty", After: "Beauty Ltd"}}}
		terminal.Conflict(out, &conflict, "olga", at(9, 0))
		conflict.Fields, conflict.Extra = nil, true
		terminal.Conflict(out, &conflict, "olga", at(9, 0))
		return nil
	})
}

func TestHistory(t *testing.T) {
	t.Parallel()
	list := []console.ObjectVersion{
		{Revision: 117, At: at(10, 0), By: "olga", Spec: "id: standard\n", Changes: []provision.FieldChange{{Path: "rules[0].policy", Before: "cost", After: "quality"}}},
		{Revision: 90, At: at(9, 0), By: "cli:root", Spec: "id: standard\n", Made: true},
	}
	golden(t, "history", func(out io.Writer) error {
		if err := terminal.History(list).Write(out, "table"); err != nil {
			return err
		}
		return terminal.ObjectThen(out, console.SetUpThen(list, at(9, 30), 0))
	})
	require.Nil(t, console.SetUpThen(list, at(8, 0), 0))
}

func TestReadOtherwise(t *testing.T) {
	t.Parallel()
	golden(t, "read-otherwise", func(out io.Writer) error {
		terminal.ReadOtherwise(out, []console.Import{
			{Tenant: "beauty", PBX: "moscow", Calls: 10, Changed: []string{"zone"}},
			{Tenant: "alfa", PBX: "main", Calls: 1, Changed: []string{"format", "prefix"}},
			{Tenant: "beauty", PBX: "moscow", Calls: 5, Changed: []string{"zone"}},
		})
		return nil
	})
}

func TestHouse(t *testing.T) {
	t.Parallel()
	golden(t, "numbers", shown(terminal.Numbers([]inventory.Number{{
		Number: number(t, "+74951000007"), Status: inventory.Free, Class: "city", Supplier: "uplink", Monthly: amount(t, "30"), Currency: currency(t, "RUB"),
	}})))
	golden(t, "nodes", shown(terminal.Nodes([]ledger.Node{{Name: "proxy-2", ID: "9f1c", Seen: at(10, 0), Clean: -1, Settled: 120, Overdue: 3, Why: "its disk burnt"}})))
	golden(t, "users", shown(terminal.Users([]access.User{{Login: "olga", Name: "Olga", Role: access.Operator, TOTP: true, SignedIn: at(8, 0)}, {Login: "max", Role: "manager", Tenant: "beauty", Disabled: true}})))
	golden(t, "holds", shown(terminal.Holds([]retention.Hold{{ID: 3, Tenant: "beauty", Made: at(8, 0), By: "cli:olga", Reason: "court order 17"}})))
}

// TestDiff: prices are told kind by kind, with what is worth a warning below them.
func TestDiff(t *testing.T) {
	t.Parallel()
	rate := func(text string) *rating.Rate {
		perMinute, err := money.ParseRate(text)
		require.NoError(t, err)
		return &rating.Rate{Destination: "Germany", PerMinute: perMinute, Terms: rating.Terms{Increment: rating.Increment{Initial: 60, Next: 1}}}
	}
	diff := terminal.Diff{New: &deckfile.Report{Faulty: 1, Faults: []deckfile.Fault{{Line: 7, Column: "rate", Value: "x", Problem: "is no number", Remedy: "write 0.05"}}}}
	diff.Changes = func(yield func(deckfile.Change) bool) {
		for _, c := range []deckfile.Change{
			{Kind: deckfile.Cheaper, Prefix: prefix(t, "49"), Old: rate("0.05"), New: rate("0.01"), At: at(0, 0)},
			{Kind: deckfile.New, Prefix: prefix(t, "4915"), New: rate("0.1"), At: at(0, 0)},
			{Kind: deckfile.Same, Prefix: prefix(t, "7"), Old: rate("0.02"), New: rate("0.02")},
		} {
			if !yield(c) {
				return
			}
		}
	}
	for _, format := range []string{"table", "csv"} {
		golden(t, "diff-"+format, func(out io.Writer) error { return diff.Write(out, format) })
	}
}

func prefix(t *testing.T, digits string) e164.Prefix {
	t.Helper()
	p, err := e164.ParsePrefix(digits)
	require.NoError(t, err)
	return p
}
