package lcr_test

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/lcr"
	"trunkline/rating"
)

// reference decides in the plainest way: it goes through every rate of every deck, prices by rating, and sorts.
type reference struct {
	rates    map[string][]rating.Rate // By deck.
	currency map[string]money.Currency
	gateways []lcr.Gateway
	plan     lcr.Plan
	exchange *money.ExchangeTable
}

type offer struct {
	gateway  string
	prefix   string
	cost     money.Amount
	margin   money.Amount
	reason   lcr.Reason
	priority int
}

// decide returns the candidates in their order, and the others with their reasons by gateway.
func (r *reference) decide(t require.TestingT, q lcr.Request) (candidates []offer, skipped []string) {
	for _, rule := range r.plan.Rules {
		if !matches(rule, q) {
			continue
		}
		if rule.Policy == lcr.Block {
			break
		}
		var found []offer
		for _, g := range r.gateways {
			if !named(rule, g) || slices.ContainsFunc(candidates, func(o offer) bool { return o.gateway == g.ID }) {
				continue
			}
			o := r.offer(t, rule, g, q)
			if o.reason != "" {
				skipped = append(skipped, g.ID+" "+string(o.reason))
				continue
			}
			found = append(found, o)
		}
		slices.SortFunc(found, func(a, b offer) int {
			byCost := cmp.Or(a.cost.Cmp(b.cost), cmp.Compare(a.priority, b.priority))
			if rule.Policy == lcr.Priority {
				byCost = cmp.Or(cmp.Compare(a.priority, b.priority), a.cost.Cmp(b.cost))
			}
			return cmp.Or(byCost, strings.Compare(order(rule, a.gateway), order(rule, b.gateway)))
		})
		tries := cmp.Or(rule.MaxTries, 4)
		for i, o := range found {
			if i < 2*tries && len(candidates) < 32 {
				candidates = append(candidates, o)
				continue
			}
			skipped = append(skipped, o.gateway+" rank")
		}
		if !rule.Continue {
			break
		}
	}
	return candidates, skipped
}

func matches(r lcr.Rule, q lcr.Request) bool {
	begins := func(list []e164.Prefix, n e164.Number) bool {
		return len(list) == 0 || slices.ContainsFunc(list, n.HasPrefix)
	}
	return begins(r.To, q.To) && begins(r.From, q.From) && (len(r.Tenants) == 0 || slices.Contains(r.Tenants, q.Tenant))
}

// order returns where a gateway stands in a rule.
func order(r lcr.Rule, gateway string) string {
	for i, t := range r.Targets {
		if t.Gateway == gateway {
			return strconv.Itoa(1000 + i)
		}
	}
	return gateway
}

func named(r lcr.Rule, g lcr.Gateway) bool {
	if len(r.Targets) == 0 {
		return g.Costs != nil
	}
	return slices.ContainsFunc(r.Targets, func(t lcr.Target) bool { return t.Gateway == g.ID })
}

func (r *reference) offer(t require.TestingT, rule lcr.Rule, g lcr.Gateway, q lcr.Request) offer {
	o := offer{gateway: g.ID, priority: g.Priority}
	switch {
	case g.Inactive:
		o.reason = lcr.ReasonInactive
	case g.Costs == nil:
		o.reason = lcr.ReasonNoRate
	default:
		charge, err := g.Costs.Tariff().Price(rating.Call{From: q.From, To: q.To, Connect: q.At, Duration: q.Assumed}, nil)
		var unratable *rating.UnratableError
		switch {
		case errors.As(err, &unratable) && unratable.Reason == rating.Blocked:
			o.reason = lcr.ReasonBlocked
		case err != nil:
			o.reason = lcr.ReasonNoRate
		default:
			require.Equal(t, r.longest(g.Deck, q), charge.Prefix.Digits())
			o.prefix = charge.Prefix.Digits()
			o.reason = r.weigh(&o, rule, charge, q)
		}
	}
	return o
}

func (r *reference) weigh(o *offer, rule lcr.Rule, charge rating.Charge, q lcr.Request) lcr.Reason {
	var err error
	if o.cost, err = r.exchange.Convert(charge.Total, charge.Currency, q.Currency, q.At, money.AmountScale, money.HalfEven); err != nil {
		return lcr.ReasonCurrency
	}
	if o.margin, err = q.Sale.Sub(o.cost); err != nil {
		return lcr.ReasonMargin
	}
	if rule.MinMargin != nil && o.margin.Cmp(*rule.MinMargin) < 0 {
		return lcr.ReasonMargin
	}
	if rule.MinPct != nil && o.margin.Decimal().LessThan(o.cost.Decimal().Mul(decimal.New(int64(*rule.MinPct), -2))) {
		return lcr.ReasonMargin
	}
	return ""
}

// longest is the longest prefix of the number that has a rate in force.
func (r *reference) longest(deck string, q lcr.Request) string {
	best := ""
	for _, rate := range r.rates[deck] {
		if q.To.HasPrefix(rate.Prefix) && rate.InForce(q.At) && q.From.HasPrefix(rate.Origin) && rate.Prefix.Len() >= len(best) {
			best = rate.Prefix.Digits()
		}
	}
	return best
}

func drawDeck(t *rapid.T, id string, currency money.Currency, change time.Time) ([]rating.Rate, *lcr.Costs) {
	b := rating.NewDeckBuilder(id, currency)
	var rates []rating.Rate
	prefix := rapid.StringMatching(`[12]{0,7}`)
	for _, text := range rapid.SliceOfNDistinct(prefix, 0, 40, rapid.ID).Draw(t, "prefixes") {
		draw := func() rating.Rate {
			r := rating.Rate{
				Prefix:    e164.MustParsePrefix(text),
				PerMinute: money.PerMinute(rapid.SampledFrom([]int64{0, 1000, 5_000_000, 10_000_000, 10_000_001, 123_456_789}).Draw(t, "rate")),
			}
			r.Increment = rapid.SampledFrom([]rating.Increment{{Initial: 60, Next: 60}, {Initial: 1, Next: 1}, {Initial: 30, Next: 6}, {Next: 10}}).Draw(t, "steps")
			r.ConnectFee = money.FromMicros(rapid.SampledFrom([]int64{0, 0, 2000}).Draw(t, "fee"))
			r.MinCharge = money.FromMicros(rapid.SampledFrom([]int64{0, 0, 9000}).Draw(t, "least"))
			r.AttemptFee = money.FromMicros(rapid.SampledFrom([]int64{0, 0, 100}).Draw(t, "attempt"))
			r.Grace = rapid.SampledFrom([]int32{0, 0, 5}).Draw(t, "grace")
			r.Blocked = rapid.IntRange(0, 19).Draw(t, "blocked") == 0
			return r
		}
		first := draw()
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0: // It changes.
			first.Till = change
			second := draw()
			second.From = change
			rates = append(rates, second)
		case 1: // It begins.
			first.From = change
		case 2: // It depends on the caller.
			first.Origin = e164.MustParsePrefix("2")
		}
		rates = append(rates, first)
	}
	for _, r := range rates {
		require.NoError(t, b.Add(r))
	}
	deck, err := b.Build()
	require.NoError(t, err)
	costs, err := lcr.NewCosts(deck)
	require.NoError(t, err)
	return rates, costs
}

func drawRule(t *rapid.T, i, gateways int) lcr.Rule {
	r := lcr.Rule{
		ID: strconv.Itoa(i), Policy: rapid.SampledFrom([]lcr.Policy{lcr.LeastCost, lcr.LeastCost, lcr.Priority, lcr.Block}).Draw(t, "policy"),
		MaxTries: rapid.IntRange(0, 3).Draw(t, "tries"), Continue: rapid.Bool().Draw(t, "continue"),
	}
	for _, p := range rapid.SliceOfN(rapid.StringMatching(`[12]{0,3}`), 0, 3).Draw(t, "to") {
		r.To = append(r.To, e164.MustParsePrefix(p))
	}
	if rapid.IntRange(0, 4).Draw(t, "tenant") == 0 {
		r.Tenants = []string{"other"}
	}
	if rapid.Bool().Draw(t, "some") && gateways > 0 {
		for _, g := range rapid.SliceOfNDistinct(rapid.IntRange(0, gateways-1), 1, gateways, rapid.ID).Draw(t, "targets") {
			r.Targets = append(r.Targets, lcr.Target{Gateway: "g" + strconv.Itoa(g)})
		}
	}
	if rapid.Bool().Draw(t, "guarded") {
		least := money.FromMicros(rapid.Int64Range(-5000, 5000).Draw(t, "margin"))
		r.MinMargin = &least
	}
	if rapid.Bool().Draw(t, "percent") {
		percent := rapid.IntRange(-50, 200).Draw(t, "pct")
		r.MinPct = &percent
	}
	return r
}

func TestDecideAgainstReference(t *testing.T) {
	t.Parallel()
	eur, rub, usd := money.MustParseCurrency("EUR"), money.MustParseCurrency("RUB"), money.MustParseCurrency("USD")
	change := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		ref := &reference{rates: map[string][]rating.Rate{}, currency: map[string]money.Currency{}}
		exchange := []money.ExchangeRate{
			{From: eur, To: rub, Rate: decimal.RequireFromString("92.5"), Since: change.AddDate(-1, 0, 0)},
			{From: eur, To: rub, Rate: decimal.RequireFromString("95.1234"), Since: change},
		}
		var err error
		ref.exchange, err = money.NewExchangeTable(exchange)
		require.NoError(t, err)
		for i := range rapid.IntRange(0, 6).Draw(t, "gateways") {
			id := strconv.Itoa(i)
			g := lcr.Gateway{ID: "g" + id, Carrier: "c" + id, Deck: "d" + id, Priority: rapid.IntRange(0, 3).Draw(t, "priority")}
			g.Inactive = rapid.IntRange(0, 9).Draw(t, "inactive") == 0
			if rapid.IntRange(0, 9).Draw(t, "deck") > 0 {
				currency := rapid.SampledFrom([]money.Currency{eur, rub, rub, usd}).Draw(t, "currency")
				ref.rates[g.Deck], g.Costs = drawDeck(t, g.Deck, currency, change)
			}
			ref.gateways = append(ref.gateways, g)
		}
		ref.plan.ID = "plan"
		for i := range rapid.IntRange(0, 4).Draw(t, "rules") {
			ref.plan.Rules = append(ref.plan.Rules, drawRule(t, i, len(ref.gateways)))
		}
		w, err := lcr.NewWorld(lcr.Parts{Gateways: ref.gateways, Plans: []lcr.Plan{ref.plan}, Exchange: exchange})
		require.NoError(t, err)
		var d lcr.Decision
		for range 10 {
			q := lcr.Request{
				Plan: "plan", Tenant: "acme", At: change.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "at")) * time.Hour),
				To:      e164.MustParse(rapid.StringMatching(`[12]{1,8}`).Draw(t, "number")),
				From:    e164.MustParse(rapid.StringMatching(`[12]{1,3}`).Draw(t, "caller")),
				Assumed: time.Duration(rapid.IntRange(1, 200_000).Draw(t, "assumed")) * time.Millisecond,
				Sale:    money.FromMicros(rapid.Int64Range(0, 30_000).Draw(t, "sale")), Currency: rapid.SampledFrom([]money.Currency{eur, rub}).Draw(t, "pays"),
			}
			w.Decide(&q, &d)
			candidates, skipped := ref.decide(t, q)
			same(t, d.Explain(), candidates, skipped)
		}
	})
}

func same(t require.TestingT, e lcr.Explanation, candidates []offer, skipped []string) {
	require.Len(t, e.Candidates, len(candidates))
	for i, c := range e.Candidates {
		want := candidates[i]
		require.Equal(t, want.gateway, c.Gateway)
		require.Equal(t, want.prefix, c.Prefix.Digits())
		require.Equal(t, want.cost, c.Cost)
		require.Equal(t, want.margin, c.Margin)
	}
	var got []string
	for _, s := range e.Skipped {
		got = append(got, s.Gateway+" "+string(s.Reason))
	}
	slices.Sort(got)
	slices.Sort(skipped)
	require.Equal(t, skipped, got)
	require.Equal(t, len(candidates) == 0, e.Refusal != "")
}
