package terminal_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
)

func beauty(t *testing.T) ledger.Account {
	t.Helper()
	return ledger.Account{Kind: ledger.TenantAccount, Owner: "beauty", Currency: currency(t, "RUB")}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	states := []ledger.State{
		{Account: beauty(t), Credits: amount(t, "5000"), Debits: amount(t, "1200.55"), Pending: amount(t, "3.2"), CreditLimit: amount(t, "100"), ClosedTill: at(0, 0)},
		{Account: beauty(t), Suspended: true, Reason: "unpaid since October"},
	}
	table, err := terminal.Accounts(states)
	require.NoError(t, err)
	golden(t, "accounts", shown(table))
	golden(t, "closed", shown(terminal.Closed(states)))
}

func TestStatementAndClosings(t *testing.T) {
	t.Parallel()
	golden(t, "statement", shown(terminal.Statement([]ledger.Line{
		{Posting: ledger.Posting{Slot: at(10, 15), Purpose: ledger.TopUp, Key: "bank-2026-11-0042"}, Change: amount(t, "5000"), Balance: amount(t, "5000")},
		{Posting: ledger.Posting{Slot: at(10, 30), Purpose: ledger.UsageSale, Legs: 17, Late: true}, Change: amount(t, "-12.5"), Balance: amount(t, "4987.5")},
	})))
	closings := []ledger.Closing{{Account: beauty(t), At: at(9, 0), Till: at(0, 0), Reason: "invoices of October", By: "cli:olga"}}
	golden(t, "closings", shown(terminal.Closings(closings)))
	golden(t, "closed-now", func(out io.Writer) error {
		terminal.ClosedNow(out, closings)
		return nil
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	configured := amount(t, "500")
	v := &console.LimitView{
		Limits: []console.LimitStatus{{
			Scope: ledger.ExtensionScope, Owner: "101", Period: "day", Measure: "money", Configured: &configured,
			Effective: amount(t, "700"), Used: amount(t, "12.5"), Held: amount(t, "3"), Remaining: amount(t, "684.5"),
		}},
		Blocks: []ledger.Block{{Scope: ledger.DestinationScope, Owner: "882", Reason: "fraud"}},
		Changes: []ledger.LimitChange{{
			Target: ledger.Target{Scope: ledger.ExtensionScope, Owner: "101", Reason: "case 12", By: "cli:olga"}, What: "raise", Detail: "by 200", At: at(11, 0),
		}},
	}
	golden(t, "limits", shown(terminal.Limits(v)))
	golden(t, "limit-changes", shown(terminal.LimitChanges(v)))
}

// TestRerate: what has no price any more is told below the table, but not where the whole change is refused.
func TestRerate(t *testing.T) {
	t.Parallel()
	r := &console.RerateReport{
		Legs: 40, Changed: 2, Failed: []string{"019a2000: no rate for +88213"},
		Lines: []console.RerateLine{{Account: beauty(t), Destination: "Russia, mobile", Calls: 2, Before: amount(t, "4"), After: amount(t, "3.6"), Difference: amount(t, "-0.4")}},
	}
	golden(t, "rerated", func(out io.Writer) error {
		err := terminal.Rerated(r).Write(out, "table")
		terminal.RerateOutcome(out, r)
		r.Run, r.Refused = 3, []error{io.EOF}
		terminal.RerateOutcome(out, r)
		return err
	})
}

func TestExplained(t *testing.T) {
	t.Parallel()
	list := []worker.Explained{
		{Leg: "019a2000:1", Side: "sale", Version: "retail@12", Recorded: amount(t, "1.25"), Currency: currency(t, "RUB"), Matches: true, Steps: []rating.ExplanationStep{{Text: "60 s at 1.25 a minute: 1.25"}}},
		{Leg: "019a2000:2", Side: "cost", Recorded: amount(t, "0.4"), Currency: currency(t, "EUR"), Reason: "its version is not kept"},
	}
	golden(t, "explained", func(out io.Writer) error { return terminal.Explained(out, list, "table") })
}
