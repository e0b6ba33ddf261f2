package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
)

// rouble is a price list that has one rouble for everything.
type rouble struct{ tariff *rating.Tariff }

func oneRouble(tb testing.TB) rouble {
	tb.Helper()
	b := rating.NewDeckBuilder("all", rub())
	for _, digit := range "123456789" {
		require.NoError(tb, b.Add(rating.Rate{
			Prefix: e164.MustParsePrefix(string(digit)), PerMinute: money.MustParseRate("1"),
			Terms: rating.Terms{Increment: rating.Increment{Initial: 60, Next: 60}},
		}))
	}
	deck, err := b.Build()
	require.NoError(tb, err)
	tariff, err := rating.FlatTariff(deck, rating.DefaultRounding())
	require.NoError(tb, err)
	return rouble{tariff}
}

func (rouble) Tenant(string, time.Time) (worker.Tenant, bool) { return worker.Tenant{}, true }

func (r rouble) Tariff(*cdr.Leg) (*rating.Tariff, bool, error) { return r.tariff, true, nil }

func (rouble) Cost(*cdr.Leg) (*rating.Tariff, bool, error) { return nil, true, nil }

// Base implements worker.Prices: no tariff builds on a cost here.
func (rouble) Base(*cdr.Leg, money.Currency) (worker.Base, error) { return worker.Base{}, nil }

func (rouble) Limits(*cdr.Leg) []ledger.Limit { return nil }

// withLimit rates as flat does, and counts a minute of every leg in a limit.
func withLimit(l ledger.Limit) func(worker.Fresh) (worker.Outcome, error) {
	return func(f worker.Fresh) (worker.Outcome, error) {
		out, err := flat(f)
		out.Limits = make(map[ledger.Counter]ledger.Use)
		for _, leg := range f.Legs {
			out.Limits[l.Counter(ledger.Tenant(leg.Tenant, rub()), leg.Setup, leg.Setup.Location())] = ledger.Use{Money: amount("1"), Seconds: 60, Calls: 1}
		}
		return out, err
	}
}
