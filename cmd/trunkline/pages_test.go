package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// at says what a page asks for. The addresses are those of the system that house sets up.
type at struct {
	need  access.Permission
	staff bool   // Clients' people get nothing there.
	whose string // Tenant that it is of; empty: everybody's own view.
	gone  bool   // There is none of it.
}

// everyPage are all pages there are, by address. {call} is a call of acme.
func everyPage() map[string]at {
	out := map[string]at{
		"/": {need: access.OwnAccess}, "/me": {need: access.OwnAccess},
		"/live": {need: access.ReadLive}, "/health": {need: access.ReadOverview},
		"/calls": {need: access.ReadCalls}, "/calls?attempts=on": {need: access.ReadCalls}, "/calls.csv": {need: access.ReadCalls}, "/calls.xlsx": {need: access.ReadCalls},
		"/calls/{call}": {need: access.ReadCalls, whose: "acme"}, "/calls?tenant=acme": {need: access.ReadCalls, whose: "acme"},
		"/statistics": {need: access.ReadStats}, "/statistics.csv": {need: access.ReadStats}, "/statistics.xlsx": {need: access.ReadStats},
		"/statistics?tenant=acme": {need: access.ReadStats, whose: "acme"}, "/statistics?side=attempts&by=carrier": {need: access.ReadStats, staff: true},
		"/lines": {need: access.ReadStats}, "/lines.csv": {need: access.ReadStats}, "/lines.xlsx": {need: access.ReadStats}, "/lines?tenant=acme": {need: access.ReadStats, whose: "acme"},
		"/lines.csv?rows=hour": {need: access.ReadStats}, "/lines?tenant=acme&pbx=none": {need: access.ReadStats, gone: true},
		"/dead":    {need: access.ReadDead},
		"/imports": {need: access.ReadImports},
		"/tenants": {need: access.ReadTenants, staff: true}, "/numbers": {need: access.ReadTenants}, "/stock": {need: access.ReadTenants, staff: true},
		"/setup": {need: access.ReadRouting, staff: true}, "/setup/acme": {need: access.ReadRouting, staff: true}, "/simulator": {need: access.ReadRouting},
		"/settings": {need: access.ReadRouting}, "/carriers": {need: access.ReadRouting}, "/carriers/alfa": {need: access.ReadRouting},
		"/gateways": {need: access.ReadRouting}, "/gateways/alfa-1": {need: access.ReadRouting},
		"/route-plans": {need: access.ReadRouting}, "/route-plans/all": {need: access.ReadRouting},
		"/dial-plans": {need: access.ReadRouting}, "/dial-plans/plain": {need: access.ReadRouting},
		"/tariffs": {need: access.ReadPrices}, "/tariffs/retail": {need: access.ReadPrices}, "/tariffs/retail/file": {need: access.ReadPrices},
		"/decks": {need: access.ReadPrices}, "/decks/alfa": {need: access.ReadPrices}, "/decks/alfa/file": {need: access.ReadPrices},
		"/limits": {need: access.ReadLimits}, "/limits?tenant=acme": {need: access.ReadLimits, whose: "acme"},
		"/accounts": {need: access.ReadMoney}, "/accounts/acme": {need: access.ReadMoney, whose: "acme"},
		"/employees?tenant=acme": {need: access.ReadTenants, whose: "acme"}, "/find?q=x": {need: access.ReadCalls},
		"/decks/alfa/import/none": {need: access.WritePrices, gone: true}, "/invoices/none": {need: access.ReadInvoices, gone: true},
		"/invoices/none/file?format=pdf": {need: access.ReadInvoices, gone: true}, "/expenses/file?tenant=acme&month=2026-10&format=csv": {need: access.ReadInvoices, whose: "acme"},
		"/expenses": {need: access.ReadInvoices}, "/expenses?tenant=acme": {need: access.ReadInvoices, whose: "acme"},
		"/invoices": {need: access.ReadInvoices}, "/close": {need: access.WriteInvoices},
		"/users": {need: access.ReadUsers}, "/users/olga": {need: access.ReadUsers}, "/audit": {need: access.ReadAudit}, "/alerts": {need: access.ReadAlerts},
	}
	for address, need := range map[string]access.Permission{
		"/rerates": access.ReadCost, "/nodes": access.ReadOverview, "/retention": access.ReadRetention, "/erasure": access.WriteRetention, "/exchange": access.ReadPrices,
		"/schedules": access.ReadUsers, "/schedules/_new": access.WriteUsers, "/history": access.ReadAudit, "/history/tenant/acme": access.ReadAudit,
		"/history/gateway/alfa-1": access.ReadAudit, "/operator-file": access.WriteRouting,
	} {
		out[address] = at{need: need}
	}
	out["/incidents"], out["/profiles"], out["/books"] = at{need: access.ReadCost}, at{need: access.ReadInvoices, staff: true}, at{need: access.ReadMoney, staff: true}
	out["/profiles/acme"], out["/profiles/_operator"] = at{need: access.ReadInvoices, staff: true}, at{need: access.ReadInvoices, staff: true}
	out["/books/tenant/acme"], out["/books/carrier/alfa"] = at{need: access.ReadMoney, staff: true}, at{need: access.ReadCost}
	out["/schedules/none"] = at{need: access.ReadUsers, gone: true}
	out["/jobs"], out["/jobs/none"], out["/jobs/none/result"] = at{need: access.OwnJobs}, at{need: access.OwnJobs, gone: true}, at{need: access.OwnJobs, gone: true}
	for _, part := range []string{"branches/berlin", "extensions/101", "numbers/+4930100"} {
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
	out["/decks/alfa/import"], out["/tariffs/retail/import"] = at{need: access.WritePrices, staff: true}, at{need: access.WritePrices, staff: true}
	out["/tariffs/retail/import/none"] = at{need: access.WritePrices, gone: true}
	return out
}

// TestPagesAreAllAskedFor makes sure that no page is left out by the test of roles.
func TestPagesAreAllAskedFor(t *testing.T) {
	t.Parallel()
	doors := []string{"/api/docs", "/brand.css", "/brand/logo", "/forgot", "/sign-in", "/sign-in/oidc", "/welcome/:token", "/live/stream", "/now/stream", "/jobs/stream", "/jobs/:id/stream"}
	files, err := filepath.Glob(filepath.Join("..", "..", "api", "pages", "*.go"))
	require.NoError(t, err)
	registered := regexp.MustCompile(`"GET (/[^"]*)"(?: ?\+)?`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range registered.FindAllStringSubmatch(string(text), -1) {
			if strings.HasSuffix(m[0], "+") || slices.Contains(doors, m[1]) { // Those of all kinds alike, and those of nobody in particular.
				continue
			}
			like := regexp.MustCompile("^" + regexp.MustCompile(`:\w+`).ReplaceAllString(regexp.QuoteMeta(m[1]), `[^/?]+`) + `(\?|$)`)
			known := false
			for address := range everyPage() {
				known = known || like.MatchString(address)
			}
			assert.True(t, known, "%s of %s is asked for as every role", m[1], file)
		}
	}
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

// TestPagesEveryPageForEveryRole asks for all pages as everybody.
func TestPagesEveryPageForEveryRole(t *testing.T) {
	t.Parallel()
	_, local, _ := house(t)
	call := callOf(t, local, "acme")
	stranger := local.browser()
	for role, b := range people(t, local) {
		for address, p := range everyPage() {
			path := strings.ReplaceAll(address, "{call}", call)
			got := b.send(http.MethodGet, b.d.base+path, "", nil)
			switch {
			case !role.May(p.need), p.staff && role.OfTenant():
				assert.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, got.status, "%s for %s", path, role)
			case role == access.Manager && p.whose == "acme":
				assert.Equal(t, http.StatusNotFound, got.status, "%s of another company for %s", path, role)
			case p.gone:
				assert.Equal(t, http.StatusNotFound, got.status, "%s for %s", path, role)
			case got.status == http.StatusSeeOther: // Each role begins with what it works with.
				assert.Contains(t, []string{"/", "/accounts", "/find?q=x"}, path, "%s for %s", path, role)
			case role == access.BranchManager && p.whose == "acme":
				assert.Contains(t, []int{http.StatusOK, http.StatusNotFound}, got.status, "%s for %s", path, role)
				assert.NotContains(t, strings.ToLower(string(got.body)), ">berlin<", "%s of another branch", path)
			default:
				assert.Equal(t, http.StatusOK, got.status, "%s for %s", path, role)
			}
			if role.OfTenant() {
				for _, word := range []string{"alfa", "beta-1"} { // What stands in the address is no news.
					assert.False(t, strings.Contains(string(got.body), word) && !strings.Contains(path, word), "%s in %s for %s", word, path, role)
				}
			}
			assert.Equal(t, http.StatusSeeOther, stranger.send(http.MethodGet, stranger.d.base+path, "", nil).status, "%s without signing in", path)
		}
		assert.Equal(t, http.StatusNotFound, b.send(http.MethodGet, b.d.base+"/nonsense", "", nil).status)
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

// TestPagesNonsenseInAddressesIsTold sends what is no filter, no period and no number.
func TestPagesNonsenseInAddressesIsTold(t *testing.T) {
	t.Parallel()
	_, local, _ := house(t)
	b := people(t, local)[access.Operator]
	for _, path := range []string{"/calls?filter=", "/calls.csv?filter=", "/statistics?filter=", "/calls?period=", "/statistics?period=", "/statistics?by=", "/statistics?order=", "/statistics?into=", "/statistics?against=", "/lines?period=", "/lines.csv?rows="} {
		for _, sql := range []string{`sale>0) UNION SELECT password FROM users --`, `to:"' OR 1=1 --`, `(SELECT sleep(3))`, `a');DROP TABLE cdr;--`} {
			got := b.send(http.MethodGet, b.d.base+path+url.QueryEscape(sql), "", nil)
			require.Equal(t, http.StatusUnprocessableEntity, got.status, "%s%s", path, sql)
			require.NotRegexp(t, `(?i)syntax error|clickhouse|SQLSTATE|pgx`, string(got.body), "nothing of the engines is told")
		}
	}
	for _, path := range []string{"/calls?tenant=", "/users/", "/tenants/", "/invoices/", "/accounts/", "/calls/", "/numbers?q=", "/audit?by=", "/audit?object=", "/audit?before=", "/find?q=", "/live?q=", "/limits?tenant=", "/expenses?tenant=acme&month="} {
		got := b.send(http.MethodGet, b.d.base+path+url.PathEscape(`'; DROP TABLE cdr; --`), "", nil)
		require.Contains(t, []int{http.StatusOK, http.StatusSeeOther, http.StatusNotFound, http.StatusUnprocessableEntity}, got.status, path)
	}
	got := b.send(http.MethodGet, b.d.base+"/calls", "", nil)
	require.Contains(t, string(got.body), "Germany mobile", "the table is still there")
}

// TestPagesLargeAndSlowSenders sends more than is taken, and others that never end what they begin.
func TestPagesLargeAndSlowSenders(t *testing.T) {
	t.Parallel()
	_, local, _ := house(t)
	b := people(t, local)[access.Operator]
	large := "text=" + strings.Repeat("a", 1<<20)
	for path, size := range map[string]int{"/users": 1, "/alerts/rules": 1, "/tenants/acme": 1, "/me/password": 1, "/sign-in": 1, "/welcome/none": 1, "/look": 1, "/tariffs/retail": 17} {
		got := b.send(http.MethodPost, b.d.base+path, "application/x-www-form-urlencoded", strings.NewReader(large+strings.Repeat("b", (size-1)<<20)))
		require.Equal(t, http.StatusRequestEntityTooLarge, got.status, path)
	}
	half := make([]net.Conn, 50)
	for i := range half {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.d.base, "http://"))
		require.NoError(t, err)
		defer c.Close()
		text := "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
		if i%2 == 1 {
			text = "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nlogin="
		}
		_, err = c.Write([]byte(text))
		require.NoError(t, err)
		half[i] = c
	}
	require.Equal(t, http.StatusOK, b.send(http.MethodGet, b.d.base+"/calls", "", nil).status, "others are answered meanwhile")
	for _, c := range half {
		require.NoError(t, c.SetReadDeadline(time.Now().Add(40*time.Second)))
		_, err := io.Copy(io.Discard, bufio.NewReader(c))
		require.NoError(t, err, "the server hangs up")
	}
}

// TestPagesRefuseOtherOrigins sends what browsers send along when another site made them ask.
func TestPagesRefuseOtherOrigins(t *testing.T) {
	t.Parallel()
	_, local, _ := house(t)
	b := people(t, local)[access.Operator]
	for header, value := range map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"} {
		require.Equal(t, http.StatusForbidden, b.foreign("/users", "application/x-www-form-urlencoded", "login=mallory&role=operator", header, value), header)
		require.Equal(t, http.StatusForbidden, b.foreign("/api/v1/users", "application/json", `{"login":"mallory","role":"operator"}`, header, value), header)
	}
	require.NotContains(t, string(local.do(http.MethodGet, "/users", nil).body), "mallory")
	page := b.send(http.MethodGet, b.d.base+"/", "", nil)
	require.Contains(t, page.header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
}

// foreign sends a form as a browser does that another site made send it.
func (b *browser) foreign(path, kind, body, header, value string) int {
	b.d.t.Helper()
	req, err := http.NewRequestWithContext(b.d.t.Context(), http.MethodPost, b.d.base+path, strings.NewReader(body))
	require.NoError(b.d.t, err)
	req.Header.Set("Content-Type", kind)
	req.Header.Set(header, value)
	res, err := b.client.Do(req)
	require.NoError(b.d.t, err)
	require.NoError(b.d.t, res.Body.Close())
	return res.StatusCode
}

// TestPagesLongListsHavePages: of many objects a hundred are shown, and the way to the others.
func TestPagesLongListsHavePages(t *testing.T) {
	t.Parallel()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "10")
	s.start()
	s.apply()
	var more strings.Builder
	more.WriteString("dial_plans:\n")
	for n := range 150 {
		fmt.Fprintf(&more, "  - {id: plan%03d, country: \"49\"}\n", n)
	}
	file := filepath.Join(s.dir, "operator.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, bytes.Replace(text, []byte("dial_plans:\n"), []byte(more.String()), 1), 0o600))
	s.apply()
	local := s.door(t)
	local.person("olga", access.Operator, "", "")
	b := local.browser()
	b.form("/sign-in", url.Values{"login": {"olga"}, "password": {password}})
	first := b.until("/dial-plans", "plan098") // The hundredth, after plain.
	require.NotContains(t, first, "plan099")
	require.NotContains(t, first, `rel="prev"`)
	require.Contains(t, first, `href="/dial-plans?offset=100"`)
	second := b.until("/dial-plans?offset=100", "plan149")
	require.NotContains(t, second, "plan098")
	require.NotContains(t, second, `rel="next"`)
	require.Contains(t, second, `href="/dial-plans?offset=0"`)
}
