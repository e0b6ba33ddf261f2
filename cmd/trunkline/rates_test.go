package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSystemExchangeRates fetches a central bank's rates on a schedule, as a job that is seen; a rate that is kept is not changed, and
// routes and figures use it without being told.
func TestSystemExchangeRates(t *testing.T) {
	t.Parallel()
	daily, err := os.ReadFile(filepath.Join("..", "..", "internal", "centralbank", "testdata", "eurofxref-daily.xml"))
	require.NoError(t, err)
	bank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(daily) }))
	defer bank.Close()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "5")
	s.env = append(s.env, "TRUNKLINE_EXCHANGE_SOURCES="+bank.URL+"/eurofxref-daily.xml", "TRUNKLINE_EXCHANGE_ALLOW_PRIVATE=true")
	s.change("currency: EUR, deck: alfa", "currency: USD, deck: alfa")
	s.change("{id: alfa, file: alfa.csv, currency: EUR}", "{id: alfa, file: alfa.csv, currency: USD}")
	s.start()
	s.apply()
	require.Eventually(t, func() bool {
		_, out := s.run("exchange", "log")
		return out != "" && containsAll(out, "ecb", " 6 ")
	}, 20*time.Second, 200*time.Millisecond)
	require.Regexp(t, `2024-06-28 +EUR +USD +1.0705 +ecb`, s.must("exchange", "list"))
	require.Eventually(t, func() bool {
		_, out := s.run("route", "--tenant", "acme", "--from", "101", "--to", "+4930123456")
		return containsAll(out, "alfa") && !containsAll(out, "no exchange rate")
	}, 10*time.Second, 200*time.Millisecond)

	code, out := s.run("exchange", "fetch", bank.URL)
	require.Equal(t, exitFailure, code)
	require.Contains(t, out, "private network")
	require.Contains(t, s.must("exchange", "fetch", "--allow-private", bank.URL), "0 new rates")
	list := file(t, "rates.csv", "from,to,rate,day\nGBP,EUR,1.2,2026-01-01\n")
	s.must("exchange", "fetch", list)
	s.must("exchange", "fetch", list)
	code, out = s.run("exchange", "fetch", file(t, "other.csv", "from,to,rate,day\nGBP,EUR,1.3,2026-01-01\n"))
	require.Equal(t, exitConflict, code)
	require.Contains(t, out, "GBP to EUR of 2026-01-01 is 1.2, and 1.3 now")
	code, _ = s.run("exchange", "fetch", file(t, "page.html", "<html></html>"))
	require.Equal(t, exitUsage, code)
	require.Contains(t, s.must("exchange", "log"), "no exchange rates that are understood")
}

func containsAll(text string, parts ...string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
}
