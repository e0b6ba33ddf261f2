package api_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/cdr"
	"trunkline/console/memory"
	"trunkline/internal/calls"
)

const secret = "correct horse battery"

// person is somebody who has signed in over the API, and keeps the cookie.
type person struct {
	*served

	cookie string
}

func (s *served) signIn(login, password, code string) (person, answer) {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"login": login, "password": password, "code": code})
	require.NoError(s.t, err)
	got := s.ask(request{http.MethodPost, "/api/v1/session", "", string(body), nil})
	cookie, _, _ := strings.Cut(got.header.Get("Set-Cookie"), ";")
	return person{s, cookie}, got
}

func (p person) do(method, path string, body any) answer {
	p.t.Helper()
	text := ""
	if body != nil {
		encoded, err := json.Marshal(body)
		require.NoError(p.t, err)
		text = string(encoded)
	}
	return p.ask(request{method, "/api/v1" + path, "", text, map[string]string{"Cookie": p.cookie}})
}

// TestASessionEndsForWhoeverSignsOut signs in twice, and out once: the other session goes on.
func TestASessionEndsForWhoeverSignsOut(t *testing.T) {
	t.Parallel()
	s := serve(t)
	require.NoError(t, s.Gate.SetPassword(t.Context(), "noc", secret, ""))
	one, got := s.signIn("noc", secret, "")
	require.Equal(t, http.StatusNoContent, got.status, got.text)
	two, _ := s.signIn("noc", secret, "")
	require.Equal(t, http.StatusOK, one.do(http.MethodGet, "/me", nil).status)
	require.Equal(t, http.StatusNoContent, one.do(http.MethodDelete, "/session", nil).status)
	require.Equal(t, http.StatusUnauthorized, one.do(http.MethodGet, "/me", nil).status)
	me := two.do(http.MethodGet, "/me", nil)
	require.Equal(t, http.StatusOK, me.status)
	require.Equal(t, "noc", me.body["login"])
	require.Contains(t, me.body["permissions"], "live:read")
	require.NotContains(t, me.body["permissions"], "cost:read")
}

// TestAPasswordIsChangedByWhoeverKnowsIt refuses a wrong or a weak one; other sessions end with the former one.
func TestAPasswordIsChangedByWhoeverKnowsIt(t *testing.T) {
	t.Parallel()
	s := serve(t)
	require.NoError(t, s.Gate.SetPassword(t.Context(), "noc", secret, ""))
	one, _ := s.signIn("noc", secret, "")
	two, _ := s.signIn("noc", secret, "")
	change := func(former, fresh string) answer {
		return one.do(http.MethodPut, "/me/password", map[string]string{"former": former, "password": fresh})
	}
	require.Equal(t, http.StatusUnauthorized, change("wrong", "a much better one").status)
	weak := change(secret, "short")
	require.Equal(t, http.StatusUnprocessableEntity, weak.status, weak.text)
	require.NotContains(t, weak.text, "short", "a password is not told back")
	require.Equal(t, http.StatusNoContent, change(secret, "a much better one").status)
	require.Equal(t, http.StatusOK, one.do(http.MethodGet, "/me", nil).status)
	require.Equal(t, http.StatusUnauthorized, two.do(http.MethodGet, "/me", nil).status)
	_, old := s.signIn("noc", secret, "")
	require.Equal(t, http.StatusUnauthorized, old.status)
}

// TestTheSecondFactorIsAskedFor begins it, confirms it by a code, and is asked for one from then on.
func TestTheSecondFactorIsAskedFor(t *testing.T) {
	t.Parallel()
	s := serve(t)
	require.NoError(t, s.Gate.SetPassword(t.Context(), "operator", secret, ""))
	me, _ := s.signIn("operator", secret, "")
	begun := me.do(http.MethodPost, "/me/factor", nil)
	require.Equal(t, http.StatusOK, begun.status, begun.text)
	key, _ := begun.body["secret"].(string)
	require.Contains(t, begun.body["url"], "otpauth://totp/")
	code := func() string {
		out, err := totp.GenerateCode(key, s.Clock.Now())
		require.NoError(t, err)
		return out
	}
	require.Equal(t, http.StatusUnauthorized, me.do(http.MethodPut, "/me/factor", map[string]string{"code": "000000"}).status)
	require.Equal(t, http.StatusNoContent, me.do(http.MethodPut, "/me/factor", map[string]string{"code": code()}).status)
	s.Clock.Advance(30 * time.Second)
	_, without := s.signIn("operator", secret, "")
	require.Equal(t, http.StatusUnauthorized, without.status)
	require.Equal(t, "urn:trunkline:code-needed", without.body["type"])
	_, with := s.signIn("operator", secret, code())
	require.Equal(t, http.StatusNoContent, with.status, with.text)
	require.Equal(t, http.StatusUnauthorized, me.do(http.MethodDelete, "/me/factor", map[string]string{"password": "wrong"}).status)
	require.Equal(t, http.StatusNoContent, me.do(http.MethodDelete, "/me/factor", map[string]string{"password": secret}).status)
}

// TestTooManyTriesAreRefused locks a login, also for the right password, and says when to come again.
func TestTooManyTriesAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	require.NoError(t, s.Gate.SetPassword(t.Context(), "noc", secret, ""))
	for range 5 {
		_, got := s.signIn("noc", "wrong", "")
		require.Equal(t, http.StatusUnauthorized, got.status)
	}
	_, got := s.signIn("noc", secret, "")
	require.Equal(t, http.StatusTooManyRequests, got.status)
	require.Equal(t, "900", got.header.Get("Retry-After"))
	s.Clock.Advance(16 * time.Minute)
	_, got = s.signIn("noc", secret, "")
	require.Equal(t, http.StatusNoContent, got.status, "a quarter of an hour later it is open again")
}

// TestKeysAreOfTheirOwner makes a key with some permissions, uses it, and ends it: it may no more than it has, and nobody else ends it.
func TestKeysAreOfTheirOwner(t *testing.T) {
	t.Parallel()
	s := serve(t)
	require.NoError(t, s.Gate.SetPassword(t.Context(), "operator", secret, ""))
	require.NoError(t, s.Gate.SetPassword(t.Context(), "noc", secret, ""))
	me, _ := s.signIn("operator", secret, "")
	other, _ := s.signIn("noc", secret, "")
	made := me.do(http.MethodPost, "/keys", map[string]any{"name": "bookkeeping", "scopes": []string{"money:read"}})
	require.Equal(t, http.StatusOK, made.status, made.text)
	key, _ := made.body["key"].(map[string]any)
	id, _ := key["id"].(string)
	word, _ := made.body["secret"].(string)
	by := func(method, path string) int {
		return s.ask(request{method, "/api/v1" + path, "", "", map[string]string{"Authorization": "Bearer " + word}}).status
	}
	require.Equal(t, http.StatusOK, by(http.MethodGet, "/accounts"))
	require.Equal(t, http.StatusForbidden, by(http.MethodGet, "/decks"))
	require.Equal(t, http.StatusForbidden, by(http.MethodPost, "/sums/rebuild"))
	require.NotContains(t, me.do(http.MethodGet, "/keys", nil).text, word, "it is told once")
	require.Equal(t, http.StatusNotFound, other.do(http.MethodDelete, "/keys/"+id, nil).status)
	more := other.do(http.MethodPost, "/keys", map[string]any{"name": "more", "scopes": []string{"money:write"}})
	require.Contains(t, []int{http.StatusForbidden, http.StatusUnprocessableEntity}, more.status, "a key has no more than its owner: %s", more.text)
	require.Equal(t, http.StatusNoContent, me.do(http.MethodDelete, "/keys/"+id, nil).status)
	require.Equal(t, http.StatusUnauthorized, by(http.MethodGet, "/accounts"))
}

// TestKeysOfOthersAreMadeByPeople makes a key for a user, as an operator who has signed in: a key makes none.
func TestKeysOfOthersAreMadeByPeople(t *testing.T) {
	t.Parallel()
	s := serve(t)
	require.NoError(t, s.Gate.SetPassword(t.Context(), "operator", secret, ""))
	me, _ := s.signIn("operator", secret, "")
	order := map[string]any{"name": "watch", "scopes": []string{"overview:read"}, "expires_at": s.Clock.Now().Add(time.Hour)}
	made := me.do(http.MethodPost, "/users/noc/keys", order)
	require.Equal(t, http.StatusOK, made.status, made.text)
	require.Contains(t, me.do(http.MethodGet, "/users/noc/keys", nil).text, `"name":"watch"`)
	require.Equal(t, http.StatusNotFound, me.do(http.MethodGet, "/users/nobody/keys", nil).status)
	require.Equal(t, http.StatusForbidden, s.post("/users/noc/keys", access.Operator, `{"name":"watch","scopes":["overview:read"]}`).status, "by a key")
	word, _ := made.body["secret"].(string)
	watch := request{http.MethodGet, "/api/v1/status", "", "", map[string]string{"Authorization": "Bearer " + word}}
	require.Equal(t, http.StatusOK, s.ask(watch).status)
	s.Clock.Advance(2 * time.Hour)
	require.Equal(t, http.StatusUnauthorized, s.ask(watch).status, "its time is over")
}

// TestPeopleAreAddedByALink adds somebody, changes them, and finds nobody who is not there.
func TestPeopleAreAddedByALink(t *testing.T) {
	t.Parallel()
	s := serve(t)
	added := s.post("/users", access.Operator, `{"login":"max","role":"manager","tenant":"acme"}`)
	require.Equal(t, http.StatusOK, added.status, added.text)
	require.Contains(t, added.text, "/welcome/")
	for says, body := range map[string]string{
		"no client": `{"login":"eva","role":"manager"}`, "another client": `{"login":"eva","role":"manager","tenant":"nobody"}`, "no role": `{"login":"eva","role":"king"}`, "twice": `{"login":"max","role":"noc"}`,
	} {
		got := s.post("/users", access.Operator, body)
		require.GreaterOrEqual(t, got.status, http.StatusBadRequest, says)
		require.Less(t, got.status, http.StatusInternalServerError, "%s: %s", says, got.text)
	}
	put := s.ask(request{http.MethodPut, "/api/v1/users/max", access.Operator, `{"login":"max","role":"manager","tenant":"acme","disabled":true}`, nil})
	require.Equal(t, http.StatusNoContent, put.status, put.text)
	require.Equal(t, true, s.get("/users/max", access.Auditor).body["disabled"])
	require.Equal(t, http.StatusNotFound, s.get("/users/nobody", access.Auditor).status)
	require.NotContains(t, s.get("/users", access.Auditor).text, "argon2", "no hash is told")
}

// TestPagesOfCalls goes through calls page by page: none is left out, none comes twice, and a cursor that is none is told.
func TestPagesOfCalls(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const many = 5
	for i := range many {
		id, err := calls.ParseID("0193812a-0000-7000-8000-00000000000" + strconv.Itoa(i+1))
		require.NoError(t, err)
		s.Rows.Legs = append(s.Rows.Legs, cdr.Record{Leg: cdr.Leg{Call: id, Kind: cdr.Ingress, Tenant: "acme", Branch: "berlin", Setup: memory.Begun().Add(-time.Duration(i) * time.Minute)}, Sign: 1})
	}
	seen, cursor, pages := make(map[any]bool), "", 0
	for {
		got := s.get("/calls?limit=2&cursor="+cursor, access.Manager)
		require.Equal(t, http.StatusOK, got.status, got.text)
		items, _ := got.body["items"].([]any)
		for _, one := range items {
			leg, _ := one.(map[string]any)
			require.False(t, seen[leg["call"]], "no call comes twice")
			seen[leg["call"]] = true
		}
		pages++
		if cursor, _ = got.body["next"].(string); cursor == "" {
			break
		}
	}
	require.Len(t, seen, many)
	require.Equal(t, 3, pages)
	for _, wrong := range []string{"x", "bm8", "LTEuLTE"} {
		got := s.get("/calls?cursor="+wrong, access.Manager)
		require.Equal(t, http.StatusUnprocessableEntity, got.status, wrong)
		require.Contains(t, got.text, "Cursor", wrong)
	}
	require.Equal(t, http.StatusUnprocessableEntity, s.get("/calls?filter=a+long+call", access.Manager).status)
	require.Equal(t, http.StatusBadRequest, s.get("/calls?limit=0", access.Manager).status)
}
