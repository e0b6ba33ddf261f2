package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// TestProblems tells what went wrong as RFC 9457 has it: a word that stays, a status, and what would help.
func TestProblems(t *testing.T) {
	t.Parallel()
	s := serve(t)
	put := func(path, body string) request { return request{http.MethodPut, path, access.Operator, body, nil} }
	get := func(path string, as access.Role) request { return request{http.MethodGet, path, as, "", nil} }
	for _, c := range []struct {
		name   string
		r      request
		status int
		word   string // Of the type.
		field  string // Of the first fault; empty: there is none.
	}{
		{"nobody", get("/api/v1/tenants", ""), http.StatusUnauthorized, "not-signed-in", ""},
		{"a role that may not", get("/api/v1/decks", access.NOC), http.StatusForbidden, "not-allowed", ""},
		{"another's client", get("/api/v1/tenants/other", access.Manager), http.StatusNotFound, "not-found", ""},
		{"no such client", get("/api/v1/tenants/nobody", access.Manager), http.StatusNotFound, "not-found", ""},
		{"no such operation", get("/api/v1/moon", access.Operator), http.StatusNotFound, "not-found", ""},
		{"no such address", get("/moon", access.Operator), http.StatusNotFound, "not-found", ""},
		{"a reference that leads nowhere", put("/api/v1/carriers/beta", `{"currency":"EUR","deck":"gone"}`), http.StatusUnprocessableEntity, "not-valid", "deck"},
		{"a field that is not described", put("/api/v1/carriers/beta", `{"currency":"EUR","colour":"red"}`), http.StatusBadRequest, "not-valid", "body"},
		{"a word for a number", put("/api/v1/carriers/beta", `{"currency":"EUR","max_calls":"many"}`), http.StatusBadRequest, "not-valid", "max_calls"},
		{"no JSON", put("/api/v1/carriers/beta", `{`), http.StatusBadRequest, "not-valid", "body"},
		{"a parameter out of bounds", get("/api/v1/audit?limit=100000", access.Operator), http.StatusBadRequest, "not-valid", "limit"},
		{"too much at once", put("/api/v1/carriers/beta", `{"name":"`+strings.Repeat("x", 2<<20)+`"}`), http.StatusRequestEntityTooLarge, "too-large", ""},
		{"what others name", request{http.MethodDelete, "/api/v1/carriers/alfa", access.Operator, "", nil}, http.StatusUnprocessableEntity, "not-valid", "carrier"},
	} {
		got := s.ask(c.r)
		require.Equal(t, c.status, got.status, "%s: %s", c.name, got.text)
		require.Equal(t, "application/problem+json", got.header.Get("Content-Type"), c.name)
		require.Equal(t, "urn:trunkline:"+c.word, got.body["type"], "%s: %s", c.name, got.text)
		require.InDelta(t, c.status, got.body["status"], 0, c.name)
		require.NotEmpty(t, got.body["title"], c.name)
		if c.field != "" {
			faults, _ := got.body["faults"].([]any)
			require.NotEmpty(t, faults, "%s: %s", c.name, got.text)
			first, _ := faults[0].(map[string]any)
			require.Contains(t, first["field"], c.field, c.name)
			require.NotEmpty(t, first["problem"], c.name)
		}
	}
}

// TestRestOfLargeBodyIsNoRequest hides a request in the end of a body that is too large. Behind a proxy whose clients share connections it
// would be answered to somebody else.
func TestRestOfLargeBodyIsNoRequest(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const hidden = "GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n"
	body := `{"name":"` + strings.Repeat("x", 1<<20-9) + strings.Repeat(hidden, 8_000)
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(s.address, "http://"))
	require.NoError(t, err)
	defer c.Close()
	go func() {
		_, _ = fmt.Fprintf(c, "PUT /api/v1/carriers/beta HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			s.keys[access.Operator], len(body), body) // The server may have closed by then.
	}()
	r := bufio.NewReader(c)
	first, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, first.StatusCode)
	_, err = io.Copy(io.Discard, first.Body)
	require.NoError(t, err)
	require.NoError(t, first.Body.Close())
	require.True(t, first.Close, "the connection is not used any more")
	rest, err := io.ReadAll(r)
	require.True(t, err != nil || len(rest) == 0, "%s", rest)
}

// TestSignIn begins a session by a cookie that scripts do not see, and ends it.
func TestSignIn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	require.NoError(t, s.Gate.SetPassword(t.Context(), "operator", "correct horse battery", ""))
	in := func(password string) answer {
		return s.ask(request{http.MethodPost, "/api/v1/session", "", `{"login":"operator","password":"` + password + `"}`, nil})
	}
	wrong := in("wrong")
	require.Equal(t, http.StatusUnauthorized, wrong.status)
	unknown := s.ask(request{http.MethodPost, "/api/v1/session", "", `{"login":"nobody","password":"wrong"}`, nil})
	require.Equal(t, wrong.body["detail"], unknown.body["detail"], "nobody learns which logins there are")
	right := in("correct horse battery")
	require.Less(t, right.status, 300, right.text)
	cookie := right.header.Get("Set-Cookie")
	require.Contains(t, cookie, "HttpOnly")
	require.Contains(t, cookie, "SameSite=Lax")
	value, _, _ := strings.Cut(cookie, ";")
	me := func() int {
		return s.ask(request{http.MethodGet, "/api/v1/me", "", "", map[string]string{"Cookie": value}}).status
	}
	require.Equal(t, http.StatusOK, me())
	foreign := s.ask(request{http.MethodDelete, "/api/v1/session", "", "", map[string]string{"Cookie": value, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}})
	require.Equal(t, http.StatusForbidden, foreign.status, "what another site makes a browser send is refused")
	require.Equal(t, http.StatusOK, me())
	s.Clock.Advance(9 * time.Hour)
	require.Equal(t, http.StatusUnauthorized, me(), "it was not used for eight hours")
}

// TestEntry proves a program by a bearer key, by a key as password, and this machine by its own.
func TestEntry(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for name, c := range map[string]struct {
		path, header string
		status       int
	}{
		"a key":                     {"/api/v1/me", "Bearer " + s.keys[access.NOC], http.StatusOK},
		"this machine":              {"/api/v1/tenants", "Bearer local-key", http.StatusOK},
		"a guess":                   {"/api/v1/me", "Bearer tlk_guess", http.StatusUnauthorized},
		"nothing":                   {"/api/v1/me", "", http.StatusUnauthorized},
		"figures of the process":    {"/metrics", "Bearer " + s.keys[access.NOC], http.StatusOK},
		"for whoever may read them": {"/metrics", "Bearer " + s.keys[access.Manager], http.StatusForbidden},
		"and not for nobody":        {"/metrics", "", http.StatusUnauthorized},
		"it is alive":               {"/healthz/live", "", http.StatusOK},
		"it is ready":               {"/healthz/ready", "", http.StatusOK},
		"the description":           {"/api/v1/openapi.yaml", "", http.StatusOK},
	} {
		headers := map[string]string{}
		if c.header != "" {
			headers["Authorization"] = c.header
		}
		got := s.ask(request{http.MethodGet, c.path, "", "", headers})
		require.Equal(t, c.status, got.status, "%s: %s", name, got.text)
		require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"), name)
		require.Contains(t, got.header.Get("Content-Security-Policy"), "default-src 'none'", name)
	}
}
