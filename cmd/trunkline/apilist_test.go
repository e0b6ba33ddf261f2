package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// doubtful is a list that leaves two questions open, and has a faulty line.
const doubtful = "Prefix;Ziel;Preis A;Preis B;Gültig ab\n4915;Germany mobile;1,0;2,0;01/12/2026\n4916;Germany mobile;1,5;2,5;02/12/2026\n4917;Germany mobile;x;y;02/12/2026\n"

// TestAListIsAnsweredOverTheAPI asks, answers, takes the good lines, and writes versions and sheets, as the command line does.
func TestAListIsAnsweredOverTheAPI(t *testing.T) {
	t.Parallel()
	s := listedTariff(t)
	op := s.door(t).person("olga", access.Operator, "", "")
	sent := op.upload("/tariffs/retail/imports?mode=update", doubtful)
	require.Equal(t, http.StatusOK, sent.status, "%s", sent.body)
	var compared struct {
		Upload, Refused string
		Faulty          int
		Summary         map[string]int
		Reading         struct {
			Columns   []struct{ Heading, Used, Why string }
			Questions []struct{ About string }
		}
	}
	sent.json(t, &compared)
	require.Len(t, compared.Reading.Questions, 2, "which price, and which date")
	require.NotEmpty(t, compared.Refused)
	list := "/tariffs/retail/imports/" + compared.Upload
	require.Equal(t, http.StatusUnprocessableEntity, op.do(http.MethodPost, list+"/apply?mode=update", nil).status, "nobody guesses")
	said := "?mode=update&dates=dmy&column=" + url.QueryEscape("rate=Preis B")
	op.do(http.MethodPost, list+"/compare"+said, nil).json(t, &compared)
	require.Empty(t, compared.Reading.Questions)
	require.Equal(t, "not used", map[bool]string{true: "not used"}[compared.Reading.Columns[2].Used == "" && compared.Reading.Columns[2].Why != ""], "what is left is named")
	require.Equal(t, 1, compared.Faulty)
	rejected := op.do(http.MethodGet, list+"/rejected"+said, nil)
	require.Contains(t, string(rejected.body), "line,reason,Prefix,Ziel,Preis A,Preis B,Gültig ab\n4,")
	require.Equal(t, http.StatusUnprocessableEntity, op.do(http.MethodPost, list+"/apply"+said, nil).status, "a faulty line stops all")
	require.Equal(t, http.StatusNoContent, op.do(http.MethodPost, list+"/apply"+said+"&partial=true", nil).status)
	sheet := op.do(http.MethodGet, "/tariffs/retail/sheet?at=2099-01-01T00:00:00Z&decimal=%2C&columns="+url.QueryEscape("Code=prefix,Price=rate"), nil)
	require.Contains(t, string(sheet.body), "Code,Price\n49,6\n4915,2\n4916,\"2,5\"\n")
	require.Equal(t, http.StatusOK, op.do(http.MethodGet, "/tariffs/retail/sheet?format=xlsx", nil).status)
	require.Equal(t, http.StatusUnprocessableEntity, op.do(http.MethodGet, "/tariffs/retail/sheet?columns=nothing", nil).status)
	var versions struct{ Items []struct{ Revision int64 } }
	op.do(http.MethodGet, "/tariffs/retail/versions", nil).json(t, &versions)
	require.Len(t, versions.Items, 2)
	require.Equal(t, http.StatusNoContent, op.do(http.MethodPost, "/tariffs/retail/undo?revision=1", nil).status)
	require.Equal(t, http.StatusUnprocessableEntity, op.do(http.MethodPost, list+"/compare?unit=parsec", nil).status)
}

// TestAListIsAnsweredAtThePages sees headings and samples beside the choices, answers, and puts the list in force.
func TestAListIsAnsweredAtThePages(t *testing.T) {
	t.Parallel()
	local := listedTariff(t).door(t)
	local.person("olga", access.Operator, "", "")
	b := local.browser()
	b.form("/sign-in", url.Values{"login": {"olga"}, "password": {password}})
	text := strings.ReplaceAll(doubtful, "4917;Germany mobile;x;y;02/12/2026\n", "")
	page := b.form("/tariffs/retail/import", url.Values{"mode": {"update"}}, "file", text)
	shown := b.until(page, "What the list leaves open")
	require.Contains(t, shown, "Preis A")
	require.Contains(t, shown, `name="use_4"`)
	require.NotContains(t, shown, ">Apply<", "nothing can be put in force before")
	answered := page + "&use_1=prefix&use_2=destination&use_3=&use_4=rate&use_5=effective_from&dates=dmy"
	require.Contains(t, b.until(answered, ">Apply<"), "2.5")
	require.Equal(t, "/tariffs/retail", strings.SplitN(b.form(answered, url.Values{"mode": {"update"}}), "?", 2)[0])
	b.until("/tariffs/retail/import", "Go back to it")
	b.until("/tariffs/retail/sheet?whole=on&at=2099-01-01T00:00", "4916")
}
