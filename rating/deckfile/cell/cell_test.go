package cell_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"trunkline/rating/deckfile/cell"
)

func TestCodes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"7495, 7499; 7498": {"7495", "7499", "7498"}, "7495 7499": {"7495", "7499"}, "+7 495": {"7495"}, "44 20": {"4420"}, "0044 20": {"4420"}, "01149": {"49"},
		"33-6": {"336"}, "44-77": {"4477"}, "1-684": {"1684"}, "7-495": {"7495"}, "336-337": {"336", "337"}, "7901-3": {"7901", "7902", "7903"},
		"49151–49153": {"49151", "49152", "49153"}, "44770-44779": {"4477"}, "33 6 33 7": {"336", "337"}, "=\"44\"": {"44"}, "*": {""}, "any": {""}, "1-684-25": {"168425"},
	} {
		got, err := cell.Codes(text, "")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		digits := make([]string, len(got))
		for i := range got {
			digits[i] = got[i].Digits()
		}
		assert.Equal(t, want, digits, text)
	}
	for _, text := range []string{"44-45", "57-53", "4x", "44-4x", "49157-49151", "0495", "1-7", "351-353", "12345678901234567"} {
		_, err := cell.Codes(text, "")
		require.Error(t, err, text)
	}
	with, err := cell.Codes("495, 499", "7")
	require.NoError(t, err)
	require.Len(t, with, 2)
	require.Equal(t, "7495", with[0].Digits())
}

func TestMoments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-12-24": "2026-12-24T00:00:00Z", "24.12.2026": "2026-12-24T00:00:00Z", "24/12/2026": "2026-12-24T00:00:00Z", "12/24/2026": "2026-12-24T00:00:00Z", "12-24-2026": "2026-12-24T00:00:00Z",
		"24.12.26": "2026-12-24T00:00:00Z", "20261224": "2026-12-24T00:00:00Z", "20261224103000": "2026-12-24T10:30:00Z", "Dec 24 2026": "2026-12-24T00:00:00Z", "Dec 24, 2026": "2026-12-24T00:00:00Z",
		"24-Dec-26": "2026-12-24T00:00:00Z", "24Dec2026": "2026-12-24T00:00:00Z", "24th December 2026": "2026-12-24T00:00:00Z", "December 24th, 2026": "2026-12-24T00:00:00Z",
		"Thursday, 24 December 2026": "2026-12-24T00:00:00Z", "Do, 24. Dezember 2026": "2026-12-24T00:00:00Z", "24 декабря 2026 г.": "2026-12-24T00:00:00Z", "24 дек. 2026": "2026-12-24T00:00:00Z",
		"24 de diciembre de 2026": "2026-12-24T00:00:00Z", "24 décembre 2026": "2026-12-24T00:00:00Z", "1er janvier 2027": "2027-01-01T00:00:00Z", "24 dicembre 2026": "2026-12-24T00:00:00Z",
		"24 de dezembro de 2026": "2026-12-24T00:00:00Z", "1. März 2027": "2027-03-01T00:00:00Z", "5 августа 2027": "2027-08-05T00:00:00Z", "3 août 2027": "2027-08-03T00:00:00Z", "12 mai 2027": "2027-05-12T00:00:00Z",
		"2026-12-24 10:30 UTC": "2026-12-24T10:30:00Z", "2026-12-24T10:30:00+01": "2026-12-24T09:30:00Z", "2026-12-24 10:30:00 +0300": "2026-12-24T07:30:00Z", "24/12/2026 10:30 PM": "2026-12-24T22:30:00Z",
		"12/24/2026 12:00:00 AM": "2026-12-24T00:00:00Z", "2026-12-24 10:30 GMT+3": "2026-12-24T07:30:00Z", "2026-12-24 24:00": "2026-12-25T00:00:00Z", "2026-12-24 23:59:59.999": "2026-12-24T23:59:59Z",
		"46380": "2026-12-24T00:00:00Z", "46357.52083333334": "2026-12-01T12:30:00Z", "46357.999988426": "2026-12-01T23:59:59Z", "46357.041666666664": "2026-12-01T01:00:00Z", "2026/12/24": "2026-12-24T00:00:00Z",
	} {
		m, err := cell.ParseMoment(text, cell.Unsaid, time.UTC)
		if assert.NoError(t, err, text) {
			assert.Equal(t, want, m.Time.Format(time.RFC3339), text)
			assert.False(t, m.Either, text)
		}
	}
	for _, text := range []string{"", "ASAP", "immediately", "сразу", "sofort", "n/a"} {
		m, err := cell.ParseMoment(text, cell.Unsaid, time.UTC)
		require.NoError(t, err)
		require.True(t, m.Time.IsZero(), text)
	}
	for _, text := range []string{"tomorrow", "32.12.2026", "31.02.2026", "13/13/2026", "0.0125", "44", "49151", "2026", "Q4 2026", "2026-12-24 25:00", "30/6"} {
		_, err := cell.ParseMoment(text, cell.Unsaid, time.UTC)
		if text == "49151" { // It could be a day; what the column is tells.
			continue
		}
		require.Error(t, err, text)
	}
	m, err := cell.ParseMoment("01/12/2026", cell.Unsaid, time.UTC)
	require.NoError(t, err)
	require.True(t, m.Either)
	m, err = cell.ParseMoment("01/12/2026", cell.MonthFirst, time.UTC)
	require.NoError(t, err)
	require.Equal(t, time.January, m.Time.Month())
	m, err = cell.ParseMoment("12.01.2026", cell.MonthFirst, time.UTC)
	require.NoError(t, err)
	require.Equal(t, time.January, m.Time.Month(), "with dots the day stands first")
}

func TestIncrements(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"30/6": "30/6", "1+1": "1/1", "60 : 60": "60/60", "30s/6s": "30/6", "1 min / 1 sec": "60/1", "60": "60/60", "per second": "1/1", "посекундно": "1/1", "60\\6": "60/6", "30-6": "30/6",
		"1/1 sec": "1/1", "30/18 from zero": "30/18 from zero", "6 seconds": "6/6",
	} {
		inc, err := cell.Increment(text)
		if assert.NoError(t, err, text) {
			assert.Equal(t, want, inc.String(), text)
		}
	}
	for _, text := range []string{"", "x", "60/0", "1/1/1", "-", "999999"} {
		_, err := cell.Increment(text)
		require.Error(t, err, text)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, sign, want, currency string }{
		{"0.0125", ".", "0.0125", ""},
		{"0,0125", ",", "0.0125", ""},
		{"$ 0.0125", ".", "0.0125", "$"},
		{"1 234,50 EUR", ",", "1234.50", "EUR"},
		{"€0.0150", ".", "0.0150", "EUR"},
		{"1.234,50", ",", "1234.50", ""},
		{"0,05 руб.", ",", "0.05", "RUB"},
		{"US$0.02", ".", "0.02", "USD"},
		{"usd 0.02", ".", "0.02", "USD"},
	} {
		got, err := cell.Plain(c.text, c.sign)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got, c.text)
		_, code := cell.CutCurrency(c.text)
		require.Equal(t, c.currency, code, c.text)
	}
	for _, text := range []string{"1,234", "1.2.3", "12,34.5", "0,123.4"} {
		_, err := cell.Plain(text, ".")
		require.ErrorIs(t, err, cell.ErrNumber, text)
	}
}

func FuzzCells(f *testing.F) {
	for _, text := range []string{"33-6", "24th December 2026", "30/6", "$0.01", "46357.5", "1er janvier"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if codes, err := cell.Codes(text, ""); err == nil {
			for _, c := range codes {
				require.False(t, len(c.Digits()) > 0 && c.Digits()[0] == '0', "no country code begins with 0")
			}
		}
		if m, err := cell.ParseMoment(text, cell.Unsaid, time.UTC); err == nil && !m.Time.IsZero() {
			require.True(t, m.Time.Year() >= 1970 && m.Time.Year() <= 2200)
		}
		if inc, err := cell.Increment(text); err == nil {
			require.NoError(t, inc.Validate())
		}
		_, _ = cell.Plain(text, ".")
		_, _ = cell.NewMarks().Of(text)
	})
}

func TestMarks(t *testing.T) {
	t.Parallel()
	marks := cell.NewMarks()
	for text, want := range map[string]cell.Mark{
		"NEW": cell.Kept, "Live": cell.Kept, "Hausse": cell.Kept, "Cancelado": cell.Closed, "gekündigt": cell.Closed, "Cessato": cell.Closed, "прекращено": cell.Closed,
		"Deleted.": cell.Closed, "Closed by the carrier": cell.Closed, "barred": cell.Blocked, "не изменена": cell.Kept, "Yes": cell.Yes,
	} {
		got, ok := marks.Of(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"Baja", "Closed from 1 Jan", "blocked until 2027-01-31", "no idea"} { // Which of two things, or when, nobody knows.
		_, ok := marks.Of(text)
		assert.False(t, ok, text)
	}
}
