package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/sipproxy/agent"
)

// upload sends a file.
func (d *door) upload(path, content string, headers ...string) answer {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.base+"/api/v1"+path, strings.NewReader(content))
	require.NoError(d.t, err)
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Authorization", "Bearer "+d.key)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(d.t, err)
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	a.body, err = io.ReadAll(res.Body)
	require.NoError(d.t, err)
	d.described(req, a)
	return a
}

// TestAPriceListOverTheAPI compares a carrier's list, puts it in force, and takes it back.
func TestAPriceListOverTheAPI(t *testing.T) {
	t.Parallel()
	gateway := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, gateway.Addr().String(), gateway.Addr().String(), "10")
	s.start()
	s.apply()
	op := s.door(t).person("olga", access.Operator, "", "")
	rate := func() string {
		var rates struct {
			Items []struct {
				Prefix    string
				PerMinute string `json:"per_minute"`
				Till      string
			}
		}
		op.do(http.MethodGet, "/decks/alfa/rates?prefix=4915", nil).json(t, &rates)
		now := ""
		for _, r := range rates.Items {
			if r.Prefix == "4915" && r.Till == "" {
				now = r.PerMinute
			}
		}
		return now
	}
	require.Equal(t, "2.4", rate())
	var compared struct {
		Upload  string
		Summary map[string]int
		Faulty  int
	}
	bad := op.upload("/decks/alfa/imports?mode=update", "prefix,rate\n4915,cheap\n")
	require.Equal(t, http.StatusOK, bad.status, "%s", bad.body)
	bad.json(t, &compared)
	require.Equal(t, 1, compared.Faulty)
	refused := op.do(http.MethodPost, "/decks/alfa/imports/"+compared.Upload+"/apply?mode=update", nil)
	require.Equal(t, http.StatusUnprocessableEntity, refused.status, "a list with faults is not put in force")
	require.Contains(t, string(refused.body), "line 2")

	good := op.upload("/decks/alfa/imports?mode=update&effective=2026-01-01T00:00:00Z", "prefix,destination,rate\n4915,Germany mobile,1.9\n4916,Germany mobile,2.2\n")
	require.Equal(t, http.StatusOK, good.status, "%s", good.body)
	good.json(t, &compared)
	require.Equal(t, map[string]int{"cheaper": 1, "new": 1, "same": 1}, compared.Summary)
	require.Equal(t, "2.4", rate(), "nothing is changed yet")
	apply := "/decks/alfa/imports/" + compared.Upload + "/apply?mode=update&effective=2026-01-01T00:00:00Z"
	require.Equal(t, http.StatusNotFound, s.door(t).person("eva", access.Operator, "", "").do(http.MethodPost, apply, nil).status, "somebody else's file")
	require.Equal(t, http.StatusNoContent, op.do(http.MethodPost, apply, nil).status)
	require.Eventually(t, func() bool { return rate() == "1.9" }, 10*time.Second, 100*time.Millisecond)
	price := op.do(http.MethodPost, "/price", map[string]any{"deck": "alfa", "to": "4915112345678", "seconds": 60})
	require.Contains(t, string(price.body), `"total":"1.9"`)
	require.Equal(t, http.StatusNoContent, op.do(http.MethodPost, "/decks/alfa/undo", nil).status)
	require.Eventually(t, func() bool { return rate() == "2.4" }, 10*time.Second, 100*time.Millisecond)
}

// listedTariff is a site whose tariff has its prices in a file of their own.
func listedTariff(t *testing.T) *site {
	t.Helper()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "10")
	s.start()
	retail := filepath.Join(s.dir, "retail.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "retail.csv"), []byte("prefix,destination,rate,connect_fee,initial,next\n49,Germany,6,0,1,1\n4915,Germany mobile,9,0,1,1\n"), 0o600))
	require.NoError(t, os.WriteFile(retail, []byte("name: retail\ncurrency: EUR\ndecks:\n  - {name: world, file: retail.csv}\n"), 0o600))
	s.apply()
	return s
}

// TestAPITariffPricesAreAListToo compares the prices of a tariff, puts them in force, and takes them back.
func TestAPITariffPricesAreAListToo(t *testing.T) {
	t.Parallel()
	s := listedTariff(t)
	op := s.door(t).person("olga", access.Operator, "", "")
	price := func() string {
		var a struct{ Total string }
		op.do(http.MethodPost, "/price", map[string]any{"tariff": "retail", "to": "4915112345678", "seconds": 60}).json(t, &a)
		return a.Total
	}
	require.Equal(t, "9", price())
	sent := op.upload("/tariffs/retail/imports?mode=update&effective=2026-01-01T00:00:00Z", "prefix,destination,rate\n4915,Germany mobile,8\n")
	require.Equal(t, http.StatusOK, sent.status, "%s", sent.body)
	var compared struct {
		Upload, Tariff string
		Summary        map[string]int
	}
	sent.json(t, &compared)
	require.Equal(t, "retail", compared.Tariff)
	require.Equal(t, 1, compared.Summary["cheaper"])
	require.Equal(t, "9", price(), "nothing is changed yet")
	require.Equal(t, http.StatusNoContent, op.do(http.MethodPost, "/tariffs/retail/imports/"+compared.Upload+"/apply?mode=update&effective=2026-01-01T00:00:00Z", nil).status)
	require.Eventually(t, func() bool { return price() == "8" }, 10*time.Second, 100*time.Millisecond)
	require.Equal(t, http.StatusNoContent, op.do(http.MethodPost, "/tariffs/retail/undo", nil).status)
	require.Eventually(t, func() bool { return price() == "9" }, 10*time.Second, 100*time.Millisecond)
	require.Equal(t, http.StatusNotFound, op.upload("/tariffs/none/imports", "prefix,rate\n49,1\n").status)
	noc := s.door(t).person("nora", access.NOC, "", "")
	require.Equal(t, http.StatusForbidden, noc.upload("/tariffs/retail/imports", "prefix,rate\n49,1\n").status)
}

// TestTariffPages brings a client's new prices in at the pages, and takes them back.
func TestTariffPages(t *testing.T) {
	t.Parallel()
	local := listedTariff(t).door(t)
	local.person("olga", access.Operator, "", "")
	b := local.browser()
	b.form("/sign-in", url.Values{"login": {"olga"}, "password": {password}})
	b.until("/tariffs/retail", `href="/tariffs/retail/import"`)
	page := b.form("/tariffs/retail/import", url.Values{"mode": {"update"}}, "file", "prefix,destination,rate\n4915,Germany mobile,8.25\n")
	require.Contains(t, b.until(page, ">Apply<"), "8.25")
	require.Equal(t, "/tariffs/retail", strings.SplitN(b.form(page, url.Values{"mode": {"update"}}), "?", 2)[0])
	page = b.form("/tariffs/retail/import", url.Values{"mode": {"update"}}, "file", "prefix,destination,rate\n4915,Germany mobile,8.25\n")
	b.until(page, "The list changes nothing.")
	b.form("/tariffs/retail/undo", nil)
	page = b.form("/tariffs/retail/import", url.Values{"mode": {"update"}}, "file", "prefix,destination,rate\n4915,Germany mobile,8.25\n")
	require.Contains(t, b.until(page, ">Apply<"), "8.25", "it is a change again")
}
