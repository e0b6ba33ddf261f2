//go:build browser

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/agent"
)

// TestPagesOperatorFromNothingToACall sets everything up in the pages, where nothing is, until a phone calls and the call is
// answered, rated and shown.
func TestPagesOperatorFromNothingToACall(t *testing.T) {
	gateway := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, gateway.Addr().String(), gateway.Addr().String(), "10")
	s.start() // Nothing is applied: the files beside are only sent as files.
	w := s.tab(t, chromium(t))
	secret, err := os.ReadFile(filepath.Join(s.dir, "var", "console.password"))
	require.NoError(t, err)
	w.signIn("operator", strings.TrimSpace(string(secret)))

	w.see("/tenants")
	require.Equal(t, http.StatusOK, w.press("First steps"))
	require.Equal(t, "0 / 8", w.text(".head .chip"))
	begin := func(n string) { // The button of a step.
		w.see("/setup")
		path := `(//main//section[.//h2[starts-with(normalize-space(), "` + n + `.")]]//a)[last()]`
		step(w, chromedp.Click(chromedp.Search(path)))
		step(w, chromedp.WaitVisible(chromedp.CSS(`main form button.main`)))
	}
	begin("1")
	w.fill("name", "Test Telecom", "realm", "pbx.test")
	w.done("Save")
	begin("2")
	w.fill("id", "alfa", "currency", "EUR")
	step(w, chromedp.SetUploadFiles(chromedp.CSS("[name=upload]"), []string{filepath.Join(s.dir, "alfa.csv")}))
	w.done("Save")
	begin("3")
	w.fill("id", "alfa", "currency", "EUR", "deck", "alfa")
	w.done("Save")
	begin("4")
	w.fill("id", "alfa-1", "carrier", "alfa", "address", gateway.Addr().String())
	w.done("Save")
	begin("5")
	w.fill("id", "all")
	step(w, chromedp.Click(chromedp.CSS("[name=default]")))
	w.done("Save")
	begin("6")
	w.fill("id", "plain", "country", "49")
	w.done("Save")
	begin("7")
	w.fill("id", "retail", "text", "currency: EUR\ndecks:\n  - name: world\n    rates: [{prefix: \"49\", destination: Germany, rate: six}]\n")
	require.Equal(t, http.StatusUnprocessableEntity, w.press("Save"), "a tariff that cannot be read changes nothing")
	require.Contains(t, w.text(".faults"), "six")
	tariff, err := os.ReadFile(filepath.Join(s.dir, "retail.yaml"))
	require.NoError(t, err)
	w.fill("text", string(tariff))
	w.done("Save")
	begin("8")
	w.fill("id", "acme", "name", "Acme", "time_zone", "Europe/Berlin", "currency", "EUR", "account.mode", "postpaid", "account.credit", "1000",
		"tariff", "retail", "dial_plan", "plain")
	w.done("Save")
	require.Equal(t, "8 / 8", w.text(".head .chip"))

	require.Equal(t, http.StatusOK, w.press("acme"), "the client's own six steps")
	require.Equal(t, http.StatusOK, w.press("New branch"))
	w.fill("id", "berlin", "name", "Berlin")
	w.done("Save")
	require.Equal(t, http.StatusOK, w.press("New employee"))
	w.fill("id", "101", "name", "Eva", "branch", "berlin", "password", "secret")
	w.done("Save")
	w.see("/tenants/acme/numbers/_new?back=/setup/acme")
	w.fill("id", "+4930100", "branch", "berlin", "extension", "101")
	w.done("Save")
	require.Equal(t, "6 / 6", w.text(".head .chip"))
	w.fill("dialled", "+4915112345678")
	require.Equal(t, http.StatusOK, w.press("Simulate"))
	require.Contains(t, w.text("main"), "would be placed")
	require.Contains(t, w.text("main"), "alfa-1")

	require.Eventually(t, func() bool {
		status, err := phone(t).Register(t.Context(), s.account("acme-101"), 60)
		return err == nil && status == http.StatusOK
	}, 10*time.Second, 100*time.Millisecond)
	out, err := phone(t).Dial(t.Context(), s.account("acme-101"), agent.Call{To: "+4915112345678", Talk: 1500 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.Status)
	require.Eventually(t, func() bool {
		w.see("/calls")
		return strings.Contains(w.text("main table"), "Germany mobile")
	}, 60*time.Second, 300*time.Millisecond)
	require.Contains(t, w.text("main tbody tr"), "0.30", "two seconds at 9 a minute")
	step(w, chromedp.Click(chromedp.CSS("main tbody a")))
	step(w, chromedp.WaitVisible(chromedp.CSS("main dl.facts")))
	require.Contains(t, w.text("main"), "How the price was made")
	require.Contains(t, w.text("main"), "Germany mobile")
	s.sums()
	w.quiet()
}
