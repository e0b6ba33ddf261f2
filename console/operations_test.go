package console_test

import (
	"errors"
	"io"
	"strings"
	"testing/fstest"
	"time"

	"trunkline/access"
	"trunkline/console"
	"trunkline/console/memory"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/job"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/provision/inventory"
	"trunkline/reports"
	"trunkline/reports/export"
	"trunkline/reports/invoice"
)

// operations are all of them: calls and figures, what is provisioned, prices, money, and the house itself.
func operations() []operation {
	var all []operation
	for _, list := range [][]operation{aboutCalls(), aboutSetup(), aboutPrices(), aboutMoney(), aboutHouse(), aboutOneself()} {
		all = append(all, list...)
	}
	return all
}

func theDay() reports.Period {
	return reports.Span(memory.Begun().Add(-24*time.Hour), memory.Begun(), time.UTC)
}

func (a asked) calls() console.CallQuery {
	return console.CallQuery{Period: theDay(), Tenant: a.tenant, Limit: 10}
}

func (a asked) call() string {
	return map[string]string{"acme": "0193812a-0000-7000-8000-000000000001", "other": "0193812a-0000-7000-8000-000000000002"}[a.tenant]
}

func aboutCalls() []operation {
	csv := console.File{Format: export.CSV}
	return []operation{
		{"Calls", "yyyyyy", "yyyy--", func(a asked) error { _, err := a.c.Calls(a.ctx, a.who, a.calls()); return err }},
		{"Call", "yyyyyy", "yyyy--", func(a asked) error { _, err := a.c.Call(a.ctx, a.who, a.call()); return err }},
		{"CountCalls", "yyyyyy", "yyyy--", func(a asked) error { _, _, err := a.c.CountCalls(a.ctx, a.who, a.calls()); return err }},
		{"ExportCalls", "yyyyyy", "yyyy--", func(a asked) error { return a.c.ExportCalls(a.ctx, a.who, a.calls(), csv, io.Discard) }},
		{"StartExport", "yyyyyy", "yyyy--", func(a asked) error { _, err := a.c.StartExport(a.ctx, a.who, a.calls(), csv); return err }},
		{"Stats", "yyyyyy", "yyyy--", func(a asked) error {
			_, err := a.c.Stats(a.ctx, a.who, reports.Question{Period: theDay(), Tenant: a.tenant})
			return err
		}},
		{"AllStats", "yyyyyy", "yyyy--", func(a asked) error {
			_, err := a.c.AllStats(a.ctx, a.who, []reports.Question{{Period: theDay()}, {Period: theDay(), Tenant: a.tenant}})
			return err
		}},
		{"AllStats by carrier", "yyyynn", "", func(a asked) error {
			_, err := a.c.AllStats(a.ctx, a.who, []reports.Question{{Period: theDay(), By: []reports.Dimension{reports.ByCarrier}}})
			return err
		}},
		{"AllStats by caller", "ynyyyy", "", func(a asked) error {
			_, err := a.c.AllStats(a.ctx, a.who, []reports.Question{{Period: theDay(), By: []reports.Dimension{reports.ByCaller}}})
			return err
		}},
		{"AllStats by cost", "ynyynn", "", func(a asked) error {
			_, err := a.c.AllStats(a.ctx, a.who, []reports.Question{{Period: theDay(), Order: reports.OrderCost}})
			return err
		}},
		{"AllStats by sale", "ynyyyy", "", func(a asked) error {
			_, err := a.c.AllStats(a.ctx, a.who, []reports.Question{{Period: theDay(), Order: reports.OrderSale}})
			return err
		}},
		{"ReadQuestion", "yyyyyy", "", func(a asked) error {
			_, err := a.c.ReadQuestion(a.who, console.QuestionText{Period: "today"})
			return err
		}},
		{"ExportRecords", "ynnynn", "ynnynn", func(a asked) error {
			_, err := a.c.ExportRecords(a.ctx, a.who, a.calls(), export.Options{Format: export.CSV}, io.Discard, func(int64) {})
			return err
		}},
		{"RebuildSums", "ynnnnn", "", func(a asked) error { return a.c.RebuildSums(a.ctx, a.who, func(string) {}) }},
		{"StartRebuild", "ynnnnn", "", func(a asked) error { _, err := a.c.StartRebuild(a.ctx, a.who); return err }},
		{"Lines", "yyyyyy", "yyyy--", func(a asked) error {
			_, err := a.c.Lines(a.ctx, a.who, console.LinesQuery{Tenant: a.tenant, Period: theDay()})
			return err
		}},
		{"Period", "yyyyyy", "", func(a asked) error { _, err := a.c.Period(a.who, "today", "", ""); return err }},
		{"Live", "yynyyy", "", func(a asked) error { _, err := a.c.Live(a.ctx, a.who); return err }},
		{"Drop", "yynnnn", "", func(a asked) error { return a.c.Drop(a.ctx, a.who, "acme-call", "a loop") }},
		{"Messages", "yynynn", "", func(a asked) error { _, err := a.c.Messages(a.ctx, a.who, "acme-call"); return err }},
		{"Dead", "yyyynn", "", func(a asked) error { _, err := a.c.Dead(a.ctx, a.who, console.DeadQuery{Limit: 10}); return err }},
		{"RetryDead", "ynnnnn", "", func(a asked) error { _, err := a.c.RetryDead(a.ctx, a.who, []int64{1}); return err }},
		{"MendDead", "ynnnnn", "", func(a asked) error {
			_, err := a.c.MendDead(a.ctx, a.who, 1, console.Mending{Setup: memory.Begun(), Reason: "a clock"})
			return err
		}},
		{"WriteOffDead", "ynnnnn", "", func(a asked) error { _, err := a.c.WriteOffDead(a.ctx, a.who, []int64{1}, "test calls"); return err }},
		{"Imports", "yyyynn", "yyyynn", func(a asked) error {
			_, err := a.c.Imports(a.ctx, a.who, console.ImportQuery{Tenant: a.tenant, Limit: 10})
			return err
		}},
		{"ImportFaults", "yyyynn", "yyyynn", func(a asked) error {
			_, err := a.c.ImportFaults(a.ctx, a.who, console.ImportQuery{Tenant: a.tenant, Limit: 10})
			return err
		}},
		{"DeadLeg", "-nn-nn", "", func(a asked) error { _, err := a.c.DeadLeg(a.ctx, a.who, 99); return err }},
		{"ReadRecords", "ynnnnn", "ynnnnn", func(a asked) error {
			_, err := a.c.ReadRecords(a.ctx, a.who, console.RecordFile{Tenant: a.tenant, PBX: "main", In: strings.NewReader("")})
			return err
		}},
		{"UndoImports", "ynnnnn", "", func(a asked) error {
			_, err := a.c.UndoImports(a.ctx, a.who, console.ImportSelection{Imports: []int64{1}}, "twice")
			return err
		}},
		{"UndoImports of a period", "ynnnnn", "ynnnnn", func(a asked) error {
			_, err := a.c.UndoImports(a.ctx, a.who, console.ImportSelection{Tenant: a.tenant, PBX: "main"}, "twice")
			return err
		}},
		{"ResumeUndo", "ynnnnn", "", func(a asked) error { _, err := a.c.ResumeUndo(a.ctx, a.who, 1); return err }},
		{"ImportsAgain", "ynnnnn", "", func(a asked) error { _, _, err := a.c.ImportsAgain(a.ctx, a.who, []int64{1}, "mended"); return err }},
		{"PreviewImports", "ynnnnn", "", func(a asked) error { _, err := a.c.PreviewImports(a.ctx, a.who, []int64{1}); return err }},
		{"SettleFaults", "ynnnnn", "", func(a asked) error { _, err := a.c.SettleFaults(a.ctx, a.who, []int64{1}); return err }},
		{"StartUndoImports", "ynnnnn", "", func(a asked) error { _, err := a.c.StartUndoImports(a.ctx, a.who, []int64{1}, "twice"); return err }},
		{"StartImportsAgain", "ynnnnn", "", func(a asked) error { _, err := a.c.StartImportsAgain(a.ctx, a.who, []int64{1}, "mended"); return err }},
	}
}

func (a asked) trunk() console.PartOf {
	return console.PartOf{Tenant: a.tenant, Part: console.Branches, ID: "new"}
}

func aboutSetup() []operation {
	tenant := provision.KindTenant
	return []operation{
		{"Things", "yyyyyy", "", func(a asked) error { _, err := a.c.Things(a.ctx, a.who, tenant); return err }},
		{"Things of routing", "yynynn", "", func(a asked) error { _, err := a.c.Things(a.ctx, a.who, provision.KindGateway); return err }},
		{"Things of prices", "ynyynn", "", func(a asked) error { _, err := a.c.Things(a.ctx, a.who, provision.KindDeck); return err }},
		{"ThingsFrom", "yyyyyy", "", func(a asked) error { _, _, err := a.c.ThingsFrom(a.ctx, a.who, tenant, 0, 10); return err }},
		{"IDs", "yyyyyy", "", func(a asked) error { _, err := a.c.IDs(a.ctx, a.who, tenant); return err }},
		{"Thing", "yyyyyy", "yyyy--", func(a asked) error { _, err := a.c.Thing(a.ctx, a.who, tenant, a.tenant); return err }},
		{"Thing of settings", "yynynn", "", func(a asked) error { _, err := a.c.Thing(a.ctx, a.who, provision.KindSettings, "operator"); return err }},
		{"PutThing", "ynnnnn", "ynnnnn", func(a asked) error {
			t, err := a.c.Thing(a.ctx, people()[access.Operator], tenant, a.tenant)
			if err != nil {
				return err
			}
			t.Document["name"] = "Changed"
			_, err = a.c.PutThing(a.ctx, a.who, console.Change{Kind: tenant, ID: a.tenant}, t.Document)
			return err
		}},
		{"PutThing of routing", "ynnnnn", "", func(a asked) error {
			_, err := a.c.PutThing(a.ctx, a.who, console.Change{Kind: provision.KindCarrier, ID: "beta"}, console.Document{"currency": "EUR"})
			return err
		}},
		{"DeleteThing", "ynnnnn", "ynnnnn", func(a asked) error { return a.c.DeleteThing(a.ctx, a.who, console.Change{Kind: tenant, ID: a.tenant}) }},
		{"Parts", "yyyyyy", "yyyy--", func(a asked) error { _, err := a.c.Parts(a.ctx, a.who, a.tenant, console.Numbers); return err }},
		{"Part", "yyyyyy", "yyyy--", func(a asked) error {
			id := map[string]string{"acme": "+4930123456", "other": "+4940123456"}[a.tenant]
			_, err := a.c.Part(a.ctx, a.who, console.PartOf{Tenant: a.tenant, Part: console.Numbers, ID: id})
			return err
		}},
		{"PutPart", "ynnnnn", "ynnnnn", func(a asked) error {
			_, err := a.c.PutPart(a.ctx, a.who, a.trunk(), console.PartChange{}, console.Document{"name": "New"})
			return err
		}},
		{"DeletePart", "ynnnnn", "", func(a asked) error {
			return a.c.DeletePart(a.ctx, a.who, console.PartOf{Tenant: "acme", Part: console.PBXs, ID: "old"}, "")
		}},
		{"Names", "yyyyyy", "yyyy--", func(a asked) error { _, err := a.c.Names(a.who, a.tenant); return err }},
		{"DialTest", "yynynn", "", func(a asked) error { _, _, err := a.c.DialTest(a.ctx, a.who, "plain", "0891234567", ""); return err }},
		{"Simulate", "yynynn", "yynynn", func(a asked) error {
			_, err := a.c.Simulate(a.ctx, a.who, console.RouteQuestion{Tenant: a.tenant, Dialled: "0891234567"})
			return err
		}},
		{"Stock", "yyyyyy", "", func(a asked) error { _, err := a.c.Stock(a.ctx, a.who, console.StockFilter{}); return err }},
		{"PutStock", "ynnnnn", "", func(a asked) error {
			return a.c.PutStock(a.ctx, a.who, []inventory.Number{{Number: number("4930888888"), Status: inventory.Free}})
		}},
		{"AssignNumbers", "ynnnnn", "ynnnnn", func(a asked) error {
			_, err := a.c.AssignNumbers(a.ctx, a.who, console.Assignment{Tenant: a.tenant, Count: 1})
			return err
		}},
		{"ReleaseNumbers", "ynnnnn", "", func(a asked) error {
			_, err := a.c.ReleaseNumbers(a.ctx, a.who, console.Release{Tenant: "acme", Numbers: []e164.Number{number("4930123456")}})
			return err
		}},
	}
}

// list is a price list that was sent for the deck, and what it is for.
func (a asked) list() console.DeckList {
	l := console.DeckList{Deck: "alfa", Upload: "up", Yes: true}
	_ = a.h.Setup.KeepUpload(a.ctx, "up", a.who.By(), "new.csv", []byte("prefix,destination,rate\n49,Germany,0.03\n44,United Kingdom,0.03\n"))
	return l
}

// undoable is the deck after a change, of which nobody who is refused knows.
func (a asked) undoable() console.DeckList {
	if a.who.May(access.WritePrices) {
		_ = a.c.ApplyDeck(a.ctx, a.who, a.list())
	}
	return console.DeckList{Deck: "alfa"}
}

func (a asked) inHand() (*console.ListInHand, error) {
	return a.c.ReadDeckList(a.ctx, a.who, console.DeckList{Deck: "alfa", Yes: true}, "new.csv", strings.NewReader("prefix,destination,rate\n49,Germany,0.03\n44,United Kingdom,0.03\n"))
}

func aboutPrices() []operation {
	deck := console.DeckList{Deck: "alfa"}
	return []operation{
		{"Price", "ynyynn", "", func(a asked) error {
			_, err := a.c.Price(a.ctx, a.who, console.PriceQuestion{Tariff: "retail", To: "4989765432", Length: time.Minute})
			return err
		}},
		{"Rates", "ynyynn", "", func(a asked) error { _, _, err := a.c.Rates(a.ctx, a.who, "alfa", "49", 10); return err }},
		{"Content", "ynyynn", "", func(a asked) error { _, err := a.c.Content(a.ctx, a.who, provision.KindDeck, "alfa"); return err }},
		{"Versions", "ynyynn", "", func(a asked) error { _, err := a.c.Versions(a.ctx, a.who, provision.KindTariff, "retail"); return err }},
		{"PriceVersions", "ynyynn", "", func(a asked) error { _, err := a.c.PriceVersions(a.ctx, a.who, deck); return err }},
		{"PricesAt", "ynyynn", "", func(a asked) error { _, err := a.c.PricesAt(a.ctx, a.who, deck, memory.Begun(), 0); return err }},
		{"RateSheet", "ynyynn", "", func(a asked) error { return a.c.RateSheet(a.ctx, a.who, deck, console.SheetOrder{}, io.Discard) }},
		{"SendDeck", "ynnnnn", "", func(a asked) error {
			_, err := a.c.SendDeck(a.ctx, a.who, deck, "l.csv", strings.NewReader("prefix,rate\n49,1\n"))
			return err
		}},
		{"CompareDeck", "ynnnnn", "", func(a asked) error { _, err := a.c.CompareDeck(a.ctx, a.who, a.list()); return err }},
		{"ApplyDeck", "ynnnnn", "", func(a asked) error { return a.c.ApplyDeck(a.ctx, a.who, a.list()) }},
		{"ReadDeckList", "ynnnnn", "", func(a asked) error { _, err := a.inHand(); return err }},
		{"PreviewDeckList", "ynnnnn", "", func(a asked) error {
			h, err := a.inHand()
			if err == nil {
				_, err = a.c.PreviewDeckList(a.ctx, a.who, h)
			}
			return err
		}},
		{"ApplyDeckList", "ynnnnn", "", func(a asked) error {
			h, err := a.inHand()
			if err != nil {
				return err
			}
			p, err := a.c.PreviewDeckList(a.ctx, a.who, h)
			if err == nil {
				_, _, err = a.c.ApplyDeckList(a.ctx, a.who, h, p)
			}
			return err
		}},
		{"DeckOf", "ynnynn", "", func(a asked) error { _, err := a.c.DeckOf(a.ctx, a.who, "alfa"); return err }},
		{"RejectedLines", "ynnnnn", "", func(a asked) error { return a.c.RejectedLines(a.ctx, a.who, a.list(), io.Discard) }},
		{"StartCompare", "ynnnnn", "", func(a asked) error { _, err := a.c.StartCompare(a.ctx, a.who, a.list()); return err }},
		{"StartApply", "ynnnnn", "", func(a asked) error { _, err := a.c.StartApply(a.ctx, a.who, a.list()); return err }},
		{"UndoDeck", "ynnnnn", "", func(a asked) error { _, err := a.c.UndoDeck(a.ctx, a.who, a.undoable(), 0); return err }},
		{"WithdrawVersion", "-nnnnn", "", func(a asked) error { return a.c.WithdrawVersion(a.ctx, a.who, "gone", 1) }},
		{"VersionFiles", "?n??nn", "", func(a asked) error {
			_, err := a.c.VersionFiles(a.ctx, a.who, "retail", func(*provision.Timeline) (*provision.Version, error) { return nil, errors.New("no version") })
			return err
		}},
		{"PlanApply", "ynnnnn", "", func(a asked) error { _, err := a.applied(); return err }},
		{"Apply", "ynnnnn", "", func(a asked) error {
			p, err := a.applied()
			if err == nil {
				_, err = a.c.Apply(a.ctx, a.who, p)
			}
			return err
		}},
		{"SendFile", "ynnnnn", "", func(a asked) error {
			_, err := a.c.SendFile(a.ctx, a.who, "operator.yaml", []byte(smallFile))
			return err
		}},
		{"ApplyFile", "ynnnnn", "", func(a asked) error {
			_, err := a.c.ApplyFile(a.ctx, a.who, console.SentFile{Content: []byte(smallFile)}, console.ApplyOptions{Choice: provision.Choice{Overwrite: []string{"all"}}}, false)
			return err
		}},
		{"AfterApply", "ynnnnn", "", func(a asked) error {
			p, err := a.applied()
			if err == nil {
				_, err = a.c.AfterApply(a.ctx, a.who, p, memory.Begun())
			}
			return err
		}},
		{"LastChange", "ynnnnn", "", func(a asked) error { _, _, err := a.c.LastChange(a.ctx, a.who, provision.Name{}); return err }},
		{"FetchRates", "nnnnnn", "", func(a asked) error { _, _, err := a.c.FetchRates(a.ctx, a.who, "rates.csv", false); return err }},
		{"ExchangeRates", "ynyynn", "", func(a asked) error { _, err := a.c.ExchangeRates(a.ctx, a.who, memory.Begun(), 10); return err }},
		{"RateFetches", "ynyynn", "", func(a asked) error { _, err := a.c.RateFetches(a.ctx, a.who, 10); return err }},
		{"Compared", "------", "", func(a asked) error { _, err := a.c.Compared(a.ctx, a.who, "none"); return err }},
	}
}

func (a asked) rerating() console.RerateOrder {
	return console.RerateOrder{Whose: console.Whose{Tenant: a.tenant}, From: memory.Begun().Add(-time.Hour), Till: memory.Begun(), Reason: "wrong deck"}
}

// applied is an operator's file that takes nothing away.
func (a asked) applied() (*console.ApplyPlan, error) {
	b, err := provision.ReadBundle(fstest.MapFS{"operator.yaml": {Data: []byte("realm: pbx.example\n")}}, "operator.yaml")
	if err != nil {
		return nil, err
	}
	return a.c.PlanApply(a.ctx, a.who, b, console.ApplyOptions{Choice: provision.Choice{Overwrite: []string{"all"}}})
}

func aboutMoney() []operation {
	return []operation{
		{"Accounts", "ynyyyn", "", func(a asked) error { _, err := a.c.Accounts(a.ctx, a.who); return err }},
		{"Account", "ynyyyn", "ynyy-n", func(a asked) error { _, err := a.c.Account(a.ctx, a.who, a.tenant); return err }},
		{"Statement", "ynyyyn", "ynyy-n", func(a asked) error {
			_, err := a.c.Statement(a.ctx, a.who, a.tenant, memory.Begun(), memory.Begun().Add(time.Hour), 10)
			return err
		}},
		{"AccountsOf", "ynyynn", "", func(a asked) error { _, err := a.c.AccountsOf(a.ctx, a.who, ledger.CarrierAccount); return err }},
		{"StatementOf", "ynyyyn", "ynyy-n", func(a asked) error {
			_, err := a.c.StatementOf(a.ctx, a.who, console.Whose{Tenant: a.tenant}, memory.Begun(), memory.Begun().Add(time.Hour), 10)
			return err
		}},
		{"StatementOf a carrier", "ynyy-n", "", func(a asked) error {
			_, err := a.c.StatementOf(a.ctx, a.who, console.Whose{Carrier: "alfa"}, memory.Begun(), memory.Begun().Add(time.Hour), 10)
			return err
		}},
		{"Closings", "ynyyyn", "ynyy-n", func(a asked) error { _, err := a.c.Closings(a.ctx, a.who, console.Whose{Tenant: a.tenant}); return err }},
		{"CloseBooks", "ynynnn", "ynynnn", func(a asked) error {
			_, err := a.c.CloseBooks(a.ctx, a.who, console.Whose{Tenant: a.tenant}, "2026-10", "invoices")
			return err
		}},
		{"OpenBooks", "ynynnn", "ynynnn", func(a asked) error {
			_, err := a.c.OpenBooks(a.ctx, a.who, console.Whose{Tenant: a.tenant}, "2026-10", "a mistake")
			return err
		}},
		{"Rerate", "ynyynn", "ynyy-n", func(a asked) error { _, err := a.c.Rerate(a.ctx, a.who, a.rerating(), false); return err }},
		{"Rerate and apply", "ynynnn", "ynynnn", func(a asked) error { _, err := a.c.Rerate(a.ctx, a.who, a.rerating(), true); return err }},
		{"StartRerate", "ynynnn", "ynynnn", func(a asked) error { _, err := a.c.StartRerate(a.ctx, a.who, a.rerating()); return err }},
		{"RerateRuns", "ynyynn", "", func(a asked) error { _, err := a.c.RerateRuns(a.ctx, a.who); return err }},
		{"UndoRerate", "ynynnn", "", func(a asked) error { _, err := a.c.UndoRerate(a.ctx, a.who, 1, "a mistake"); return err }},
		{"Pay", "ynynnn", "ynynnn", func(a asked) error {
			_, err := a.c.Pay(a.ctx, a.who, console.Payment{Tenant: a.tenant, Purpose: ledger.TopUp, Amount: amount("10"), Key: "bank-1"})
			return err
		}},
		{"Limits", "ynyyyy", "ynyy--", func(a asked) error { _, err := a.c.Limits(a.ctx, a.who, a.tenant); return err }},
		{"ChangeLimit", "ynnnnn", "ynnnnn", func(a asked) error {
			return a.c.ChangeLimit(a.ctx, a.who, a.tenant, console.LimitOrder{Action: console.ResetLimit, Scope: ledger.TenantScope, Period: ledger.Month, Reason: "asked for"})
		}},
		{"Suspend", "ynnnnn", "ynnnnn", func(a asked) error { return a.c.Suspend(a.ctx, a.who, a.tenant, true, "fraud") }},
		{"Expenses", "ynyyyn", "ynyy-n", func(a asked) error { _, err := a.c.Expenses(a.ctx, a.who, a.tenant, "2026-11"); return err }},
		{"WriteExpenses", "ynyyyn", "ynyy-n", func(a asked) error {
			return a.c.WriteExpenses(a.ctx, a.who, a.tenant, "2026-11", "csv", "en", io.Discard)
		}},
		{"PresentMonth", "ynyyyn", "ynyy-n", func(a asked) error { _, err := a.c.PresentMonth(a.ctx, a.who, a.tenant); return err }},
		{"ExpenseDetail", "ynyyyn", "ynyy-n", func(a asked) error {
			return a.c.ExpenseDetail(a.ctx, a.who, a.tenant, "2026-11", invoice.DetailFilter{}, func(*invoice.Detail) error { return nil })
		}},
		{"AgreesWithLedger", "ynyyyn", "ynyy-n", func(a asked) error {
			return a.c.AgreesWithLedger(a.ctx, a.who, &reports.Expenses{Tenant: a.tenant})
		}},
		{"Invoices", "ynyyyn", "ynyy-n", func(a asked) error { _, err := a.c.Invoices(a.ctx, a.who, a.tenant, "", 0, 10); return err }},
		{"Invoice", "ynyyyn", "ynyy-n", func(a asked) error { _, err := a.c.Invoice(a.ctx, a.who, a.tenant+"-1"); return err }},
		{"WriteInvoice", "ynyyyn", "ynyy-n", func(a asked) error { return a.c.WriteInvoice(a.ctx, a.who, a.tenant+"-1", "xlsx", io.Discard) }},
		{"Draft", "ynyyyn", "ynyy-n", func(a asked) error { _, err := a.c.Draft(a.ctx, a.who, a.tenant, "2026-11"); return err }},
		{"ProfileOf", "ynyyyn", "ynyy-n", func(a asked) error { _, err := a.c.ProfileOf(a.ctx, a.who, a.tenant); return err }},
		{"ClosePeriod", "ynynnn", "", func(a asked) error {
			_, err := a.c.ClosePeriod(a.ctx, a.who, invoice.Request{Period: "2026-11"})
			return err
		}},
		{"StartClose", "ynynnn", "", func(a asked) error {
			_, err := a.c.StartClose(a.ctx, a.who, invoice.Request{Period: "2026-11"})
			return err
		}},
		{"Closed", "------", "", func(a asked) error { _, err := a.c.Closed(a.ctx, a.who, "none"); return err }},
		{"IssueAgain", "ynynnn", "ynynnn", func(a asked) error { _, err := a.c.IssueAgain(a.ctx, a.who, a.tenant+"-1"); return err }},
		{"MarkInvoice", "ynynnn", "ynynnn", func(a asked) error { return a.c.MarkInvoice(a.ctx, a.who, a.tenant+"-1", invoice.StatePaid, "") }},
		{"CreditInvoice", "ynynnn", "ynynnn", func(a asked) error {
			_, err := a.c.CreditInvoice(a.ctx, a.who, a.tenant+"-1", money.Amount{}, "wrong address")
			return err
		}},
		{"Profiles", "ynyynn", "", func(a asked) error { _, err := a.c.Profiles(a.ctx, a.who); return err }},
		{"PutProfiles", "ynynnn", "", func(a asked) error { return a.c.PutProfiles(a.ctx, a.who, []invoice.Profile{{Tenant: "acme"}}, false) }},
		{"RemoveProfile", "ynynnn", "", func(a asked) error {
			a.h.Rows.Billed["acme"] = invoice.Profile{Tenant: "acme"}
			return a.c.RemoveProfile(a.ctx, a.who, "acme", false)
		}},
		{"PutReadings", "ynynnn", "ynynnn", func(a asked) error {
			return a.c.PutReadings(a.ctx, a.who, a.tenant, []invoice.Reading{{Counter: "storage_mb", Value: 5}})
		}},
		{"VerifyInvoices", "ynyynn", "", func(a asked) error { _, err := a.c.VerifyInvoices(a.ctx, a.who); return err }},
		{"Annex", "ynyyyn", "ynyy-n", func(a asked) error {
			_, err := a.c.Annex(a.ctx, a.who, &invoice.Document{Tenant: a.tenant})
			return err
		}},
		{"Charges of all", "ynyynn", "", func(a asked) error { _, err := a.c.Charges(a.ctx, a.who, ""); return err }},
		{"Charges", "ynyyyn", "ynyy-n", func(a asked) error { _, err := a.c.Charges(a.ctx, a.who, a.tenant); return err }},
		{"AddCharge", "ynynnn", "ynynnn", func(a asked) error {
			_, err := a.c.AddCharge(a.ctx, a.who, invoice.Charge{Tenant: a.tenant, Text: "Telephone", Amount: amount("90")})
			return err
		}},
		{"TakeCharge", "ynynnn", "ynynnn", func(a asked) error { return a.c.TakeCharge(a.ctx, a.who, a.tenant, 1, "twice") }},
	}
}

// elses is a job that another operator asked for.
func (a asked) elses() string {
	j := job.Job{ID: "elses", Kind: job.Export, By: "user:max", Role: string(access.Operator), Standing: job.Standing{State: job.Running}}
	_ = a.h.Jobs.Open(a.ctx, &j)
	return j.ID
}

// oneself makes a user of who asks, so that there is something of their own.
func (a asked) oneself() {
	_ = a.h.Gate.Add(a.ctx, access.User{Login: a.who.User, Role: a.who.Role, Tenant: a.who.Tenant, Branch: a.who.Branch})
}

func aboutOneself() []operation {
	own := []access.Permission{access.OwnAccess}
	return []operation{
		{"Keys", "yyyyyy", "", func(a asked) error { _, err := a.c.Keys(a.ctx, a.who, false); return err }},
		{"AddKey", "yyyyyy", "", func(a asked) error {
			a.oneself()
			_, _, err := a.c.AddKey(a.ctx, a.who, "mine", own, time.Time{})
			return err
		}},
		{"RevokeKey", "yyyyyy", "", func(a asked) error {
			a.oneself()
			_, k, _ := a.h.Gate.NewKey(a.ctx, a.who.User, "mine", own, time.Time{})
			return a.c.RevokeKey(a.ctx, a.who, k.ID)
		}},
		{"RevokeKey of somebody else", "y-----", "", func(a asked) error {
			_ = a.h.Gate.Add(a.ctx, access.User{Login: "max", Role: access.Operator})
			_, k, _ := a.h.Gate.NewKey(a.ctx, "max", "theirs", own, time.Time{})
			return a.c.RevokeKey(a.ctx, a.who, k.ID)
		}},
		{"BeginFactor", "yyyyyy", "", func(a asked) error { a.oneself(); _, err := a.c.BeginFactor(a.ctx, a.who); return err }},
		{"ConfirmFactor", "??????", "", func(a asked) error { a.oneself(); return a.c.ConfirmFactor(a.ctx, a.who, "000000") }},
		{"DropFactor", "??????", "", func(a asked) error { a.oneself(); return a.c.DropFactor(a.ctx, a.who, "wrong") }},
		{"ChangePassword", "??????", "", func(a asked) error {
			a.oneself()
			return a.c.ChangePassword(a.ctx, a.who, "wrong", "correct horse battery")
		}},
		{"Views", "yyyyyy", "", func(a asked) error { _, err := a.c.Views(a.ctx, a.who, "/calls"); return err }},
		{"SaveView", "yyyyyy", "", func(a asked) error {
			return a.c.SaveView(a.ctx, a.who, access.View{Page: "/calls", Name: "mine", Query: "a=b"})
		}},
	}
}
