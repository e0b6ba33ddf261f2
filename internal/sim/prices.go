package sim

import (
	"math/rand/v2"
	"time"

	"trunkline/cdr"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
)

// Prices are the tariffs of a world: one for its tenants, with an allowance or without, and one deck.
type Prices struct {
	Sale, Bought *rating.Tariff
	Limit        map[string][]ledger.Limit         // By tenant.
	AtOnce       map[string]ledger.ConcurrencyCaps // By tenant.
	Lost         bool                              // Nobody knows the tariff of tenants: their legs cannot be rated.
}

// NewPrices makes some up.
func NewPrices(random *rand.Rand, allowance bool) (*Prices, error) {
	sale, err := madeUp(random, "sale", 6_000_000_000)
	if err != nil {
		return nil, err
	}
	spec := rating.Spec{Name: "sale", Version: "1", Currency: Currency(), Rounding: rating.DefaultRounding(), Sources: []rating.Source{{Deck: sale}}}
	if allowance {
		spec.Allowances = []rating.Allowance{{
			Name: "free", Measure: rating.Seconds, Amount: 60 * random.Int64N(60), Per: rating.PerExtension, Cycle: rating.Monthly,
		}}
	}
	p := &Prices{Limit: make(map[string][]ledger.Limit), AtOnce: make(map[string]ledger.ConcurrencyCaps)}
	if p.Sale, err = rating.NewTariff(spec); err != nil {
		return nil, err
	}
	bought, err := madeUp(random, "bought", 1_000_000_000)
	if err != nil {
		return nil, err
	}
	p.Bought, err = rating.FlatTariff(bought, rating.DefaultRounding())
	return p, err
}

func madeUp(random *rand.Rand, name string, most int64) (*rating.Deck, error) {
	b := rating.NewDeckBuilder(name, Currency())
	increments := []rating.Increment{{Initial: 1, Next: 1}, {Initial: 30, Next: 6}, {Initial: 60, Next: 60}}
	for _, prefix := range []string{"4", "49", "4915"} {
		err := b.Add(rating.Rate{
			Prefix: e164.MustParsePrefix(prefix), Destination: prefix, PerMinute: money.PerMinute(1 + random.Int64N(most)),
			Terms: rating.Terms{ConnectFee: money.FromMicros(random.Int64N(3) * 100_000), Increment: increments[random.IntN(len(increments))]},
		})
		if err != nil {
			return nil, err
		}
	}
	return b.Build()
}

// Currency is that of all money in a world.
func Currency() money.Currency { return money.MustParseCurrency("EUR") }

// Tenant implements worker.Prices.
func (p *Prices) Tenant(string, time.Time) (worker.Tenant, bool) {
	return worker.Tenant{Zone: time.UTC}, true
}

// Tariff implements worker.Prices.
func (p *Prices) Tariff(*cdr.Leg) (*rating.Tariff, bool, error) { return p.Sale, !p.Lost, nil }

// Cost implements worker.Prices.
func (p *Prices) Cost(l *cdr.Leg) (*rating.Tariff, bool, error) {
	if l.Carrier == "" {
		return nil, true, nil
	}
	return p.Bought, true, nil
}

// Base implements worker.Prices: no tariff builds on a cost here.
func (p *Prices) Base(*cdr.Leg, money.Currency) (worker.Base, error) { return worker.Base{}, nil }

// Limits implements worker.Prices.
func (p *Prices) Limits(l *cdr.Leg) []ledger.Limit { return p.Limit[l.Tenant] }
