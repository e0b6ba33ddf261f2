package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/internal/embedded/enginetest"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/sql/postgres"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// open returns a migrated database of its own.
func open(tb testing.TB) *postgres.DB {
	tb.Helper()
	db, err := postgres.Open(tb.Context(), enginetest.PostgresLike(tb, migrated), postgres.Options{})
	require.NoError(tb, err)
	tb.Cleanup(db.Close)
	_, err = db.Pool().Exec(tb.Context(), ownIdentity)
	require.NoError(tb, err)
	return db
}

// ownIdentity makes a ledger of its own of a copy.
const ownIdentity = `UPDATE ledger_identity SET id = gen_random_uuid()`

func migrated(ctx context.Context, dsn string) error {
	db, err := postgres.Open(ctx, dsn, postgres.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Migrate(ctx)
}

func openLedger(tb testing.TB) (*postgres.Ledger, *clock.Manual) {
	tb.Helper()
	c := clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC)) // A Wednesday.
	return postgres.NewLedger(open(tb), c), c
}

func rub() money.Currency { return money.MustParseCurrency("RUB") }

func amount(s string) money.Amount { return money.MustParseAmount(s) }

// prepaid opens an account with so much money on it.
func prepaid(tb testing.TB, l *postgres.Ledger, tenant, balance string) ledger.Account {
	tb.Helper()
	account := ledger.Tenant(tenant, rub())
	require.NoError(tb, l.Open(tb.Context(), account, money.Amount{}))
	if balance != "0" {
		_, err := l.Post(tb.Context(), ledger.Entry{
			Account: account, Purpose: ledger.TopUp, Amount: amount(balance), At: time.Unix(1.7e9, 0), Key: "first " + tenant,
		})
		require.NoError(tb, err)
	}
	return account
}
