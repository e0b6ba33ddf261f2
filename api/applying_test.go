package api_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// operatorFile is a file with one carrier that takes so many calls, and its prices.
func operatorFile(t *testing.T, calls string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range map[string]string{
		"operator.yaml": "realm: pbx.test\ndecks: [{id: beta, file: beta.csv, currency: EUR}]\ncarriers: [{id: beta, currency: EUR, deck: beta, max_calls: " + calls + "}]\n",
		"beta.csv":      "prefix,destination,rate\n49,Germany,0.02\n",
	} {
		f, err := w.Create(name)
		require.NoError(t, err)
		_, err = f.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String()
}

func (s *served) apply(as access.Role, body string, query ...string) answer {
	s.t.Helper()
	q := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		q.Add(query[i], query[i+1])
	}
	return s.ask(request{http.MethodPost, "/api/v1/operator-file?" + q.Encode(), as, body, map[string]string{"Content-Type": "application/octet-stream"}})
}

// TestAnOperatorsFileIsApplied sends one as it is meant: first only to look, then to apply, then again.
func TestAnOperatorsFileIsApplied(t *testing.T) {
	t.Parallel()
	s := serve(t)
	dry := s.apply(access.Operator, operatorFile(t, "5"), "dry_run", "true", "overwrite", "all")
	require.Equal(t, http.StatusOK, dry.status, dry.text)
	require.Equal(t, false, dry.body["applied"])
	require.Contains(t, dry.text, `"action":"create","kind":"carrier","id":"beta"`)
	require.Equal(t, []any{"beta.csv"}, dry.body["files"])
	require.Equal(t, http.StatusNotFound, s.ask(request{http.MethodGet, "/api/v1/carriers/beta", access.Operator, "", nil}).status, "nothing is stored")

	done := s.apply(access.Operator, operatorFile(t, "5"), "overwrite", "all")
	require.Equal(t, http.StatusOK, done.status, done.text)
	require.Equal(t, true, done.body["applied"])
	require.Equal(t, http.StatusOK, s.ask(request{http.MethodGet, "/api/v1/carriers/beta", access.Operator, "", nil}).status)

	again := s.apply(access.Operator, operatorFile(t, "5"))
	require.Equal(t, http.StatusOK, again.status, again.text)
	require.Empty(t, again.body["changes"])
	require.Equal(t, done.body["revision"], again.body["revision"])
	for _, role := range access.Roles()[1:] {
		require.Equal(t, http.StatusForbidden, s.apply(role, operatorFile(t, "6")).status, role)
	}
}

// TestConflictsOfAFileAreFaults refuses what was changed at another place too, names it, and takes the choice.
func TestConflictsOfAFileAreFaults(t *testing.T) {
	t.Parallel()
	s := serve(t)
	require.Equal(t, http.StatusOK, s.apply(access.Operator, operatorFile(t, "5"), "overwrite", "all").status)
	put := s.ask(request{http.MethodPut, "/api/v1/carriers/beta", access.Operator, `{"currency":"EUR","deck":"beta","max_calls":7}`, nil})
	require.Less(t, put.status, 300, put.text)

	look := s.apply(access.Operator, operatorFile(t, "9"), "dry_run", "true")
	require.Equal(t, http.StatusOK, look.status, "a dry run tells of them")
	require.Contains(t, look.text, `"name":"carrier/beta"`)
	refused := s.apply(access.Operator, operatorFile(t, "9"))
	require.Equal(t, http.StatusConflict, refused.status, refused.text)
	require.Equal(t, "urn:trunkline:changed-meanwhile", refused.body["type"])
	faults, _ := refused.body["faults"].([]any)
	require.Len(t, faults, 1)
	fault, _ := faults[0].(map[string]any)
	require.Equal(t, "carrier/beta", fault["field"])
	require.Contains(t, fault["remedy"], "overwrite=carrier/beta")

	kept := s.apply(access.Operator, operatorFile(t, "9"), "keep", "carrier/beta")
	require.Equal(t, http.StatusOK, kept.status, kept.text)
	require.Equal(t, []any{"carrier/beta"}, kept.body["kept"])
	taken := s.apply(access.Operator, operatorFile(t, "9"), "overwrite", "carrier/beta")
	require.Equal(t, http.StatusOK, taken.status, taken.text)
	require.Contains(t, s.ask(request{http.MethodGet, "/api/v1/carriers/beta", access.Operator, "", nil}).text, `"max_calls":9`)
}

// TestFaultsOfAFile names what is wrong with what was sent; nothing of it is stored.
func TestFaultsOfAFile(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for name, c := range map[string]struct{ body, field, says string }{
		"an unknown field":    {"realm: a.test\ncolour: red\n", "", "colour"},
		"no realm":            {"name: Us\n", "realm", "is empty"},
		"a list that is gone": {"realm: a.test\ndecks: [{id: beta, file: gone.csv, currency: EUR}]\n", "decks[0].file", "not sent"},
	} {
		got := s.apply(access.Operator, c.body)
		require.Equal(t, http.StatusUnprocessableEntity, got.status, "%s: %s", name, got.text)
		require.Contains(t, got.text, c.says, name)
		if c.field != "" {
			require.Contains(t, got.text, `"field":"`+c.field+`"`, name)
		}
	}
	large := s.apply(access.Operator, strings.Repeat("x", 65<<20))
	require.Equal(t, http.StatusRequestEntityTooLarge, large.status)
	left, err := s.Setup.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), left.Revision)
}
