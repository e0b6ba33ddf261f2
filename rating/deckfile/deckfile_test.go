package deckfile_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

func load(tb testing.TB, text string, opts deckfile.Options) (*rating.Deck, *deckfile.Report) {
	tb.Helper()
	deck, report, err := deckfile.Load(tb.Context(), strings.NewReader(text), nil, opts)
	require.NoError(tb, err)
	return deck, report
}

// lines writes a deck in one line per rate.
func lines(d *rating.Deck) []string {
	var out []string
	for r := range d.Rates() {
		s := fmt.Sprintf("%s %s %s %s", r.Prefix, r.Destination, r.PerMinute, r.Increment)
		if !r.ConnectFee.IsZero() {
			s += " +" + r.ConnectFee.String()
		}
		if !r.From.IsZero() {
			s += " from " + r.From.Format(time.RFC3339)
		}
		if !r.Till.IsZero() {
			s += " till " + r.Till.Format(time.RFC3339)
		}
		if r.Blocked {
			s += " blocked"
		}
		out = append(out, s)
	}
	return out
}

func TestDeckOfTheContract(t *testing.T) {
	deck, report := load(t, `prefix,destination,rate,connect_fee,initial,next,effective_from,effective_to
7495,"Moscow, city",0.0123,0.005,30,6,2026-01-01T00:00:00Z,2026-06-01T00:00:00Z
7,Russia,0.05,,,,,
`, deckfile.Options{})
	require.NoError(t, report.Err())
	require.Equal(t, []string{
		"7 Russia 0.05 60/60",
		"7495 Moscow, city 0.0123 30/6 +0.005 from 2026-01-01T00:00:00Z till 2026-06-01T00:00:00Z",
	}, lines(deck))
	deck, report = load(t, "prefix,rate\n7,0.05\n", deckfile.Options{})
	require.NoError(t, report.Err())
	require.Equal(t, []string{"7  0.05 60/60"}, lines(deck))
}

func TestEncodingsAndDelimiters(t *testing.T) {
	text := "Прайс-лист оператора\n\nКод;Направление;Цена, руб./мин;Тарификация;Дата начала\n" +
		"7495;Москва, городские номера;0,0123;1/1;01.03.2026\n7812;Санкт-Петербург;1 234,5;60/60;01.03.2026\n"
	want := []string{
		"7495 Москва, городские номера 0.0123 1/1 from 2026-02-28T21:00:00Z",
		"7812 Санкт-Петербург 1234.5 60/60 from 2026-02-28T21:00:00Z",
	}
	moscow, err := time.LoadLocation("Europe/Moscow")
	require.NoError(t, err)
	for name, e := range map[string]encoding.Encoding{
		"utf-8":        unicode.UTF8,
		"utf-8 marked": unicode.UTF8BOM,
		"utf-16le":     unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"utf-16be":     unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
		"windows-1251": charmap.Windows1251,
		"cp866":        charmap.CodePage866,
	} {
		encoded, err := e.NewEncoder().String(text)
		require.NoError(t, err)
		for _, delimiter := range []string{";", "\t", "|"} {
			d, err := e.NewEncoder().String(strings.ReplaceAll(text, ";", delimiter))
			require.NoError(t, err)
			if delimiter == ";" {
				d = encoded
			}
			deck, report := load(t, d, deckfile.Options{Location: moscow})
			require.NoError(t, report.Err(), name)
			require.Equal(t, want, lines(deck), name)
			require.Equal(t, ",", report.Mapping.Decimal)
		}
	}
	latin, err := charmap.Windows1252.NewEncoder().String("Vorwahl;Ziel;Preis\n43;Österreich;0,05\n")
	require.NoError(t, err)
	deck, _ := load(t, latin, deckfile.Options{})
	require.Equal(t, []string{"43 Österreich 0.05 60/60"}, lines(deck))
}

func TestPrefixCells(t *testing.T) {
	deck, report := load(t, `prefix;destination;rate
"7495, 7499";Moscow;0.01
49151-49157;Mobile;0.02
49170 – 49179;Whole;0.03
+44 20;London;0.04
0033;France;0.05
7901-3;Short;0.06
`, deckfile.Options{})
	require.NoError(t, report.Err())
	var got []string
	for r := range deck.Rates() {
		got = append(got, r.Prefix.Digits())
	}
	require.Equal(t, []string{
		"33", "4420", "49151", "49152", "49153", "49154", "49155", "49156", "49157", "4917", "7495", "7499", "7901", "7902", "7903",
	}, got)
	deck, report = load(t, "Country Code,Area Codes,Name,Rate\n7,\"495, 499\",Moscow,0.01\n1,,USA,0.02\n", deckfile.Options{})
	require.NoError(t, report.Err())
	require.Equal(t, []string{"1 USA 0.02 60/60", "7495 Moscow 0.01 60/60", "7499 Moscow 0.01 60/60"}, lines(deck))
}

func TestNoHeader(t *testing.T) {
	deck, report := load(t, "7495,Moscow,0.0100,60/60\n7812,Petersburg,0.0200,30/6\n", deckfile.Options{})
	require.NoError(t, report.Err())
	require.Equal(t, []string{"7495 Moscow 0.01 60/60", "7812 Petersburg 0.02 30/6"}, lines(deck))
	_, _, err := deckfile.Load(t.Context(), strings.NewReader("hello\nworld\n"), nil, deckfile.Options{})
	require.ErrorIs(t, err, deckfile.ErrMapping)
	_, _, err = deckfile.Load(t.Context(), strings.NewReader(""), nil, deckfile.Options{})
	require.ErrorIs(t, err, deckfile.ErrMapping)
}

func TestDates(t *testing.T) {
	for text, want := range map[string]string{
		"2026-03-01":           "2026-03-01T00:00:00Z",
		"2026-03-01T10:00:00Z": "2026-03-01T10:00:00Z",
		"01.03.2026":           "2026-03-01T00:00:00Z",
		"1.3.26":               "2026-03-01T00:00:00Z",
		"01.03.2026 12:30":     "2026-03-01T12:30:00Z",
		"20260301":             "2026-03-01T00:00:00Z",
		"1-Mar-26":             "2026-03-01T00:00:00Z",
		"25/03/2026":           "2026-03-25T00:00:00Z",
		"03/25/2026":           "2026-03-25T00:00:00Z",
		"46082":                "2026-03-01T00:00:00Z",
		"46082.5":              "2026-03-01T12:00:00Z",
	} {
		deck, report := load(t, "prefix;rate;effective from\n1;0.1;"+text+"\n", deckfile.Options{})
		require.NoError(t, report.Err(), text)
		require.Equal(t, []string{"1  0.1 60/60 from " + want}, lines(deck), text)
	}
}

func TestFaultsNameLineAndRemedy(t *testing.T) {
	deck, report := load(t, `prefix,destination,rate,initial,next,effective_from,currency
49,Germany,0.01,60,60,,EUR
4x,Broken,0.01,60,60,,EUR
50,No price,,60,60,,EUR
51,Comma,"1,234",60,60,,EUR
52,Steps,0.01,60,0,,EUR
53,Date,0.01,60,60,tomorrow,EUR
54,Dollar,0.01,60,60,,USD
55,Negative,-0.01,60,60,,EUR
56,Fine,0.0123456789,60,60,,EUR
49,Contradiction,0.02,60,60,,EUR
49,Germany,0.01,60,60,,EUR
57-53,Range,0.01,60,60,,EUR
,Nothing,0.01,60,60,,EUR
`, deckfile.Options{})
	require.Equal(t, []string{"49 Germany 0.01 60/60"}, lines(deck))
	require.Equal(t, "EUR", deck.Currency().String())
	require.Equal(t, 1, report.Repeated)
	var at []int
	for _, f := range report.Faults {
		at = append(at, f.Line)
		require.NotEmpty(t, f.Remedy)
	}
	slices.Sort(at)
	require.Equal(t, []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14}, at)
	require.EqualError(t, report.Err(), `line 3, prefix "4x": not a prefix: "4x" has the character 'x': write digits with the country code, `+
		`for example 7495 or 49151-49157 (11 in all)`)
}

func TestSpreadsheet(t *testing.T) {
	book := excelize.NewFile()
	for i, row := range [][]any{
		{"Price list"},
		{"Dial Code", "Destination", "Rate", "Billing", "Effective Date"},
		{7495, "Moscow", 0.0125, "1/1", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)},
		{"49151-49152", "Mobile", 0.1 + 0.2, "60/60", "immediately"},
	} {
		require.NoError(t, book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row))
	}
	var b bytes.Buffer
	require.NoError(t, book.Write(&b))
	deck, report, err := deckfile.Load(t.Context(), &b, nil, deckfile.Options{})
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.Equal(t, []string{
		"49151 Mobile 0.3 60/60", "49152 Mobile 0.3 60/60", "7495 Moscow 0.0125 1/1 from 2026-03-01T00:00:00Z",
	}, lines(deck))
	_, _, err = deckfile.Load(t.Context(), strings.NewReader("PK\x03\x04broken"), nil, deckfile.Options{})
	require.ErrorIs(t, err, deckfile.ErrFile)
}

func TestAMappingIsKept(t *testing.T) {
	mapping := deckfile.Mapping{
		Encoding: "utf-8", Delimiter: ";", Decimal: ",", Dates: deckfile.MonthFirst, FirstRow: 1,
		Columns: map[deckfile.Column]int{deckfile.Rate: 0, deckfile.Prefix: 1, deckfile.EffectiveFrom: 2},
	}
	deck, report, err := deckfile.Load(t.Context(), strings.NewReader("a;b;c\n0,5;49;03/04/2026\n"), &mapping, deckfile.Options{})
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.Equal(t, []string{"49  0.5 60/60 from 2026-03-04T00:00:00Z"}, lines(deck))
	_, _, err = deckfile.Load(t.Context(), strings.NewReader("a"), &deckfile.Mapping{}, deckfile.Options{})
	require.ErrorIs(t, err, deckfile.ErrMapping)
}

func TestCancelledReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	text := "prefix,rate\n" + strings.Repeat("49,0.01\n", 10_000)
	_, _, err := deckfile.Load(ctx, strings.NewReader(text), nil, deckfile.Options{Progress: func(int) { cancel() }})
	require.ErrorIs(t, err, context.Canceled)
}

func TestDiff(t *testing.T) {
	old, _ := load(t, "prefix,rate,connect_fee\n1,0.01,\n2,0.02,\n3,0.03,\n4,0.04,0.1\n5,0.05,\n", deckfile.Options{})
	updated, _ := load(t, "prefix,rate,connect_fee\n1,0.01,\n2,0.03,\n3,0.02,\n4,0.04,0.2\n6,0.06,\n", deckfile.Options{})
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var got []string
	next, err := deckfile.Apply(old, updated, deckfile.Plan{Effective: now})
	require.NoError(t, err)
	for c := range deckfile.Changes(old, next, now) {
		got = append(got, c.Prefix.Digits()+" "+string(c.Kind))
	}
	require.Equal(t, []string{"1 same", "2 dearer", "3 cheaper", "4 dearer", "5 closed", "6 new"}, got)
	require.Equal(t, deckfile.Summary{"same": 1, "dearer": 2, "cheaper": 1, "closed": 1, "new": 1},
		deckfile.Summarize(deckfile.Changes(old, next, now)))
}

func TestApply(t *testing.T) {
	old, _ := load(t, "prefix,rate\n1,0.01\n2,0.02\n", deckfile.Options{})
	list, _ := load(t, "prefix,rate,effective_from\n1,0.05,\n3,0.03,2026-05-01\n", deckfile.Options{})
	april := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	full, err := deckfile.Apply(old, list, deckfile.Plan{Mode: deckfile.Full, Effective: april, Label: "v2"})
	require.NoError(t, err)
	require.Equal(t, []string{
		"1  0.01 60/60 till 2026-04-01T00:00:00Z",
		"1  0.05 60/60 from 2026-04-01T00:00:00Z",
		"2  0.02 60/60 till 2026-04-01T00:00:00Z",
		"3  0.03 60/60 from 2026-05-01T00:00:00Z",
	}, lines(full))
	update, err := deckfile.Apply(old, list, deckfile.Plan{Mode: deckfile.Update, Effective: april, Label: "v2"})
	require.NoError(t, err)
	require.Equal(t, "2  0.02 60/60", lines(update)[2])
	r, ok := full.Lookup(e164.MustParse("15551234"), april.Add(-time.Second))
	require.True(t, ok)
	require.Equal(t, "0.01", r.PerMinute.String())
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	text := "prefix,destination,rate,connect_fee,increment,effective_from,min_charge,grace,attempt_fee,origin,period,blocked\n" +
		"49,\"Germany, all\",0.0123,0.1,30/18 from zero,2026-03-01,0.2,3,0.01,,,\n49,Germany,0.05,,30/6,,,,,7,night,\n490,Premium,,,,,,,,,,yes\n"
	deck, report := load(t, text, deckfile.Options{Currency: money.MustParseCurrency("EUR")})
	require.NoError(t, report.Err())
	var b bytes.Buffer
	require.NoError(t, deckfile.Write(&b, deck.Rates(), deck.Currency()))
	again, report := load(t, b.String(), deckfile.Options{})
	require.NoError(t, report.Err())
	require.Equal(t, slices.Collect(deck.Rates()), slices.Collect(again.Rates()))
	require.Equal(t, deck.Currency(), again.Currency())
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("prefix,destination,rate\n49,Germany,0.01\n"))
	f.Add([]byte("Код;Цена\n7495-7499;0,01\n"))
	f.Add([]byte("\xff\xfep\x00r\x00"))
	f.Add([]byte("49|0.01|60/60|2026-03-01\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		deck, report, err := deckfile.Load(t.Context(), bytes.NewReader(data), nil, deckfile.Options{})
		if err != nil {
			return
		}
		require.LessOrEqual(t, deck.Len(), report.Rates)
		var b bytes.Buffer
		require.NoError(t, deckfile.Write(&b, deck.Rates(), deck.Currency()))
	})
}

func BenchmarkLoadMillion(b *testing.B) {
	var text strings.Builder
	text.WriteString("prefix,destination,rate,connect_fee,initial,next,effective_from,effective_to\n")
	for i := range 1_000_000 {
		fmt.Fprintf(&text, "%d,Destination %d,0.%04d,0,30,6,2026-03-01,\n", 1_000_000+i*7, i%5000, i%9999+1)
	}
	b.ReportAllocs()
	for b.Loop() {
		deck, _, err := deckfile.Load(b.Context(), strings.NewReader(text.String()), nil, deckfile.Options{})
		if err != nil || deck.Len() != 1_000_000 {
			b.Fatal(err, deck.Len())
		}
	}
	b.ReportMetric(1e6*float64(b.N)/b.Elapsed().Seconds(), "lines/s") //nolint:forbidigo // a speed, not money
}
