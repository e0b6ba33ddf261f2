package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/app"
	"trunkline/sipproxy/agent"
)

// door is the API of a running system, as somebody with a key sees it.
type door struct {
	t      *testing.T
	base   string
	key    string
	router routers.Router
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) json(t *testing.T, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, v), "%s", a.body)
}

// door opens the API with the key of the machine.
func (s *site) door(t *testing.T) *door {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(s.dir, "var", app.LocalKeyFile))
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "api", "openapi.yaml"))
	require.NoError(t, err)
	router, err := gorillamux.NewRouter(doc)
	require.NoError(t, err)
	return &door{t: t, base: "http://" + s.http, key: strings.TrimSpace(string(key)), router: router}
}

// with is the same door for another key.
func (d *door) with(key string) *door {
	other := *d
	other.key = key
	return &other
}

// do sends a request, and holds the answer against the description of the API.
func (d *door) do(method, path string, body any, headers ...string) answer {
	d.t.Helper()
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		require.NoError(d.t, err)
		in = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.base+"/api/v1"+path, in)
	require.NoError(d.t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if d.key != "" {
		req.Header.Set("Authorization", "Bearer "+d.key)
	}
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

// described fails the test when an answer is other than the API says.
func (d *door) described(req *http.Request, a answer) {
	d.t.Helper()
	at := *req
	at.URL, at.Body = &url.URL{Path: req.URL.Path, RawQuery: req.URL.RawQuery}, nil
	route, params, err := d.router.FindRoute(&at)
	require.NoError(d.t, err, "%s %s", req.Method, req.URL.Path)
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: &at, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	require.NoError(d.t, err, "%s %s: %s", req.Method, req.URL.Path, a.body)
}

// person makes a user who has chosen a password, and returns a door for a key with all that he may do.
func (d *door) person(login string, role access.Role, tenant, branch string) *door {
	d.t.Helper()
	made := d.do(http.MethodPost, "/users", map[string]string{"login": login, "role": string(role), "tenant": tenant, "branch": branch})
	require.Equal(d.t, http.StatusOK, made.status, "%s", made.body)
	var welcome struct{ Link string }
	made.json(d.t, &welcome)
	browser := d.browser()
	browser.post(welcome.Link, http.StatusSeeOther, "password", password, "again", password)
	browser.post(d.base+"/sign-in", http.StatusSeeOther, "login", login, "password", password)
	var scopes []string
	for _, p := range access.Permissions() {
		if role.May(p) {
			scopes = append(scopes, string(p))
		}
	}
	key := browser.api(http.MethodPost, "/keys", map[string]any{"name": "test", "scopes": scopes})
	require.Equal(d.t, http.StatusOK, key.status, "%s", key.body)
	var made2 struct{ Secret string }
	key.json(d.t, &made2)
	return d.with(made2.Secret)
}

const password = "quiet-river-77"

// browser is somebody at the pages.
type browser struct {
	d      *door
	client *http.Client
}

func (d *door) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(d.t, err)
	return &browser{d, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) send(method, address, kind string, body io.Reader) answer {
	b.d.t.Helper()
	req, err := http.NewRequestWithContext(b.d.t.Context(), method, address, body)
	require.NoError(b.d.t, err)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept", "text/html")
	res, err := b.client.Do(req)
	require.NoError(b.d.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(b.d.t, err)
	return answer{res.StatusCode, res.Header, text}
}

func (b *browser) post(address string, status int, fields ...string) {
	b.d.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	a := b.send(http.MethodPost, address, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	require.Equal(b.d.t, status, a.status, "%s: %s", address, a.body)
}

func (b *browser) api(method, path string, body any) answer {
	b.d.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(b.d.t, err)
	return b.send(method, b.d.base+"/api/v1"+path, "application/json", bytes.NewReader(text))
}

// house is a running system with a call and somebody of every role.
func house(t *testing.T) (*site, *door, map[access.Role]*door) {
	t.Helper()
	gateway := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, gateway.Addr().String(), gateway.Addr().String(), "10")
	s.start()
	s.apply()
	for _, login := range []string{"acme-101", "acme-103", "poor-201"} {
		out, err := phone(t).Dial(t.Context(), s.account(login), agent.Call{To: "+4915112345678", Talk: 300 * time.Millisecond})
		require.NoError(t, err)
		require.Equal(t, 200, out.Status)
	}
	s.records(6)
	local := s.door(t)
	people := map[access.Role]*door{
		access.Operator: local.person("olga", access.Operator, "", ""), access.NOC: local.person("nora", access.NOC, "", ""),
		access.Accountant: local.person("anna", access.Accountant, "", ""), access.Auditor: local.person("udo", access.Auditor, "", ""),
		access.Manager: local.person("max", access.Manager, "poor", ""), access.BranchManager: local.person("bea", access.BranchManager, "acme", "koeln"),
	}
	return s, local, people
}

// readable are all operations that read, with values for their parameters.
// Those of all say that they concern all tenants.
func readable(t *testing.T, tenant, call string) (need map[string]access.Permission, all map[string]bool) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "api", "openapi.yaml"))
	require.NoError(t, err)
	need, all = make(map[string]access.Permission), make(map[string]bool)
	values := strings.NewReplacer("{kind}", "tenant", "{tenant}", tenant, "{call}", call, "{part}", "none", "{upload}", "none", "{id}", "none", "{number}", "none", "{login}", "none", "{key}", "none")
	for path, item := range doc.Paths.Map() {
		if item.Get == nil {
			continue
		}
		p, ok := item.Get.Extensions["x-permission"].(string)
		require.True(t, ok, "%s says which permission it needs", path)
		address := values.Replace(path)
		if item.Get.Parameters.GetByInAndName("query", "month") != nil && strings.Contains(path, "{tenant}") {
			address += "?month=2026-10"
		}
		need[address] = access.Permission(p)
		all[address], _ = item.Get.Extensions["x-all-tenants"].(bool)
	}
	return need, all
}

func TestEveryOperationAsksForItsPermission(t *testing.T) {
	t.Parallel()
	_, local, people := house(t)
	var calls struct {
		Items []struct{ Call, Tenant string }
	}
	local.do(http.MethodGet, "/calls", nil).json(t, &calls)
	require.Len(t, calls.Items, 3)
	i := slices.IndexFunc(calls.Items, func(c struct{ Call, Tenant string }) bool { return c.Tenant == "acme" })
	foreign := calls.Items[i].Call
	known := []int{http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity}
	needed, all := readable(t, "acme", foreign)
	for path, need := range needed {
		require.Equal(t, http.StatusUnauthorized, local.with("").do(http.MethodGet, path, nil).status, "%s without a key", path)
		require.Equal(t, http.StatusUnauthorized, local.with("tlk_nonsense").do(http.MethodGet, path, nil).status, "%s with a wrong key", path)
		for role, d := range people {
			got := d.do(http.MethodGet, path, nil)
			switch {
			case !role.May(need):
				require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, got.status, "%s for %s: %s", path, role, got.body)
			case role.OfTenant() && all[path]:
				require.Equal(t, http.StatusForbidden, got.status, "%s for %s: %s", path, role, got.body)
			case role == access.Manager && (strings.Contains(path, "acme") || strings.Contains(path, foreign)):
				require.Equal(t, http.StatusNotFound, got.status, "%s of another company: %s", path, got.body)
			default:
				require.Contains(t, known, got.status, "%s for %s: %s", path, role, got.body)
			}
			if role.OfTenant() {
				for _, word := range []string{"alfa", "beta", `"cost"`, `"carrier"`, `"gateway"`} {
					require.NotContains(t, strings.ReplaceAll(string(got.body), `"cost":null`, ""), word, "%s for %s", path, role)
				}
				if role == access.Manager {
					require.NotContains(t, string(got.body), "koeln", "%s for %s", path, role)
				}
				if role == access.BranchManager {
					require.NotContains(t, string(got.body), "berlin", "%s for %s", path, role)
				}
			}
			if !role.May(access.ReadSale) && got.status == http.StatusOK {
				require.NotContains(t, string(got.body), `"amount"`, "%s for %s", path, role)
			}
		}
	}
	// What is not shown cannot be learned by asking for it another way.
	for _, path := range []string{
		"/calls?filter=carrier:alfa", "/calls?filter=cost%3E0", "/stats?by=carrier", "/stats?side=attempts", "/stats?by=tenant", "/stats?order=cost",
	} {
		require.Equal(t, http.StatusForbidden, people[access.Manager].do(http.MethodGet, path, nil).status, path)
	}
	require.Equal(t, http.StatusForbidden, people[access.NOC].do(http.MethodGet, "/calls?filter=sale%3E0", nil).status)
	for _, path := range []string{"/calls?tenant=acme", "/stats?tenant=acme", "/lines?tenant=acme", "/invoices?tenant=acme"} {
		require.Equal(t, http.StatusNotFound, people[access.Manager].do(http.MethodGet, path, nil).status, path)
	}
	require.Equal(t, http.StatusNotFound, people[access.BranchManager].do(http.MethodGet, "/calls?branch=berlin", nil).status)
	changes := map[string]any{
		"/tenants/acme/payments":   map[string]string{"purpose": "top_up", "amount": "5", "key": "x"},
		"/tenants/acme/limits":     map[string]string{"action": "block", "scope": "tenant", "reason": "x"},
		"/periods/2026-10":         nil,
		"/users":                   map[string]string{"login": "eve", "role": "operator"},
		"/carriers":                map[string]string{"id": "mine", "currency": "EUR"},
		"/tenants/acme/extensions": map[string]string{"id": "999", "branch": "berlin", "password": "secret"},
	}
	for path, body := range changes {
		for _, role := range []access.Role{access.Auditor, access.Manager, access.BranchManager, access.NOC} {
			require.Equal(t, http.StatusForbidden, people[role].do(http.MethodPost, path, body).status, "%s for %s", path, role)
		}
	}
}

func TestProvisioningOverTheAPI(t *testing.T) {
	t.Parallel()
	s, local, people := house(t)
	op := people[access.Operator]

	// A new branch with a new employee, who registers and calls.
	require.Equal(t, http.StatusCreated, op.do(http.MethodPost, "/tenants/acme/branches", map[string]string{"id": "bonn", "name": "Bonn"}).status)
	made := op.do(http.MethodPost, "/tenants/acme/extensions", map[string]string{"id": "111", "branch": "bonn", "password": "secret"}, "Idempotency-Key", "one")
	require.Equal(t, http.StatusCreated, made.status, "%s", made.body)
	require.NotContains(t, string(made.body), "ha1", "hashes of passwords are secrets")
	again := op.do(http.MethodPost, "/tenants/acme/extensions", map[string]string{"id": "111", "branch": "bonn", "password": "secret"}, "Idempotency-Key", "one")
	require.Equal(t, http.StatusCreated, again.status)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	require.Equal(t, made.body, again.body)
	require.Equal(t, made.header.Get("ETag"), again.header.Get("ETag"))
	other := op.do(http.MethodPost, "/tenants/acme/extensions", map[string]string{"id": "112", "branch": "bonn", "password": "secret"}, "Idempotency-Key", "one")
	require.Equal(t, http.StatusUnprocessableEntity, other.status, "the same key for something else")
	require.Equal(t, http.StatusConflict, op.do(http.MethodPost, "/tenants/acme/extensions", map[string]string{"id": "111", "branch": "bonn", "password": "secret"}).status)
	require.Eventually(t, func() bool {
		status, err := phone(t).Register(t.Context(), s.account("acme-111"), 60)
		return err == nil && status == http.StatusOK
	}, 10*time.Second, 100*time.Millisecond)

	// Nobody's change is lost: what was read is sent back.
	read := op.do(http.MethodGet, "/tenants/acme/extensions/111", nil)
	tag := read.header.Get("ETag")
	require.NotEmpty(t, tag)
	change := map[string]any{"branch": "bonn", "name": "Eva"}
	require.Equal(t, http.StatusOK, op.do(http.MethodPut, "/tenants/acme/extensions/111", change, "If-Match", tag).status)
	require.Equal(t, http.StatusPreconditionFailed, op.do(http.MethodPut, "/tenants/acme/extensions/111", change, "If-Match", tag).status)
	require.Eventually(t, func() bool { // The password stayed, though it was not sent.
		status, err := phone(t).Register(t.Context(), s.account("acme-111"), 60)
		return err == nil && status == http.StatusOK
	}, 10*time.Second, 100*time.Millisecond)

	// Faults name field and remedy, and nothing is changed.
	var problem struct {
		Type   string
		Faults []struct{ Field, Problem, Remedy string }
	}
	bad := op.do(http.MethodPut, "/carriers/alfa", map[string]string{"currency": "EUR", "deck": "gamma"})
	require.Equal(t, http.StatusUnprocessableEntity, bad.status)
	bad.json(t, &problem)
	require.Equal(t, "urn:trunkline:not-valid", problem.Type)
	require.Equal(t, "deck", problem.Faults[0].Field)
	require.Contains(t, problem.Faults[0].Remedy, "alfa, beta")
	bad = op.do(http.MethodPut, "/gateways/alfa-1", map[string]any{"carrier": "alfa", "address": "127.0.0.1", "colour": "red"})
	require.Equal(t, http.StatusBadRequest, bad.status, "%s", bad.body)
	require.Equal(t, http.StatusUnprocessableEntity, op.do(http.MethodDelete, "/decks/alfa", nil).status, "a carrier names it")
	require.Equal(t, http.StatusUnprocessableEntity, op.do(http.MethodDelete, "/tenants/acme/branches/bonn", nil).status, "somebody works there")
	dry := op.do(http.MethodPut, "/carriers/gamma?dry_run=true", map[string]string{"currency": "EUR"})
	require.Equal(t, http.StatusOK, dry.status)
	require.Equal(t, http.StatusNotFound, op.do(http.MethodGet, "/carriers/gamma", nil).status)
	require.Equal(t, http.StatusNoContent, op.do(http.MethodDelete, "/tenants/acme/extensions/111", nil).status)

	// Everything stands in the audit, without secrets.
	audit := local.do(http.MethodGet, "/audit?object=tenant+acme", nil)
	require.Contains(t, string(audit.body), "key:")
	require.NotRegexp(t, `[0-9a-f]{32}`, string(audit.body), "no hash of a password")

	// Money: the same payment twice counts once.
	pay := map[string]string{"purpose": "top_up", "amount": "7.5", "key": "bank-1"}
	for range 2 {
		require.Equal(t, http.StatusOK, op.do(http.MethodPost, "/tenants/acme/payments", pay).status)
	}
	pay["amount"] = "8"
	require.Equal(t, http.StatusConflict, op.do(http.MethodPost, "/tenants/acme/payments", pay).status)
	statement := op.do(http.MethodGet, "/tenants/acme/statement?period=today", nil)
	require.Equal(t, 1, strings.Count(string(statement.body), `"top_up"`))

	// A limit of nothing refuses the next call at once.
	require.Equal(t, http.StatusNoContent, op.do(http.MethodPost, "/tenants/acme/limits",
		map[string]string{"action": "block", "scope": "extension", "owner": "101", "reason": "lost phone"}).status)
	out, err := phone(t).Dial(t.Context(), s.account("acme-101"), agent.Call{To: "+4915112345678", Talk: 300 * time.Millisecond})
	require.NoError(t, err)
	require.NotEqual(t, 200, out.Status)

	// A way to a number, and pages of calls that go on where they ended.
	route := op.do(http.MethodPost, "/route", map[string]string{"tenant": "acme", "extension": "102", "dialled": "+4915112345678"})
	require.Contains(t, string(route.body), `"gateway":"alfa-1"`)
	seen := make(map[string]bool)
	for cursor := ""; ; {
		var page struct {
			Items []struct{ Call string }
			Next  string
		}
		op.do(http.MethodGet, "/calls?limit=2&cursor="+cursor, nil).json(t, &page)
		for _, c := range page.Items {
			require.False(t, seen[c.Call], "no call is told twice")
			seen[c.Call] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	require.GreaterOrEqual(t, len(seen), 3)
	for _, path := range []string{"/calls?limit=9999", "/calls?cursor=nonsense", "/calls?filter=(", "/calls?period=noon", "/stats?by=colour", "/calls?zone=Mars"} {
		require.Contains(t, []int{http.StatusBadRequest, http.StatusUnprocessableEntity}, op.do(http.MethodGet, path, nil).status, path)
	}
}
