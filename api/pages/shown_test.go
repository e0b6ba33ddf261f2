package pages_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/api"
	"trunkline/api/pages"
	"trunkline/console/memory"
)

var example = sync.OnceValues(func() (*memory.Setup, error) { return memory.Example(context.Background()) })

// What all sites share is read once.
var (
	press     = sync.OnceValues(pages.NewPress)
	described = sync.OnceValues(func() (*api.Description, error) { return api.Describe(context.Background()) })
)

// browser is somebody at the pages of a house in memory.
type browser struct {
	t       *testing.T
	house   *memory.House
	address string
	cookie  string
}

// site serves pages, and returns a browser that nobody has signed in at.
func site(t *testing.T) *browser {
	t.Helper()
	setup, err := example()
	require.NoError(t, err)
	h := memory.New(setup)
	t.Cleanup(h.Desk.Close)
	log := slog.New(slog.DiscardHandler)
	printer, err := press()
	require.NoError(t, err)
	description, err := described()
	require.NoError(t, err)
	shown, err := pages.New(pages.Options{Press: printer, Console: h.Console, Gate: h.Gate, Clock: h.Clock, Log: log, Brand: func(string, string) pages.Brand { return pages.Brand{Name: "Example"} }})
	require.NoError(t, err)
	server, err := api.Open(t.Context(), api.Options{
		Description: description,
		Listen:      "127.0.0.1:0", Console: h.Console, Gate: h.Gate, Pages: shown, Metrics: prometheus.NewRegistry(), Clock: h.Clock, Log: log,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	return &browser{t: t, house: h, address: "http://" + server.Addr()}
}

// as is the browser of somebody of a role, whom their mail has proved.
func (b *browser) as(role access.Role) *browser {
	b.t.Helper()
	u := access.User{Login: strings.ReplaceAll(string(role), "_", "-"), Email: string(role) + "@example.com", Role: role, Language: "en"}
	if role.OfTenant() {
		u.Tenant = "acme"
	}
	if role == access.BranchManager {
		u.Branch = "berlin"
	}
	require.NoError(b.t, b.house.Gate.Add(b.t.Context(), u))
	token, _, err := b.house.Gate.Vouched(b.t.Context(), u.Email, "test", "test")
	require.NoError(b.t, err)
	out := *b
	out.cookie = "trunkline_session=" + token
	return &out
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	return b.send(http.MethodGet, path, nil)
}

func (b *browser) send(method, path string, form url.Values) (int, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.address+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	req.Header.Set("Accept", "text/html")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.cookie != "" {
		req.Header.Set("Cookie", b.cookie)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	require.NoError(b.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	return res.StatusCode, string(text)
}

// TestMenusAndPages opens, as every role, every page that anybody's menu leads to: what one's own menu leads to is there, and what it does not
// lead to is refused to those who know the address.
func TestMenusAndPages(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`<a[^>]* href="(/[a-z-]*)"`)
	b := site(t)
	menus, all := make(map[access.Role][]string), []string{}
	browsers := make(map[access.Role]*browser)
	for _, role := range access.Roles() {
		browsers[role] = b.as(role)
		status, text := browsers[role].get("/calls")
		require.Equal(t, http.StatusOK, status, role)
		_, menu, _ := strings.Cut(text, "<nav")
		menu, _, _ = strings.Cut(menu, "</nav>")
		for _, m := range link.FindAllStringSubmatch(menu, -1) {
			menus[role], all = append(menus[role], m[1]), append(all, m[1])
		}
		require.Greater(t, len(menus[role]), 5, role)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	require.Greater(t, len(all), 20)
	for _, role := range access.Roles() {
		for _, path := range all {
			status, text := browsers[role].get(path)
			if slices.Contains(menus[role], path) { // Some lead on to the only one that there is to see.
				require.Contains(t, []int{http.StatusOK, http.StatusSeeOther}, status, "%s at %s: %s", role, path, text)
			} else {
				require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound, http.StatusSeeOther}, status, "%s at %s", role, path)
			}
			for _, secret := range []string{"gateway-secret", "trunk-Qs7-mWx2", "vPq7-mWx2-Tz"} {
				require.NotContains(t, text, secret, "%s at %s", role, path)
			}
		}
	}
}

// TestPagesOfDocuments shows what is set up to those who may see it.
func TestPagesOfDocuments(t *testing.T) {
	t.Parallel()
	b := site(t)
	browsers := make([]*browser, 0, len(access.Roles()))
	for _, role := range access.Roles() {
		browsers = append(browsers, b.as(role))
	}
	for path, want := range map[string]string{ // For the roles in their order: y it is shown, n refused, - not found.
		"/tenants/acme": "yyyyyy", "/tenants/other": "yyyy--", "/tenants/nobody": "------", "/carriers/alfa": "yynynn", "/gateways/alfa-1": "yynynn", "/decks/alfa": "ynyynn",
		"/tariffs/retail": "ynyynn", "/route-plans/all": "yynynn",
	} {
		for i, role := range access.Roles() {
			status, text := browsers[i].get(path)
			require.Equal(t, map[byte]int{'y': http.StatusOK, 'n': http.StatusForbidden, '-': http.StatusNotFound}[want[i]], status, "%s at %s", role, path)
			require.NotContains(t, text, "gateway-secret")
			if role == access.NOC && status == http.StatusOK {
				for _, price := range []string{"1000", "retail"} {
					require.NotContains(t, text, price, "%s at %s", role, path)
				}
			}
		}
	}
}

// TestNobody is led to the door, from wherever they come.
func TestNobody(t *testing.T) {
	t.Parallel()
	b := site(t)
	for path, want := range map[string]int{
		"/": http.StatusSeeOther, "/calls": http.StatusSeeOther, "/tenants/acme": http.StatusSeeOther, "/sign-in": http.StatusOK, "/forgot": http.StatusOK,
		"/welcome/guess": http.StatusNotFound, "/brand.css": http.StatusOK, "/brand/logo": http.StatusNotFound,
	} {
		status, _ := b.get(path)
		require.Equal(t, want, status, path)
	}
	status, text := b.send(http.MethodPost, "/sign-in", url.Values{"login": {"nobody"}, "password": {"guess"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.NotContains(t, text, "guess", "what was typed is not shown again")
}

// TestWelcome chooses a password by a link, once, and signs in with it.
func TestWelcome(t *testing.T) {
	t.Parallel()
	b := site(t)
	require.NoError(t, b.house.Gate.Add(t.Context(), access.User{Login: "anna", Role: access.Operator}))
	token, err := b.house.Gate.Welcome(t.Context(), "anna")
	require.NoError(t, err)
	status, text := b.get("/welcome/" + token)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "anna")
	short := url.Values{"password": {"short"}, "again": {"short"}}
	status, _ = b.send(http.MethodPost, "/welcome/"+token, short)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	good := url.Values{"password": {"correct horse battery"}, "again": {"correct horse battery"}}
	status, _ = b.send(http.MethodPost, "/welcome/"+token, good)
	require.Equal(t, http.StatusSeeOther, status)
	status, _ = b.get("/welcome/" + token)
	require.Equal(t, http.StatusNotFound, status)
	status, _ = b.send(http.MethodPost, "/sign-in", url.Values{"login": {"anna"}, "password": {"correct horse battery"}})
	require.Equal(t, http.StatusSeeOther, status)
}
