package ledger_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"trunkline/internal/money"
	"trunkline/ledger"
)

func TestAccountText(t *testing.T) {
	a := ledger.Tenant("beauty", money.MustParseCurrency("RUB"))
	require.Equal(t, "tenant/beauty/RUB", a.String())
	got, err := ledger.ParseAccount(a.String())
	require.NoError(t, err)
	require.Equal(t, a, got)
	for _, bad := range []string{"", "tenant", "tenant/RUB", "tenant//RUB", "tenant/a/XXX", "bank/a/RUB"} {
		_, err := ledger.ParseAccount(bad)
		require.Error(t, err, bad)
	}
}

func TestEntries(t *testing.T) {
	account := ledger.Tenant("beauty", money.MustParseCurrency("RUB"))
	base := ledger.Entry{Account: account, At: time.Unix(1e9, 0), Key: "k", Reason: "why"}
	for _, c := range []struct {
		purpose       ledger.Purpose
		amount        string
		debit, credit string
	}{
		{ledger.TopUp, "10", "payment/house/RUB", "tenant/beauty/RUB"},
		{ledger.TopUp, "-10", "", ""},
		{ledger.Adjustment, "3", "correction/house/RUB", "tenant/beauty/RUB"},
		{ledger.Adjustment, "-3", "tenant/beauty/RUB", "correction/house/RUB"},
		{ledger.Charge, "-7", "tenant/beauty/RUB", "revenue/house/RUB"},
		{ledger.UsageSale, "1", "", ""},
	} {
		e := base
		e.Purpose, e.Amount = c.purpose, money.MustParseAmount(c.amount)
		p, err := e.Posting()
		if c.debit == "" {
			require.ErrorIs(t, err, ledger.ErrPosting, c)
			continue
		}
		require.NoError(t, err, c)
		require.Equal(t, c.debit, p.Debit.String())
		require.Equal(t, c.credit, p.Credit.String())
		require.Positive(t, p.Amount.Sign())
	}
}

func TestUsageBelowZeroExchangesTheSides(t *testing.T) {
	account := ledger.Carrier("alfa", money.MustParseCurrency("EUR"))
	slot := time.Unix(900, 0)
	p, err := ledger.Usage(ledger.UsageCost, account, money.FromMicros(5), 1, slot)
	require.NoError(t, err)
	require.Equal(t, account, p.Credit)
	p, err = ledger.Usage(ledger.UsageCost, account, money.FromMicros(-5), -1, slot)
	require.NoError(t, err)
	require.Equal(t, account, p.Debit)
	require.Equal(t, int64(5), p.Amount.Micros())
}

func TestHoldRequests(t *testing.T) {
	good := ledger.HoldRequest{
		Call: uuid.New(), Account: ledger.Tenant("a", money.MustParseCurrency("EUR")), At: time.Unix(1, 0),
		Options: []ledger.GrantOption{{Seconds: 30, Cost: money.FromMicros(5)}, {Seconds: 60, Cost: money.FromMicros(5)}},
	}
	require.NoError(t, good.Validate())
	bad := good
	bad.Options = []ledger.GrantOption{{Seconds: 60}, {Seconds: 60}}
	require.ErrorIs(t, bad.Validate(), ledger.ErrHold)
	bad.Options = nil
	require.ErrorIs(t, bad.Validate(), ledger.ErrHold)
}
