package centralbank_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/centralbank"
	"trunkline/internal/clock"
)

func sample(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(tb, err)
	return data
}

func rates(tb testing.TB, data []byte, source string) map[string]string {
	tb.Helper()
	s, err := centralbank.Read(data)
	require.NoError(tb, err)
	require.Equal(tb, source, s.Source)
	out := make(map[string]string)
	for _, r := range s.Rates {
		out[r.From.String()+" "+r.To.String()+" "+r.Since.Format(time.DateOnly)] = r.Rate.String()
	}
	return out
}

// TestReadsWhatBanksPublish reads documents as they were published, fewer currencies of each:
//
//   - eurofxref-daily.xml of 2024-06-28, https://www.ecb.europa.eu/stats/eurofxref/, as quoted in github.com/dialogplay/tool-directory;
//   - eurofxref.csv of 2021-06-03, from the bank's eurofxref.zip: the blanks and the comma at the end of the line are the bank's;
//   - XML_daily.asp of 2025-12-13, https://www.cbr.ru/scripts/XML_daily.asp, as in github.com/Helheimiss/usingcbrfapi, in windows-1251.
func TestReadsWhatBanksPublish(t *testing.T) {
	t.Parallel()
	got := rates(t, sample(t, "eurofxref-daily.xml"), centralbank.ECB)
	require.Len(t, got, 6)
	require.Equal(t, "1.0705", got["EUR USD 2024-06-28"])
	require.Equal(t, "17487.21", got["EUR IDR 2024-06-28"])
	table := sample(t, "eurofxref.csv")
	require.Equal(t, map[string]string{"EUR USD 2021-06-03": "1.2187", "EUR JPY 2021-06-03": "133.81", "EUR BGN 2021-06-03": "1.9558", "EUR RUB 2021-06-03": "89.2163"}, rates(t, table, centralbank.ECB))
	require.Equal(t, map[string]string{
		"AUD RUB 2025-12-13": "53.1079", "VND RUB 2025-12-13": "0.00317042", "USD RUB 2025-12-13": "79.7296", "IRR RUB 2025-12-13": "0.000121149",
	}, rates(t, sample(t, "XML_daily.xml"), centralbank.CBR), "for one unit, exactly")

	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	w, err := z.Create("eurofxref.csv")
	require.NoError(t, err)
	_, err = w.Write(table)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.Len(t, rates(t, packed.Bytes(), centralbank.ECB), 4)
	history := "Date,USD,JPY,CYP,\n2024-06-28,1.0705,171.94,N/A,\n2024-06-27,1.0696,171.87,N/A,\n"
	require.Len(t, rates(t, []byte(history), centralbank.ECB), 4)
	require.Equal(t, map[string]string{"USD EUR 2026-01-01": "0.93"}, rates(t, []byte("from,to,rate,day\nUSD,EUR,0.93,2026-01-01\n"), centralbank.Own))
}

func TestWhatIsNoRateIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "<html><body>Not found</body></html>", "hello", "from,to,rate\nUSD,EUR,1\n", "from,to,rate,day\nUSD,EUR,0,2026-01-01\n",
		"from,to,rate,day\nUSD,EUR,x,2026-01-01\n", "from,to,rate,day\nUSD,EUR,1,1.1.2026\n", "from,to,rate,day\nUSD,USD,1,2026-01-01\n", "from,to,rate,day\nUSD,EUR,1\n",
		`<ValCurs Date="13.12.2025"></ValCurs>`, `<ValCurs Date="13.12.2025"><Valute><CharCode>USD</CharCode><Nominal>0</Nominal><Value>1</Value></Valute></ValCurs>`,
		"PK\x03\x04 no zip", "<?xml version='1.0' encoding='koi8-r'?><ValCurs/>",
	} {
		_, err := centralbank.Read([]byte(text))
		require.ErrorIs(t, err, centralbank.ErrFormat, text)
	}
	_, err := centralbank.Read([]byte("from,to,rate,day\nUSD,EUR,1,2026-01-01\nUSD,EUR,x,2026-01-02\n"))
	require.ErrorContains(t, err, "line 3")
}

// TestFetchIsBounded asks a server that fails, lies and leads on; and refuses private addresses unless they are allowed.
func TestFetchIsBounded(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/gone":
			w.WriteHeader(http.StatusNotFound)
		case "/flaky":
			if asked.Load() < 3 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			_, _ = w.Write([]byte("from,to,rate,day\n"))
		case "/large":
			piece := bytes.Repeat([]byte("x"), 1<<20)
			for range 40 {
				if _, err := w.Write(piece); err != nil {
					return
				}
			}
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	}))
	defer server.Close()
	c := clock.NewManual(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	done := make(chan struct{})
	defer close(done)
	go func() { // Waits are those of a clock that is turned on.
		for {
			select {
			case <-done:
				return
			default:
				c.Advance(time.Second)
			}
		}
	}()
	open := &centralbank.Fetcher{Clock: c, AllowPrivate: true}
	fetch := func(f *centralbank.Fetcher, path string) (string, error) {
		asked.Store(0)
		data, err := f.Fetch(t.Context(), server.URL+path)
		return string(data), err
	}
	_, err := fetch(&centralbank.Fetcher{Clock: c}, "/flaky")
	require.ErrorIs(t, err, centralbank.ErrFetch)
	require.ErrorContains(t, err, "private network")
	require.Zero(t, asked.Load(), "it was not even asked")
	text, err := fetch(open, "/flaky")
	require.NoError(t, err)
	require.Equal(t, "from,to,rate,day\n", text)
	_, err = fetch(open, "/gone")
	require.ErrorContains(t, err, "404")
	require.Equal(t, int64(1), asked.Load(), "asking again does not help")
	_, err = fetch(open, "/large")
	require.ErrorContains(t, err, "more than 32 MiB")
	_, err = fetch(open, "/loop")
	require.ErrorContains(t, err, "on and on")

	file := filepath.Join(t.TempDir(), "rates.csv")
	require.NoError(t, os.WriteFile(file, []byte("a"), 0o600))
	data, err := open.Fetch(t.Context(), file)
	require.NoError(t, err)
	require.Equal(t, "a", string(data))
	_, err = open.Fetch(t.Context(), file+".gone")
	require.ErrorIs(t, err, centralbank.ErrFetch)
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"eurofxref-daily.xml", "eurofxref.csv", "XML_daily.xml"} {
		f.Add(sample(f, name))
	}
	f.Add([]byte(strings.Repeat("<Cube>", 100)))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := centralbank.Read(data)
		if err == nil && len(s.Rates) == 0 {
			t.Fatal("no rates and no error")
		}
		for _, r := range s.Rates {
			if !r.Rate.IsPositive() && err == nil {
				t.Fatalf("rate %s", r.Rate)
			}
		}
	})
}
