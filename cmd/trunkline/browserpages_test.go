//go:build browser

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// at says what a page asks for. The addresses are those of the system that house sets up.
type at struct {
	need  access.Permission
	staff bool // Clients' people get nothing there.
	whose string // Tenant that it is of; empty: everybody's own view.
}

// everyPage are all pages there are, by address. {call} is a call of acme.
func everyPage() map[string]at {
	out := map[string]at{
		"/": {need: access.OwnAccess}, "/me": {need: access.OwnAccess},
		"/live": {need: access.ReadLive}, "/health": {need: access.ReadOverview},
		"/calls": {need: access.ReadCalls}, "/calls?attempts=on": {need: access.ReadCalls, staff: true}, "/calls.csv": {need: access.ReadCalls}, "/calls.xlsx": {need: access.ReadCalls},
		"/calls/{call}": {need: access.ReadCalls, whose: "acme"}, "/calls?tenant=acme": {need: access.ReadCalls, whose: "acme"},
		"/statistics": {need: access.ReadStats}, "/statistics.csv": {need: access.ReadStats}, "/statistics.xlsx": {need: access.ReadStats},
		"/statistics?tenant=acme": {need: access.ReadStats, whose: "acme"}, "/statistics?side=attempts&by=carrier": {need: access.ReadCost, staff: true},
		"/dead": {need: access.ReadDead},
		"/tenants": {need: access.ReadTenants, staff: true}, "/numbers": {need: access.ReadTenants},
		"/setup": {need: access.ReadPrices, staff: true}, "/setup/acme": {need: access.ReadRouting, staff: true}, "/simulator": {need: access.ReadRouting},
		"/settings": {need: access.ReadRouting}, "/carriers": {need: access.ReadRouting}, "/carriers/alfa": {need: access.ReadRouting},
		"/gateways": {need: access.ReadRouting}, "/gateways/alfa-1": {need: access.ReadRouting},
		"/route-plans": {need: access.ReadRouting}, "/route-plans/all": {need: access.ReadRouting},
		"/dial-plans": {need: access.ReadRouting}, "/dial-plans/plain": {need: access.ReadRouting},
		"/tariffs": {need: access.ReadPrices}, "/tariffs/retail": {need: access.ReadPrices}, "/tariffs/retail/file": {need: access.ReadPrices},
		"/decks": {need: access.ReadPrices}, "/decks/alfa": {need: access.ReadPrices}, "/decks/alfa/file": {need: access.ReadPrices},
		"/limits": {need: access.ReadLimits}, "/limits?tenant=acme": {need: access.ReadLimits, whose: "acme"},
		"/accounts": {need: access.ReadMoney}, "/accounts/acme": {need: access.ReadMoney, whose: "acme"},
		"/expenses": {need: access.ReadInvoices}, "/expenses?tenant=acme": {need: access.ReadInvoices, whose: "acme"},
		"/invoices": {need: access.ReadInvoices}, "/close": {need: access.WriteInvoices},
		"/users": {need: access.ReadUsers}, "/users/olga": {need: access.ReadUsers}, "/audit": {need: access.ReadAudit}, "/alerts": {need: access.ReadAlerts},
	}
	for _, part := range []string{"branches/berlin", "extensions/101", "numbers/4930100"} {
		out["/tenants/acme/"+part] = at{need: access.ReadTenants, whose: "acme"}
	}
	for _, tab := range []string{"", "?tab=branches", "?tab=extensions", "?tab=numbers", "?tab=trunks", "?tab=groups"} {
		out["/tenants/acme"+tab] = at{need: access.ReadTenants, whose: "acme"}
	}
	for _, kind := range []string{"tenants", "carriers", "gateways", "route-plans", "dial-plans"} {
		out["/"+kind+"/_new"] = at{need: access.WriteTenants, staff: true}
	}
	for _, kind := range []string{"tariffs", "decks"} {
		out["/"+kind+"/_new"] = at{need: access.WritePrices, staff: true}
	}
	out["/decks/alfa/import"] = at{need: access.WritePrices, staff: true}
	return out
}

// people signs somebody of every role in. Whoever belongs to a client belongs to poor, or to a branch of acme.
func people(t *testing.T, d *door) map[access.Role]*browser {
	t.Helper()
	out := make(map[access.Role]*browser)
	for role, login := range map[access.Role]string{
		access.Operator: "olga", access.NOC: "nora", access.Accountant: "anna", access.Auditor: "udo", access.Manager: "max", access.BranchManager: "bea",
	} {
		out[role] = d.browser()
		out[role].post(d.base+"/sign-in", http.StatusSeeOther, "login", login, "password", password)
	}
	return out
}

// TestEveryPageForEveryRole asks for all pages as everybody.
func TestEveryPageForEveryRole(t *testing.T) {
	_, local, _ := house(t)
	call := callOf(t, local, "acme")
	stranger := local.browser()
	for role, b := range people(t, local) {
		for address, p := range everyPage() {
			path := strings.ReplaceAll(address, "{call}", call)
			got := b.send(http.MethodGet, b.d.base+path, "", nil)
			switch {
			case !role.May(p.need), p.staff && role.OfTenant():
				require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, got.status, "%s for %s", path, role)
			case role == access.Manager && p.whose == "acme":
				require.Equal(t, http.StatusNotFound, got.status, "%s of another company for %s", path, role)
			case got.status == http.StatusSeeOther: // Each role begins with what it works with.
				require.Contains(t, []string{"/", "/accounts"}, path, "%s for %s", path, role)
			case role == access.BranchManager && p.whose == "acme":
				require.Contains(t, []int{http.StatusOK, http.StatusNotFound}, got.status, "%s for %s", path, role)
				require.NotContains(t, string(got.body), "Berlin", "%s of another branch", path)
			default:
				require.Equal(t, http.StatusOK, got.status, "%s for %s", path, role)
			}
			if role.OfTenant() {
				for _, word := range []string{"alfa", "beta-1"} {
					require.NotContains(t, string(got.body), word, "%s for %s", path, role)
				}
			}
			require.Equal(t, http.StatusSeeOther, stranger.send(http.MethodGet, stranger.d.base+path, "", nil).status, "%s without signing in", path)
		}
		require.Equal(t, http.StatusNotFound, b.send(http.MethodGet, b.d.base+"/nonsense", "", nil).status)
	}
}

// callOf is the id of a call of a tenant.
func callOf(t *testing.T, d *door, tenant string) string {
	t.Helper()
	var calls struct{ Items []struct{ Call string } }
	d.do(http.MethodGet, "/calls?tenant="+tenant, nil).json(t, &calls)
	require.NotEmpty(t, calls.Items)
	return calls.Items[0].Call
}

// finding is something that axe found.
type finding struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"`
}

const axeRun = `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) => ({id: v.id, impact: v.impact, help: v.help,
	nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + " " + (n.any[0]?.message ?? ""))})))`

// TestEveryPageLooksRight opens every page wide and narrow, light and dark: none is wider than its window, none has a
// serious fault for those who do not see or use a mouse, and pictures of all are kept.
func TestEveryPageLooksRight(t *testing.T) {
	s, local, _ := house(t)
	axe, err := os.ReadFile(filepath.Join("..", "..", "node_modules", "axe-core", "axe.min.js"))
	require.NoError(t, err)
	call := callOf(t, local, "acme")
	chrome := chromium(t)
	dir := t.ArtifactDir()
	t.Logf("pictures of the pages are in %s", dir)
	look := func(w *tab, who string, list map[string]at) {
		for _, theme := range []string{"light", "dark"} {
			w.theme(theme)
			for address := range list {
				if strings.HasSuffix(address, "/file") || strings.HasSuffix(address, ".csv") || strings.HasSuffix(address, ".xlsx") {
					continue
				}
				path := strings.ReplaceAll(address, "{call}", call)
				for _, width := range []int64{1440, 390} {
					w.size(width, 900)
					if !looked(w, path) {
						continue
					}
					wide := step(w, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`))
					if wide > 0 {
						t.Errorf("%s for %s is %d pixels wider than a window of %d", path, who, wide, width)
					}
					picture := step(w, chromedp.FullScreenshot(100))
					name := who + strings.NewReplacer("/", "_", "?", "_", "&", "_", "=", "-", call, "call").Replace(path) + "-" + strconv.FormatInt(width, 10) + "-" + theme + ".png"
					require.NoError(t, os.WriteFile(filepath.Join(dir, name), picture, 0o600))
				}
				step(w, chromedp.Evaluate[any](string(axe)+"; null"))
				for _, f := range step(w, chromedp.Evaluate[[]finding](axeRun, chromedp.EvalAwaitPromise)) {
					if f.Impact == "serious" || f.Impact == "critical" {
						t.Errorf("%s for %s, %s: %s (%s): %s", path, who, theme, f.Help, f.ID, strings.Join(f.Nodes, "\n\t"))
					}
				}
			}
		}
		w.quiet("xss")
	}
	door := s.tab(t, chrome)
	look(door, "nobody", map[string]at{"/sign-in": {}, "/welcome/none": {}})
	w := s.tab(t, chrome)
	w.signIn("olga", password)
	look(w, "operator", everyPage())
	mine := make(map[string]at)
	for address, p := range everyPage() {
		if access.Manager.May(p.need) && !p.staff && p.whose == "" {
			mine[address] = p
		}
	}
	mine["/employees"] = at{}
	m := s.tab(t, chrome)
	m.signIn("max", password)
	look(m, "manager", mine)
}

// looked opens a page and waits until its charts are drawn.
func looked(w *tab, path string) bool {
	w.t.Helper()
	status := w.open(path)
	if status >= http.StatusInternalServerError {
		w.t.Errorf("%s: %d", path, status)
		return false
	}
	step(w, chromedp.Poll[any](`[...document.querySelectorAll("[data-chart]")].every((e) => e.querySelector("svg"))`))
	return true
}
