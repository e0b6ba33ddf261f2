package console_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/cdr"
	"trunkline/cdr/importer"
	"trunkline/console"
	"trunkline/console/memory"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision/inventory"
	"trunkline/reports"
	"trunkline/reports/invoice"
)

// example is compiled once: what is set up is the same in every house.
var example = sync.OnceValues(func() (*memory.Setup, error) { return memory.Example(context.Background()) })

// newHouse is a house with a call of each client, and something of everything else.
func newHouse(t *testing.T) *memory.House {
	t.Helper()
	setup, err := example()
	require.NoError(t, err)
	h := memory.New(setup)
	t.Cleanup(h.Desk.Close)
	at := memory.Begun().Add(-1e12)
	leg := func(tenant, branch string, seq uint16, kind cdr.Kind) cdr.Record {
		r := cdr.Record{Leg: cdr.Leg{
			Call: callOf(t, tenant), Seq: seq, Kind: kind, Tenant: tenant, Branch: branch, From: number("4930123456"), To: number("4989765432"), Dialled: "089765432",
			Setup: at, Connect: at, Disconnect: at.Add(6e10), Carrier: "alfa", Gateway: "alfa-1", SIPCallID: "sip-1", Remote: "192.0.2.1:5060", Tariff: "retail",
		}, Sign: 1, Billed: 60, PerMinute: money.MustParseRate("0.1"), Note: "by an allowance"}
		if kind == cdr.Ingress {
			r.Sale, r.SaleCurrency = amount("0.1"), money.MustParseCurrency("EUR")
			r.Trace = []byte(`{"from":"4930123456","to":"4989765432","rule":"all/any","candidates":[{"carrier":"alfa","gateway":"alfa-1","rate":"0.02","cost":"0.02","sale":"0.1","margin":"0.08","to_sent":"004989765432","from_sent":"4930123456","prefix":"49"}],"skipped":[{"carrier":"beta","gateway":"beta-1","reason":"margin","detail":"margin 0.01 is below 0.02"}]}`)
		} else {
			r.Cost, r.CostCurrency = amount("0.02"), money.MustParseCurrency("EUR")
		}
		return r
	}
	r := h.Rows
	r.Legs = []cdr.Record{leg("acme", "berlin", 0, cdr.Ingress), leg("acme", "berlin", 1, cdr.Egress), leg("other", "", 0, cdr.Ingress), leg("other", "", 1, cdr.Egress)}
	held := amount("5")
	for _, tenant := range []string{"acme", "other"} {
		r.Live = append(r.Live, console.LiveCall{
			ID: tenant + "-call", Tenant: tenant, Branch: map[string]string{"acme": "berlin"}[tenant], From: "4930123456", To: "4989765432", Carrier: "alfa", Gateway: "alfa-1", Held: &held,
		})
		r.Issued = append(r.Issued, invoice.Issued{ID: 1, State: invoice.StateIssued, Document: &invoice.Document{
			Number: tenant + "-1", Tenant: tenant, Period: invoice.Period{Label: "2026-11"}, Total: amount("119"), Currency: money.MustParseCurrency("EUR"),
		}})
		r.Charged = append(r.Charged, invoice.Charge{ID: 1, Tenant: tenant, Day: "2026-12-01", Text: "Telephone", Amount: amount("90"), By: "user:olga"})
		r.Accounts[tenant] = ledger.State{Credits: amount("10")}
	}
	r.SIP = map[string][]console.SIPMessage{"acme-call": {{Text: "INVITE sip:+4989765432@192.0.2.1 SIP/2.0\r\n\r\n"}}}
	r.Unrated = []console.DeadLeg{{ID: 1, Tenant: "acme", From: "4930123456", To: "4989765432", Reason: "no_rate", Detail: "no rate for 4989765432"}}
	r.Faults = []importer.Fault{{ID: 1, Tenant: "acme", PBX: "old", Reason: "no call of 4989765432", Raw: "01/12/26 09:00 101 01 4989765432 00:01'00"}}
	r.Imported = []importer.Import{{ID: 1, Tenant: "acme", PBX: "old"}}
	r.Numbers = []inventory.Number{{Number: number("4930999999"), Status: inventory.Free, Supplier: "alfa", Contract: "c-7", Setup: amount("10"), Monthly: amount("1"), Currency: money.MustParseCurrency("EUR")}}
	r.SIPLocks = []console.SIPLock{{Source: "192.0.2.66", Failures: 9}}
	figures := reports.Figures{
		Legs: 2, Sale: reports.Purse{money.MustParseCurrency("EUR"): amount("0.2")}, Cost: reports.Purse{money.MustParseCurrency("EUR"): amount("0.04")},
		SaleTotal: &reports.Worth{Amount: amount("0.2")}, CostTotal: &reports.Worth{Amount: amount("0.04")}, Margin: &reports.Worth{Amount: amount("0.16")}, MissingRate: "USD to EUR",
	}
	before := figures
	r.Answer = reports.Answer{Rows: []reports.Row{{Keys: []string{}, Figures: figures, Before: &before}}, Total: reports.Row{Figures: figures}, Formulas: reports.Formulas(reports.Calls)}
	r.Rules = alertRules
	r.Fired, r.Told = alarms(), told()
	return h
}

// amount is one that a test means.
func amount(text string) money.Amount { return money.MustParseAmount(text) }

func number(digits string) e164.Number { return e164.MustParse(digits) }

// callOf is the id of the only call of a client.
func callOf(t *testing.T, tenant string) calls.ID {
	t.Helper()
	id, err := calls.ParseID(map[string]string{"acme": "0193812a-0000-7000-8000-000000000001", "other": "0193812a-0000-7000-8000-000000000002"}[tenant])
	require.NoError(t, err)
	return id
}

// people are somebody of each role: clients' people are of acme, the branch manager of its Berlin.
func people() map[access.Role]*access.Principal {
	return map[access.Role]*access.Principal{
		access.Operator: {User: "olga", Role: access.Operator, Session: "s"}, access.NOC: {User: "nina", Role: access.NOC, Session: "s"},
		access.Accountant: {User: "arno", Role: access.Accountant, Session: "s"}, access.Auditor: {User: "udo", Role: access.Auditor, Session: "s"},
		access.Manager: {User: "mara", Role: access.Manager, Tenant: "acme", Session: "s"}, access.BranchManager: {User: "bob", Role: access.BranchManager, Tenant: "acme", Branch: "berlin", Session: "s"},
	}
}
