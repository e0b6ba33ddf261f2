package api_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/api"
)

const topUp = `{"purpose":"top_up","amount":"10","key":"bank-1","reason":"invoice 7"}`

func pay(key, body string, as access.Role) request {
	return request{http.MethodPost, "/api/v1/tenants/acme/payments", as, body, map[string]string{"Idempotency-Key": key}}
}

// TestWritesTakeEffectOnce sends the same write again, and others under its key.
func TestWritesTakeEffectOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	first := s.ask(pay("k1", topUp, access.Accountant))
	require.Less(t, first.status, 300, first.text)
	for name, c := range map[string]struct {
		r        request
		status   int
		posted   int // Beyond the first.
		replayed bool
	}{
		"the same again":           {pay("k1", topUp, access.Accountant), first.status, 0, true},
		"another body":             {pay("k1", `{"purpose":"top_up","amount":"11","key":"bank-1","reason":"invoice 7"}`, access.Accountant), http.StatusUnprocessableEntity, 0, false},
		"by somebody else":         {pay("k1", topUp, access.Operator), first.status, 1, false},
		"under another key":        {pay("k2", topUp, access.Accountant), first.status, 1, false},
		"without a key":            {pay("", topUp, access.Accountant), first.status, 1, false},
		"by whoever may not":       {pay("k1", topUp, access.NOC), http.StatusForbidden, 0, false},
		"by nobody":                {pay("k1", topUp, ""), http.StatusUnauthorized, 0, false},
		"a read is asked as often": {request{http.MethodGet, "/api/v1/accounts", access.Accountant, "", map[string]string{"Idempotency-Key": "k1"}}, http.StatusOK, 0, false},
	} {
		before := len(s.Rows.Done())
		got := s.ask(c.r)
		require.Equal(t, c.status, got.status, "%s: %s", name, got.text)
		require.Len(t, s.Rows.Done(), before+c.posted, name)
		require.Equal(t, c.replayed, got.header.Get("Idempotent-Replayed") == "true", name)
		if c.replayed {
			require.Equal(t, first.text, got.text)
		}
	}
}

// TestWritesInProgress refuses the same write while the first is being answered, and lets it be tried again when that failed.
func TestWritesInProgress(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.ask(pay("k1", topUp, access.Accountant))
	for key, was := range s.answers.kept {
		s.answers.kept[key] = api.StoredResponse{Request: was.Request} // It is not answered yet.
	}
	require.Equal(t, http.StatusConflict, s.ask(pay("k1", topUp, access.Accountant)).status)
	s.answers.down = errors.New("no connection")
	got := s.ask(pay("k9", topUp, access.Accountant))
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.NotContains(t, got.text, "no connection", "what is ours is for the log")
	s.answers.down = nil
	require.Less(t, s.ask(pay("k9", topUp, access.Accountant)).status, 300)
}

// TestEntityTags changes a document by what was read of it (RFC 9110, section 13.1).
func TestEntityTags(t *testing.T) {
	t.Parallel()
	const path, body = "/api/v1/carriers/alfa", `{"id":"alfa","currency":"EUR","deck":"alfa","name":"Alfa"}`
	s := serve(t)
	tag := s.ask(request{http.MethodGet, path, access.Operator, "", nil}).header.Get("ETag")
	require.NotEmpty(t, tag)
	for _, c := range []struct {
		name, path string
		headers    map[string]string
		status     int
	}{
		{"it is to be new", path, map[string]string{"If-None-Match": "*"}, http.StatusPreconditionFailed},
		{"an old reading", path, map[string]string{"If-Match": `"0123456789abcdef"`}, http.StatusPreconditionFailed},
		{"only to look", path + "?dry_run=true", map[string]string{"If-Match": tag}, http.StatusOK},
		{"as it was read", path, map[string]string{"If-Match": tag}, http.StatusOK},
		{"as it was read, again", path, map[string]string{"If-Match": tag}, http.StatusPreconditionFailed},
		{"whatever it is", path, nil, http.StatusOK},
	} {
		got := s.ask(request{http.MethodPut, c.path, access.Operator, body, c.headers})
		require.Equal(t, c.status, got.status, "%s: %s", c.name, got.text)
	}
}
