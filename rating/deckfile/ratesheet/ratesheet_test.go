package ratesheet_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile"
	"trunkline/rating/deckfile/ratesheet"
)

func deck(t *testing.T, text string) *rating.Deck {
	t.Helper()
	d, report, err := deckfile.Load(t.Context(), strings.NewReader(text), nil, deckfile.Options{Currency: money.MustParseCurrency("EUR")})
	require.NoError(t, err)
	require.NoError(t, report.Err())
	return d
}

func day(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return at
}

func TestASheetAsSomebodyWantsIt(t *testing.T) {
	t.Parallel()
	d := deck(t, "prefix,destination,rate,initial,next,effective_from\n49,Germany,0.01,60,1,2026-01-01\n49,Germany,0.02,60,1,2026-12-08\n4915,Germany Mobile,0.05,1,1,\n4916,Germany Mobile,0.05,1,1,\n")
	columns, err := ratesheet.ParseColumns("Code=prefix,Land=destination,Preis=rate,Takt=increment,Gültig ab=effective_from,empty")
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, ratesheet.Write(&b, d, ratesheet.Request{At: day("2026-12-01"), Whole: true}, ratesheet.Layout{
		Columns: columns, Delimiter: ";", Decimal: ",", Dates: "02.01.2006", Grouped: true,
	}))
	require.Equal(t, "Code;Land;Preis;Takt;Gültig ab;empty\n49;Germany;0,01;60/1;01.01.2026;\n49;Germany;0,02;60/1;08.12.2026;\n4915, 4916;Germany Mobile;0,05;1/1;;\n", b.String())
	_, err = ratesheet.ParseColumns("Code=nothing")
	require.ErrorIs(t, err, ratesheet.ErrLayout)
}

func TestOnlyWhatHasChanged(t *testing.T) {
	t.Parallel()
	before := deck(t, "prefix,destination,rate\n49,Germany,0.01\n33,France,0.02\n39,Italy,0.03\n34,Spain,0.04\n")
	now := deck(t, "prefix,destination,rate,effective_from,effective_to\n49,Germany,0.01,,\n33,France,0.02,,2026-11-20T00:00:00Z\n33,France,0.03,2026-11-20,\n39,Italy,0.02,,\n44,UK,0.01,,\n34,Spain,0.04,,2026-11-25T00:00:00Z\n")
	columns, err := ratesheet.ParseColumns("prefix,rate,old_rate,change,effective_to")
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, ratesheet.Write(&b, now, ratesheet.Request{At: day("2026-12-01"), Since: day("2026-11-01"), Before: before}, ratesheet.Layout{Columns: columns, Dates: time.DateOnly}))
	require.Equal(t, "prefix,rate,old_rate,change,effective_to\n33,0.03,0.02,increase,\n39,0.02,0.03,decrease,\n44,0.01,,new,\n34,0.04,0.04,closed,2026-11-25\n", b.String())
}

// TestWhatIsSentIsUnderstood reads a sheet that was written, as whoever receives it would.
func TestWhatIsSentIsUnderstood(t *testing.T) {
	t.Parallel()
	d := deck(t, "prefix,destination,rate,initial,next,effective_from\n49,Germany,0.0123,60,1,2026-01-01T10:30:00Z\n33,France,0.02,30,6,2026-03-01\n")
	for _, format := range []ratesheet.Format{ratesheet.CSV, ratesheet.XLSX} {
		var b bytes.Buffer
		require.NoError(t, ratesheet.Write(&b, d, ratesheet.Request{At: day("2026-12-01")}, ratesheet.Layout{Format: format}))
		again, report, err := deckfile.Load(t.Context(), &b, nil, deckfile.Options{})
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.Equal(t, "EUR", again.Currency().String())
		for r := range d.Rates() {
			found, ok := again.Lookup(mustNumber(r.Prefix.Digits()), day("2026-12-01"))
			require.True(t, ok)
			require.Equal(t, r.PerMinute, found.PerMinute)
			require.Equal(t, r.Increment, found.Increment)
			require.Equal(t, r.From, found.From, string(format))
		}
	}
}

func mustNumber(prefix string) e164.Number { return e164.MustParse(prefix + "5551234") }
