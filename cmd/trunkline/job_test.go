package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/app/engine"
	"trunkline/job"
	"trunkline/sql/postgres"
)

// held keeps everybody from reading invoices until it is let go, so that a close takes as long as a test wants.
func (s *site) held(t *testing.T) (letGo func()) {
	t.Helper()
	db := s.database(t)
	tx, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE invoice IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	return func() {
		_ = tx.Rollback(context.Background()) // Its engine may be killed already.
		db.Close()
	}
}

// database opens the PostgreSQL of a running site.
func (s *site) database(t *testing.T) *postgres.DB {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "var", "engines.json"))
	require.NoError(t, err)
	var found engine.Addresses
	require.NoError(t, json.Unmarshal(text, &found))
	db, err := postgres.Open(t.Context(), found.Postgres, postgres.Options{MaxConns: 1})
	require.NoError(t, err)
	return db
}

// begin asks for something as a job.
func (d *door) begin(path string, body any, prefer ...string) job.Job {
	d.t.Helper()
	got := d.do(http.MethodPost, path, body, prefer...)
	require.Equal(d.t, http.StatusAccepted, got.status, "%s", got.body)
	var j job.Job
	got.json(d.t, &j)
	require.Equal(d.t, "/api/v1/jobs/"+j.ID, got.header.Get("Location"))
	return j
}

// becomes waits until a job is in a state.
func (d *door) becomes(id string, state job.State) job.Job {
	d.t.Helper()
	var j job.Job
	require.Eventually(d.t, func() bool {
		got := d.do(http.MethodGet, "/jobs/"+id, nil)
		require.Equal(d.t, http.StatusOK, got.status, "%s", got.body)
		got.json(d.t, &j)
		return j.State == state && (j.State != job.Running || j.Total > 0)
	}, time.Minute, 100*time.Millisecond, "%s becomes %s", id, state)
	return j
}

// invoices is how many there are of a month.
func (d *door) invoices(month string) int {
	d.t.Helper()
	var list struct{ Items []any }
	d.do(http.MethodGet, "/invoices?month="+month, nil).json(d.t, &list)
	return len(list.Items)
}

// TestJobClosesAPeriod closes a month as a job: stopped, asked for again, and across a power cut.
func TestJobClosesAPeriod(t *testing.T) {
	t.Parallel()
	s := newPast(t)
	local := s.door(t)
	anna, olga := local.person("anna", access.Accountant, "", ""), local.person("olga", access.Operator, "", "")
	path, async := "/periods/"+s.month, []string{"Prefer", "respond-async"}
	letGo := s.held(t)
	j := anna.begin(path, nil, async...)
	require.Equal(t, int64(2), anna.becomes(j.ID, job.Running).Total, "two clients")
	require.Equal(t, http.StatusConflict, olga.do(http.MethodPost, path, nil, async...).status, "it is being done already")
	require.Equal(t, http.StatusNoContent, olga.do(http.MethodPost, "/jobs/"+j.ID+"/cancel", nil).status)
	anna.becomes(j.ID, job.Cancelled)
	letGo()
	require.Zero(t, anna.invoices(s.month), "nothing half done")
	require.Equal(t, http.StatusConflict, anna.do(http.MethodPost, "/jobs/"+j.ID+"/cancel", nil).status, "it is over")

	j = anna.begin(path+"?dry_run=true", nil, async...)
	require.Equal(t, []int64{1, 0}, anna.becomes(j.ID, job.Done).Figures)
	require.Zero(t, anna.invoices(s.month))
	j = anna.begin(path, nil, async...)
	require.Equal(t, []int64{1, 0}, anna.becomes(j.ID, job.Done).Figures)
	require.Equal(t, 1, anna.invoices(s.month))
	result := anna.do(http.MethodGet, "/jobs/"+j.ID+"/result", nil)
	require.Contains(t, string(result.body), `"tenant":"acme"`)
	require.Equal(t, http.StatusNotFound, olga.do(http.MethodGet, "/jobs/"+j.ID+"/result", nil).status, "only for who asked")
	j = anna.begin(path, nil, async...)
	require.Equal(t, []int64{0, 0}, anna.becomes(j.ID, job.Done).Figures, "closing again changes nothing")
	require.Equal(t, http.StatusUnprocessableEntity, anna.do(http.MethodPost, "/periods/2026-13", nil, async...).status)
	audit := string(olga.do(http.MethodGet, "/audit", nil).body)
	require.Contains(t, audit, `"start close"`)
	require.Contains(t, audit, `"stop close"`)
	s.sums()

	letGo = s.held(t)
	j = anna.begin("/periods/"+s.before, nil, async...)
	anna.becomes(j.ID, job.Running)
	s.kill()
	letGo()
	s.start()
	anna.becomes(j.ID, job.Lost)
	require.Equal(t, 0, anna.invoices(s.before))
	j = anna.begin("/periods/"+s.before, nil, async...)
	require.Equal(t, []int64{1, 0}, anna.becomes(j.ID, job.Done).Figures)
	require.Equal(t, 1, anna.invoices(s.before))
	s.sums()
}

// TestJobExportsCalls writes calls to files for several people, none of whom gets another's.
func TestJobExportsCalls(t *testing.T) {
	t.Parallel()
	s := newPast(t)
	local := s.door(t)
	manager, other := local.person("max", access.Manager, "acme", ""), local.person("otto", access.Manager, "poor", "")
	olga, udo, bea := local.person("olga", access.Operator, "", ""), local.person("udo", access.Auditor, "", ""), local.person("bea", access.BranchManager, "acme", "koeln")
	order := map[string]any{"period": s.month, "format": "csv"}
	j := manager.begin("/calls/exports", order)
	done := manager.becomes(j.ID, job.Done)
	require.Equal(t, int64(60), done.Total)
	require.Equal(t, []int64{60}, done.Figures)
	file := manager.do(http.MethodGet, "/jobs/"+j.ID+"/result", nil)
	require.Equal(t, http.StatusOK, file.status)
	require.Len(t, strings.Split(strings.TrimSpace(string(file.body)), "\n"), 61)
	require.NotContains(t, string(file.body), "carrier")
	require.Equal(t, done.Size, int64(len(file.body)))
	for _, d := range []*door{other, bea} {
		for _, one := range []answer{
			d.do(http.MethodGet, "/jobs/"+j.ID, nil), d.do(http.MethodGet, "/jobs/"+j.ID+"/result", nil), d.do(http.MethodPost, "/jobs/"+j.ID+"/cancel", nil),
		} {
			require.Equal(t, http.StatusNotFound, one.status)
		}
		require.NotContains(t, string(d.do(http.MethodGet, "/jobs", nil).body), j.ID)
	}
	for _, d := range []*door{olga, udo} { // They see that it is done, not what is in it.
		require.Contains(t, string(d.do(http.MethodGet, "/jobs", nil).body), j.ID)
		require.Equal(t, http.StatusNotFound, d.do(http.MethodGet, "/jobs/"+j.ID+"/result", nil).status)
	}
	require.Equal(t, http.StatusNotFound, udo.do(http.MethodPost, "/jobs/"+j.ID+"/cancel", nil).status, "an auditor stops nothing")
	require.Equal(t, http.StatusNotFound, other.do(http.MethodPost, "/calls/exports", map[string]any{"tenant": "acme", "format": "csv"}).status)
	require.Equal(t, http.StatusForbidden, manager.do(http.MethodPost, "/calls/exports", map[string]any{"filter": "carrier:alfa", "format": "csv"}).status)
	none := bea.begin("/calls/exports", order)
	require.Zero(t, bea.becomes(none.ID, job.Done).Total, "the calls are of another branch")

	for _, format := range []string{"xlsx", "parquet", "arrow"} {
		order["format"] = format
		one := olga.begin("/calls/exports", order)
		olga.becomes(one.ID, job.Done)
		require.NotEmpty(t, olga.do(http.MethodGet, "/jobs/"+one.ID+"/result", nil).body)
	}
	// Who has changed sides does not take along what he asked for.
	moved := local.do(http.MethodPut, "/users/max", map[string]string{"login": "max", "role": "manager", "tenant": "poor"})
	require.Equal(t, http.StatusNoContent, moved.status, "%s", moved.body)
	require.Contains(t, []int{http.StatusNotFound, http.StatusUnauthorized}, manager.do(http.MethodGet, "/jobs/"+j.ID+"/result", nil).status)
}

// TestJobComparesAndAppliesALongList sends a price list and does not wait for it.
func TestJobComparesAndAppliesALongList(t *testing.T) {
	t.Parallel()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "10")
	s.start()
	s.apply()
	olga := s.door(t).person("olga", access.Operator, "", "")
	var list strings.Builder
	list.WriteString("prefix,destination,rate\n4915,Germany mobile,1.9\n")
	for n := range 20_000 {
		fmt.Fprintf(&list, "33%06d,France,1.1\n", n)
	}
	compare := olga.upload("/decks/alfa/imports?mode=update", list.String(), "Prefer", "respond-async")
	require.Equal(t, http.StatusAccepted, compare.status, "%s", compare.body)
	var j job.Job
	compare.json(t, &j)
	done := olga.becomes(j.ID, job.Done)
	require.GreaterOrEqual(t, done.Total, int64(20_001))
	var compared struct {
		Upload  string
		Summary map[string]int
	}
	olga.do(http.MethodGet, "/jobs/"+j.ID+"/result", nil).json(t, &compared)
	require.Equal(t, map[string]int{"cheaper": 1, "new": 20_000, "same": 1}, compared.Summary)
	apply := olga.begin("/decks/alfa/imports/"+compared.Upload+"/apply?mode=update", nil, "Prefer", "respond-async")
	require.Equal(t, "/decks/alfa", olga.becomes(apply.ID, job.Done).Link)
	var rates struct{ All int }
	require.Eventually(t, func() bool {
		olga.do(http.MethodGet, "/decks/alfa/rates", nil).json(t, &rates)
		return rates.All > 20_000
	}, 20*time.Second, 200*time.Millisecond)
}

// form sends a form with files, and returns where the browser is sent.
func (b *browser) form(path string, fields url.Values, files ...string) string {
	b.d.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name := range fields {
		require.NoError(b.d.t, w.WriteField(name, fields.Get(name)))
	}
	for i := 0; i+1 < len(files); i += 2 {
		part, err := w.CreateFormFile(files[i], files[i]+".csv")
		require.NoError(b.d.t, err)
		_, err = part.Write([]byte(files[i+1]))
		require.NoError(b.d.t, err)
	}
	require.NoError(b.d.t, w.Close())
	got := b.send(http.MethodPost, b.d.base+path, w.FormDataContentType(), &body)
	require.Equal(b.d.t, http.StatusSeeOther, got.status, "%s: %s", path, got.body)
	return got.header.Get("Location")
}

// until asks for a page until it says something.
func (b *browser) until(path, words string) string {
	b.d.t.Helper()
	var got answer
	require.Eventually(b.d.t, func() bool {
		got = b.send(http.MethodGet, b.d.base+path, "", nil)
		require.Equal(b.d.t, http.StatusOK, got.status, "%s: %s", path, got.body)
		return strings.Contains(string(got.body), words)
	}, time.Minute, 100*time.Millisecond, "%s says %q", path, words)
	return string(got.body)
}

// TestJobPages begins long work at the pages, and looks how it goes on.
func TestJobPages(t *testing.T) {
	t.Parallel()
	s := newPast(t)
	local := s.door(t)
	local.person("olga", access.Operator, "", "")
	b := local.browser()
	b.form("/sign-in", url.Values{"login": {"olga"}, "password": {password}})

	page := b.form("/calls/export", url.Values{"format": {"csv"}, "period": {s.month}})
	require.Contains(t, b.until(page, "Download"), "60 calls")
	file := b.send(http.MethodGet, local.base+page+"/result", "", nil)
	require.Len(t, strings.Split(strings.TrimSpace(string(file.body)), "\n"), 61)
	require.Contains(t, file.header.Get("Content-Disposition"), "calls.csv")
	require.Contains(t, b.until("/jobs", "Export of calls"), "60 calls")
	require.Equal(t, http.StatusUnprocessableEntity, b.send(http.MethodPost, local.base+page+"/cancel", "", nil).status, "it is over")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, local.base+"/api/v1/periods/"+s.month+"?dry_run=true", nil)
	require.NoError(t, err)
	req.Header.Set("Prefer", "respond-async")
	res, err := b.client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	var j job.Job
	require.NoError(t, json.NewDecoder(res.Body).Decode(&j))
	closing := b.until("/close?month="+s.month+"&job="+j.ID, "Issue 1 invoice")
	require.Contains(t, closing, "acme")
	require.Contains(t, b.until("/jobs/"+j.ID, "Look at the result"), "&amp;job="+j.ID)

	var list strings.Builder
	list.WriteString("prefix,destination,rate\n4915,Germany mobile,1.9\n")
	for n := range 100_000 {
		fmt.Fprintf(&list, "33%06d,France mobile of some name,1.1\n", n)
	}
	page = b.form("/decks/alfa/import", url.Values{"mode": {"update"}}, "file", list.String())
	require.Contains(t, page, "job=")
	require.Contains(t, b.until(page, ">Apply<"), "100,000")
	at, query, _ := strings.Cut(page, "?")
	page = b.form(at+"/compare?"+query, url.Values{"mode": {"update"}, "use_1": {"prefix"}, "use_2": {"destination"}, "use_3": {"rate"}})
	b.until(page, ">Apply<")
	page = b.form(page, url.Values{"mode": {"update"}})
	require.Contains(t, b.until(page, "Look at the result"), `href="/decks/alfa"`)
}
