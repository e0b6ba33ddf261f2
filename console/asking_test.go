package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/console/memory"
	"trunkline/internal/e164"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/provision/inventory"
	"trunkline/reports"
)

// TestPeriodsAreOfAZone reads a period in the calendar of whoever asks, or of the zone that is named.
func TestPeriodsAreOfAZone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, c := range map[string]struct {
		who          *access.Principal
		text, zone   string
		tenant, from string
	}{
		"of the house":          {people()[access.Operator], "today", "", "", "2026-12-01T00:00:00Z"},
		"of a client":           {people()[access.Operator], "today", "", "acme", "2026-11-30T23:00:00Z"},
		"of whoever is of one":  {people()[access.Manager], "today", "", "", "2026-11-30T23:00:00Z"},
		"of a zone":             {people()[access.Manager], "today", "Asia/Tokyo", "", "2026-11-30T15:00:00Z"},
		"a month":               {people()[access.Manager], "this-month", "", "", "2026-11-30T23:00:00Z"},
		"the last twenty hours": {people()[access.Operator], "20h", "", "", "2026-11-30T13:00:00Z"},
	} {
		p, err := h.Console.Period(c.who, c.text, c.zone, c.tenant)
		require.NoError(t, err, name)
		require.Equal(t, c.from, p.From.UTC().Format(time.RFC3339), name)
	}
	for text, zone := range map[string]string{"today": "Mars/Olympus", "yesterday": "Local", "whenever": "", "": "Europe/Nowhere"} {
		_, err := h.Console.Period(people()[access.Operator], text, zone, "")
		require.ErrorIs(t, err, console.ErrInvalid, "%q in %q", text, zone)
	}
}

// TestQuestionsNameWhatIsWrong reads a question of statistics, and names the field that cannot be read.
func TestQuestionsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who := people()[access.Operator]
	q, err := h.Console.ReadQuestion(who, console.QuestionText{Period: "today", CompareTo: "yesterday", By: "tenant,country", Side: "attempts", Currency: "EUR", Filter: "duration>60", Top: 5})
	require.NoError(t, err)
	require.True(t, q.Compare)
	require.Equal(t, []reports.Dimension{reports.ByTenant, reports.ByCountry}, q.By)
	require.Equal(t, 5, q.Top)
	require.NotEqual(t, q.Period, q.CompareTo)
	for field, wrong := range map[string]console.QuestionText{
		"period: ": {Period: "soon"}, "zone: ": {Period: "today", Zone: "Nowhere"}, "compare_to: ": {Period: "today", CompareTo: "soon"}, "side: ": {Period: "today", Side: "upside"},
		"by: ": {Period: "today", By: "colour"}, "currency: ": {Period: "today", Currency: "money"}, "filter: ": {Period: "today", Filter: "a very long call"},
	} {
		_, err := h.Console.ReadQuestion(who, wrong)
		require.ErrorIs(t, err, console.ErrInvalid, field)
		require.ErrorContains(t, err, field)
	}
}

// TestLimitsAreOfWhatIsThere refuses a cap on a branch, an employee or a scope that is not there.
func TestLimitsAreOfWhatIsThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Operator], h.Console, t.Context()
	order := func(scope ledger.Scope, owner string) console.LimitOrder {
		return console.LimitOrder{Action: console.Block, Scope: scope, Owner: owner, Period: ledger.Day, Reason: "fraud"}
	}
	for name, wrong := range map[string]console.LimitOrder{
		"a branch that is not there": order(ledger.BranchScope, "paris"), "a branch of another client": order(ledger.BranchScope, ""), "an employee who is not there": order(ledger.ExtensionScope, "999"),
		"a client's cap of a part": order(ledger.TenantScope, "berlin"), "no destination": order(ledger.DestinationScope, ""), "no scope": order("planet", ""),
	} {
		require.ErrorIs(t, c.ChangeLimit(ctx, who, "acme", wrong), console.ErrInvalid, name)
	}
	require.ErrorIs(t, c.ChangeLimit(ctx, who, "nobody", order(ledger.TenantScope, "")), console.ErrNotFound)
	require.Empty(t, h.Rows.Done())
	for _, right := range []console.LimitOrder{order(ledger.BranchScope, "berlin"), order(ledger.ExtensionScope, "101"), order(ledger.TenantScope, ""), order(ledger.DestinationScope, "882")} {
		require.NoError(t, c.ChangeLimit(ctx, who, "acme", right), right.Scope)
	}
	require.NoError(t, c.Suspend(ctx, who, "acme", true, "fraud"))
	require.NoError(t, c.Suspend(ctx, who, "acme", false, "it was a mistake"))
	require.Equal(t, "resume", events(t, h)[0].Action)
}

// TestListsOfNumbers reads numbers one by one and as ranges, and tells of every one that is none.
func TestListsOfNumbers(t *testing.T) {
	t.Parallel()
	list, err := console.ParseNumberList("+4930999990, 4930999991-93\n4930999999;")
	require.NoError(t, err)
	require.Equal(t, []e164.Number{number("4930999990"), number("4930999991"), number("4930999992"), number("4930999993"), number("4930999999")}, list)
	list, err = console.ParseNumberList(" \n")
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = console.ParseNumberList("anna 4930999990 49-30")
	require.ErrorIs(t, err, console.ErrInvalid)
	require.ErrorContains(t, err, `"anna"`)
	require.ErrorContains(t, err, `"49-30"`)
}

// TestStockIsFiltered shows the numbers of the house by state, class, client and how they begin, page by page, and to a client their own.
func TestStockIsFiltered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, c := range map[string]struct {
		who  access.Role
		f    console.StockFilter
		want string
	}{
		"all":                 {access.Operator, console.StockFilter{}, "49221123456 4930123456 4930999999 4940123456"},
		"free ones":           {access.Operator, console.StockFilter{Status: inventory.Free}, "4930999999"},
		"of a client":         {access.Operator, console.StockFilter{Tenant: "other"}, "4940123456"},
		"that begin so":       {access.Operator, console.StockFilter{Prefix: "+4930"}, "4930123456 4930999999"},
		"of a class":          {access.Operator, console.StockFilter{Class: "golden"}, ""},
		"a page":              {access.Operator, console.StockFilter{Limit: 2}, "49221123456 4930123456"},
		"the next page":       {access.Operator, console.StockFilter{After: "4930123456", Limit: 2}, "4930999999 4940123456"},
		"a client's own":      {access.Manager, console.StockFilter{}, "49221123456 4930123456"},
		"a branch's own":      {access.BranchManager, console.StockFilter{}, "4930123456"},
		"of somebody else":    {access.Manager, console.StockFilter{Tenant: "other"}, ""},
		"free for a client":   {access.Manager, console.StockFilter{Status: inventory.Free}, ""},
		"without their price": {access.NOC, console.StockFilter{Status: inventory.Free}, "4930999999"},
	} {
		list, err := h.Console.Stock(t.Context(), people()[c.who], c.f)
		require.NoError(t, err, name)
		var got []string
		for _, n := range list {
			got = append(got, n.Number.Digits())
			if c.who == access.NOC {
				require.Zero(t, n.Monthly, "what a number costs is not theirs to see")
			}
		}
		require.Equal(t, c.want, strings.Join(got, " "), name)
	}
}

// TestCallsAreSimulatedForWhoeverCalls asks where a call of an employee, of a branch and of a gateway would go.
func TestCallsAreSimulatedForWhoeverCalls(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who := people()[access.Operator]
	for name, c := range map[string]struct {
		q    console.RouteQuestion
		want string // Direction, and where it goes to.
	}{
		"an employee outside":   {console.RouteQuestion{Tenant: "acme", Extension: "101", Dialled: "0891234567"}, "outbound 49891234567"},
		"an employee inside":    {console.RouteQuestion{Tenant: "acme", Extension: "101", Dialled: "201"}, "internal"},
		"a branch outside":      {console.RouteQuestion{Tenant: "acme", Branch: "koeln", Dialled: "00441234567890"}, "outbound 441234567890"},
		"a gateway to a client": {console.RouteQuestion{Gateway: "alfa-1", Dialled: "4930123456"}, "inbound 4930123456"},
	} {
		a, err := h.Console.Simulate(t.Context(), who, c.q)
		require.NoError(t, err, name)
		require.Empty(t, a.Refusal, "%s: %s", name, a.Detail)
		direction, to, _ := strings.Cut(c.want, " ")
		require.Equal(t, direction, a.Direction, name)
		if to != "" {
			require.Contains(t, a.To, to, name)
		}
	}
	refused, err := h.Console.Simulate(t.Context(), who, console.RouteQuestion{Gateway: "alfa-1", Dialled: "4930555555"})
	require.NoError(t, err)
	require.NotEmpty(t, refused.Refusal, "it leads nowhere")
	for name, q := range map[string]console.RouteQuestion{
		"no client": {Tenant: "nobody", Dialled: "1"}, "no employee": {Tenant: "acme", Extension: "999", Dialled: "1"}, "no gateway": {Gateway: "none", Dialled: "1"},
	} {
		_, err := h.Console.Simulate(t.Context(), who, q)
		require.ErrorIs(t, err, console.ErrNotFound, name)
	}
}

// TestPricesOfTestCalls tells what a call costs by a tariff and at a carrier, and names what is wrong with the question.
func TestPricesOfTestCalls(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Accountant], h.Console, t.Context()
	sale, err := c.Price(ctx, who, console.PriceQuestion{Tariff: "retail", To: " +4989765432", Length: 90 * time.Second})
	require.NoError(t, err)
	require.Equal(t, amount("0.2"), sale.Charge.Total, "begun minutes")
	require.NotEmpty(t, sale.Steps, "how it comes about")
	cost, err := c.Price(ctx, who, console.PriceQuestion{Deck: "alfa", To: "4989765432", From: "+4930123456", Length: time.Minute})
	require.NoError(t, err)
	require.Equal(t, amount("0.02"), cost.Charge.Total)
	for field, q := range map[string]console.PriceQuestion{
		"to: ": {Tariff: "retail", To: "Germany"}, "from: ": {Tariff: "retail", To: "4989765432", From: "Anna"}, "": {Deck: "alfa", To: "882345678901", Length: time.Minute},
	} {
		_, err := c.Price(ctx, who, q)
		require.ErrorIs(t, err, console.ErrInvalid, field)
		require.ErrorContains(t, err, field)
	}
	_, err = c.Price(ctx, who, console.PriceQuestion{Tariff: "none", To: "4989765432"})
	require.ErrorIs(t, err, console.ErrNotFound)
}

// TestHistoryTellsWhatChanged changes a client, takes another one away, and reads of both how they were.
func TestHistoryTellsWhatChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Operator], h.Console, t.Context()
	thing, err := c.Thing(ctx, who, provision.KindTenant, "acme")
	require.NoError(t, err)
	thing.Document["name"], thing.Document["max_price"] = "Acme & Co", 5
	h.Clock.Advance(time.Hour)
	_, err = c.PutThing(ctx, who, console.Change{Kind: provision.KindTenant, ID: "acme", Tag: thing.Tag}, thing.Document)
	require.NoError(t, err)
	require.NoError(t, c.DeleteThing(ctx, who, console.Change{Kind: provision.KindTenant, ID: "other", Tag: "*"}))
	list, err := c.ObjectHistory(ctx, people()[access.Auditor], provision.KindTenant, "acme")
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "user:olga", list[0].By)
	require.Equal(t, memory.Begun().Add(time.Hour), list[0].At)
	var changed []string
	for _, f := range list[0].Changes {
		changed = append(changed, f.Path+"="+f.Before+">"+f.After)
	}
	require.ElementsMatch(t, []string{"name=Acme>Acme & Co", "max_price=3>5"}, changed)
	require.True(t, list[1].Made)
	for _, v := range list {
		require.NotContains(t, v.Spec, "vPq7-mWx2-Tz", "passwords are masked, also those of before")
		require.NotContains(t, v.Spec, "trunk-Qs7-mWx2")
	}
	gone, err := c.ObjectHistory(ctx, who, provision.KindTenant, "other")
	require.NoError(t, err)
	require.Empty(t, gone[0].Spec, "it was taken away")
	require.NotEmpty(t, gone[1].Spec)
	_, err = c.ObjectHistory(ctx, who, provision.KindTenant, "nobody")
	require.ErrorIs(t, err, console.ErrNotFound)
}

// TestImportsAreChosenOfWhatIsThere refuses to take back what was not imported, or nothing, or too much.
func TestImportsAreChosenOfWhatIsThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Operator], h.Console, t.Context()
	for name, ids := range map[string][]int64{"nothing": nil, "too much": make([]int64, console.ImportsMost+1)} {
		_, err := c.PreviewImports(ctx, who, ids)
		require.ErrorIs(t, err, console.ErrInvalid, name)
		_, err = c.StartUndoImports(ctx, who, ids, "twice")
		require.ErrorIs(t, err, console.ErrInvalid, name)
	}
	_, err := c.StartUndoImports(ctx, who, []int64{1, 2, 3}, "twice")
	require.ErrorIs(t, err, console.ErrNotFound, "there is one of them")
	require.Empty(t, h.Rows.Done())
	n, err := c.SettleFaults(ctx, who, []int64{1})
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	j, err := c.StartImportsAgain(ctx, who, []int64{1}, "the format was wrong")
	require.NoError(t, err)
	require.Contains(t, over(t, h, j.ID).Purpose, "the format was wrong")
}

// TestUnratedLegsAreMendedByTimes refuses to mend nothing, and to retry too much at once.
func TestUnratedLegsAreMendedByTimes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Operator], h.Console, t.Context()
	_, err := c.MendDead(ctx, who, 1, console.Mending{Reason: "a clock"})
	require.ErrorContains(t, err, "times: give setup")
	_, err = c.MendDead(ctx, who, 1, console.Mending{Setup: memory.Begun()})
	require.ErrorContains(t, err, "reason: say why")
	for _, ids := range [][]int64{nil, make([]int64, 1001)} {
		_, err = c.RetryDead(ctx, who, ids)
		require.ErrorContains(t, err, "ids: name 1 to 1000")
	}
	require.Empty(t, h.Rows.Done())
	_, err = c.MendDead(ctx, who, 1, console.Mending{Setup: memory.Begun(), Reason: "a clock"})
	require.NoError(t, err)
	require.Contains(t, events(t, h)[0].After, "setup 2026-12-01T09:00:00Z connect as it was")
}
