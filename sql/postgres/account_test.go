package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/internal/embedded/enginetest"
	"trunkline/ledger"
	"trunkline/sql/postgres"
)

// TestMigrateTogether lets three processes bring an empty database up to date at once.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	db, err := postgres.Open(t.Context(), enginetest.Postgres(t), postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if err := db.Migrate(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.NoError(t, db.CheckSchema(t.Context()))
}

func TestPostOnce(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "0")
	e := ledger.Entry{Account: account, Purpose: ledger.TopUp, Amount: amount("12.5"), At: time.Unix(1.7e9, 0), Key: "payment 1"}
	first, err := l.Post(t.Context(), e)
	require.NoError(t, err)
	again, err := l.Post(t.Context(), e)
	require.NoError(t, err)
	require.Equal(t, first, again)
	e.Amount = amount("12.6")
	_, err = l.Post(t.Context(), e)
	require.ErrorIs(t, err, ledger.ErrKeyConflict)

	e = ledger.Entry{Account: account, Purpose: ledger.Adjustment, Amount: amount("-2"), At: time.Unix(1.7e9+60, 0), Key: "fix", Reason: "goodwill"}
	_, err = l.Post(t.Context(), e)
	require.NoError(t, err)
	lines, err := l.Statement(t.Context(), account, time.Unix(1.7e9+1, 0), time.Unix(2e9, 0), 10)
	require.NoError(t, err)
	require.Len(t, lines, 1)
	require.Equal(t, "-2", lines[0].Change.String())
	require.Equal(t, "10.5", lines[0].Balance.String())
	requireMoney(t, l, account, "0", "10.5")
	states, err := l.States(t.Context(), ledger.PaymentAccount)
	require.NoError(t, err)
	require.Len(t, states, 1)
	balance, err := states[0].Balance()
	require.NoError(t, err)
	require.Equal(t, "-12.5", balance.String())
}

func TestPostingsAreFinal(t *testing.T) {
	t.Parallel()
	db := open(t)
	l := postgres.NewLedger(db, clock.NewManual(time.Unix(1.7e9, 0)))
	prepaid(t, l, "beauty", "5")
	for _, statement := range []string{
		`UPDATE posting SET amount = 1`, `DELETE FROM posting`, `TRUNCATE posting`,
	} {
		_, err := db.Pool().Exec(t.Context(), statement)
		require.ErrorContains(t, err, "never changed", statement)
	}
	for _, statement := range []string{
		`UPDATE account SET pending = -1`,
		`INSERT INTO posting (purpose, debit, credit, currency, amount, slot, key, posted_at)
			VALUES ('top_up', 'tenant/beauty/RUB', 'payment/house/RUB', 'EUR', 1, now(), 'x', now())`,
		`INSERT INTO posting (purpose, debit, credit, currency, amount, slot, key, posted_at)
			VALUES ('top_up', 'tenant/beauty/RUB', 'tenant/beauty/RUB', 'RUB', 1, now(), 'x', now())`,
	} {
		_, err := db.Pool().Exec(t.Context(), statement)
		require.Error(t, err, statement)
	}
}
