package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/console/memory"
	"trunkline/internal/e164"
	"trunkline/ledger"
	"trunkline/provision/inventory"
	"trunkline/reports/invoice"
)

// form is what is typed: name, value, name, value.
func form(pairs ...string) url.Values {
	out := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Add(pairs[i], pairs[i+1])
	}
	return out
}

const lastMonth = "2026-11"

// everyday fills a house with what people work with every day.
func everyday(h *memory.House) {
	r := h.Rows
	r.Live = []console.LiveCall{{ID: "acme-call", Tenant: "acme", Branch: "berlin"}}
	r.SIPLocks = []console.SIPLock{{Source: "192.0.2.66", Failures: 9}}
	r.Accounts["acme"] = ledger.State{Credits: amount("10")}
	r.Issued = []invoice.Issued{{ID: 1, State: invoice.StateIssued, Document: &invoice.Document{Number: "acme-1", Tenant: "acme", Period: invoice.Period{Label: lastMonth}, Total: amount("119")}}}
	r.Charged = []invoice.Charge{{ID: 1, Tenant: "acme", Day: "2026-12-01", Text: "Telephone", Amount: amount("90")}}
	r.Numbers = []inventory.Number{{Number: e164.MustParse("4930999999"), Status: inventory.Free}}
}

// TestFormsOfEveryDay sends the forms that people work with: what is right is done, and what is wrong is shown again with what was typed.
func TestFormsOfEveryDay(t *testing.T) {
	t.Parallel()
	b := site(t)
	everyday(b.house)
	operator, auditor := b.as(access.Operator), b.as(access.Auditor)
	done, wrong, none := http.StatusSeeOther, http.StatusUnprocessableEntity, http.StatusNotFound
	for name, d := range map[string]deed{
		"drop a call":              {"/live/drop", form("call", "acme-call", "reason", "a loop"), done, "", "drop"},
		"drop without a word":      {"/live/drop", form("call", "acme-call"), wrong, "say why", ""},
		"drop no call":             {"/live/drop", form("call", "gone", "reason", "a loop"), none, "", ""},
		"let a phone in":           {"/health/unlock", form("source", "192.0.2.66"), done, "", "unlock"},
		"let nobody in":            {"/health/unlock", form("source", "a phone"), wrong, "", ""},
		"a payment":                {"/accounts/acme/pay", form("purpose", "top_up", "amount", "1 234,50", "key", "bank-1"), done, "", "post"},
		"a payment of words":       {"/accounts/acme/pay", form("purpose", "top_up", "amount", "much", "key", "bank-77"), wrong, `value="bank-77"`, ""},
		"a payment without number": {"/accounts/acme/pay", form("purpose", "top_up", "amount", "10"), wrong, "", ""},
		"suspend":                  {"/accounts/acme/suspend", form("suspended", "on", "reason", "fraud"), done, "", "suspend"},
		"suspend without a word":   {"/accounts/acme/suspend", form("suspended", "on"), wrong, "", ""},
		"a charge":                 {"/accounts/acme/charge", form("text", "Telephone", "charge_amount", "90"), done, "", "add charge"},
		"a charge of no day":       {"/accounts/acme/charge", form("text", "Telephone", "charge_amount", "90", "day", "soon"), wrong, `value="Telephone"`, ""},
		"take a charge back":       {"/accounts/acme/charge/1", form("why", "twice"), done, "", "take charge"},
		"a limit":                  {"/limits/acme", form("action", "raise", "scope", "tenant", "period", "month", "measure", "money", "amount", "50", "reason", "asked for"), done, "", "change limit"},
		"a limit of nobody":        {"/limits/acme", form("action", "block", "scope", "extension", "owner", "999", "period", "day", "reason", "fraud"), wrong, "999", ""},
		"an invoice is paid":       {"/invoices/acme-1/mark", form("state", "paid"), done, "", "mark"},
		"an invoice is lost":       {"/invoices/acme-1/mark", form("state", "lost"), wrong, "", ""},
		"a credit note":            {"/invoices/acme-1/credit", form("amount", "10", "reason", "wrong address"), done, "", "credit"},
		"a credit for no reason":   {"/invoices/acme-1/credit", form("amount", "10"), wrong, "", ""},
		"rules of alerts":          {"/alerts/rules", form("text", "channels: [{id: noc, mail: [noc@example.com]}]\n"), done, "", "apply alerts"},
		"no rules":                 {"/alerts/rules", form("text", "rulez: []\n"), wrong, "rulez", ""},
		"a message again":          {"/alerts/replay", form("delivery", "1"), done, "", "replay"},
		"no message again":         {"/alerts/replay", form("delivery", "one"), none, "", ""},
		"numbers":                  {"/stock", form("numbers", "+4930888880-89", "status", "free", "supplier", "alfa"), done, "", "put stock"},
		"no numbers":               {"/stock", form("numbers", "anna", "status", "free"), wrong, "anna", ""},
		"a price of words":         {"/stock", form("numbers", "+4930888880", "monthly", "cheap"), wrong, "", ""},
		"a user who fits nobody":   {"/users", form("login", "eva", "role", "manager"), wrong, `value="eva"`, ""},
	} {
		before := len(b.house.Rows.Done())
		status, text := operator.send(http.MethodPost, d.path, d.form)
		require.Equal(t, d.want, status, "%s: %s", name, text)
		require.Contains(t, text, d.says, name)
		deeds := b.house.Rows.Done()[before:]
		if d.did == "" {
			require.Empty(t, deeds, name)
			continue
		}
		require.Equal(t, d.did, deeds[0], name)
		status, _ = auditor.send(http.MethodPost, d.path, d.form)
		require.Contains(t, []int{http.StatusForbidden, none}, status, "%s: an auditor changes nothing", name)
	}
}

// TestClientsPeopleChangeNothing sends what an operator may as a client's manager: nothing is done.
func TestClientsPeopleChangeNothing(t *testing.T) {
	t.Parallel()
	b := site(t)
	everyday(b.house)
	for _, role := range []access.Role{access.Manager, access.BranchManager} {
		user := b.as(role)
		for path, f := range map[string]url.Values{
			"/live/drop": form("call", "acme-call", "reason", "a loop"), "/accounts/acme/pay": form("purpose", "top_up", "amount", "10", "key", "k"), "/accounts/other/pay": form("purpose", "top_up", "amount", "10", "key", "k"),
			"/limits/acme": form("action", "block", "scope", "tenant", "period", "day", "reason", "x"), "/invoices/acme-1/mark": form("state", "paid"), "/stock": form("numbers", "+4930888880"),
			"/tenants/acme": form("name", "Mine"), "/tenants/acme/extensions/101": form("name", "Mine"), "/users": form("login", "eva", "role", "operator"), "/rerates": form("tenant", "acme"),
			"/retention/run": {}, "/nodes/give-up": form("node", "proxy-1", "reason", "x"), "/erasure": form("number", "+4915112345678", "do", "erase", "reason", "x"), "/profiles/acme": form("text", "due_days: 90"),
			"/schedules/monthly/send": {}, "/verify": {},
		} {
			status, text := user.send(http.MethodPost, path, f)
			require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, status, "%s at %s: %s", role, path, text)
		}
	}
	require.Empty(t, b.house.Rows.Done())
	left, err := b.house.Setup.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), left.Revision)
}

// TestObjectsAreMadeByForms makes a carrier and its gateway, an employee and a number, changes and deletes them: secrets are not shown again, and what a
// form does not have stays.
func TestObjectsAreMadeByForms(t *testing.T) {
	t.Parallel()
	b := site(t).as(access.Operator)
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{"/carriers/_new", form("id", "beta", "name", "Beta", "currency", "EUR", "max_calls", "30")},
		{"/gateways/_new", form("id", "beta-1", "carrier", "beta", "address", "192.0.2.7", "login", "us", "password", "hidden-Kx4-word")},
		{"/gateways/beta-1", form("carrier", "beta", "address", "192.0.2.8", "login", "us", "password", "")},
		{"/tenants/acme/extensions/_new", form("id", "102", "name", "Carl", "branch", "berlin", "password", "tRw8-pLq3-Zx")},
		{"/tenants/acme/numbers/_new", form("id", "+4930123457", "branch", "berlin", "extension", "102")},
	} {
		status, text := b.send(http.MethodPost, step.path, step.form)
		require.Equal(t, http.StatusSeeOther, status, "%s: %s", step.path, text)
	}
	_, text := b.get("/gateways/beta-1")
	require.Contains(t, text, "192.0.2.8")
	require.NotContains(t, text, "hidden-Kx4-word")
	_, text = b.get("/history/gateway/beta-1")
	require.Contains(t, text, "192.0.2.7")
	require.NotContains(t, text, "hidden-Kx4-word", "also not in the history")
	_, text = b.get("/tenants/acme?tab=extensions")
	require.Contains(t, text, "Carl")
	status, text := b.send(http.MethodPost, "/carriers/_new", form("id", "beta", "currency", "EUR"))
	require.Equal(t, http.StatusUnprocessableEntity, status, "there is one: %s", text)
	status, text = b.send(http.MethodPost, "/carriers/beta/delete", url.Values{})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, text, "gateways[", "what names it is told")
	for _, path := range []string{"/gateways/beta-1/delete", "/carriers/beta/delete", "/tenants/acme/numbers/+4930123457/delete", "/tenants/acme/extensions/102/delete"} {
		status, text = b.send(http.MethodPost, path, url.Values{})
		require.Equal(t, http.StatusSeeOther, status, "%s: %s", path, text)
	}
	status, _ = b.get("/carriers/beta")
	require.Equal(t, http.StatusNotFound, status)
}

// TestOneselfByForms changes one's password, makes a key and ends it, and keeps a view.
func TestOneselfByForms(t *testing.T) {
	t.Parallel()
	b := site(t)
	b.as(access.NOC)
	require.NoError(t, b.house.Gate.SetPassword(t.Context(), "noc", "correct horse battery", ""))
	user := b.signedIn("noc", "correct horse battery")
	status, text := user.send(http.MethodPost, "/me/password", form("former", "wrong", "password", "a much better one", "again", "a much better one"))
	require.Equal(t, http.StatusUnprocessableEntity, status, text)
	status, text = user.send(http.MethodPost, "/me/password", form("former", "correct horse battery", "password", "a much better one", "again", "a much better one"))
	require.Equal(t, http.StatusSeeOther, status, text)
	status, text = user.send(http.MethodPost, "/me/keys", form("name", "watch", "scope", "overview:read"))
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "tlk_", "it is shown once")
	_, text = user.get("/me")
	require.NotContains(t, text, "tlk_")
	require.Contains(t, text, "watch")
	status, _ = user.send(http.MethodPost, "/views", form("page", "/calls", "name", "long ones", "query", "filter=duration%3E60"))
	require.Equal(t, http.StatusSeeOther, status)
	_, text = user.get("/calls")
	require.Contains(t, text, "long ones")
	status, _ = user.send(http.MethodPost, "/sign-out", url.Values{})
	require.Equal(t, http.StatusSeeOther, status)
	status, _ = user.get("/calls")
	require.Equal(t, http.StatusSeeOther, status, "to the door")
}

// signedIn is the browser of somebody who has typed their password.
func (b *browser) signedIn(login, password string) *browser {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.address+"/sign-in", strings.NewReader(form("login", login, "password", password).Encode()))
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	require.NoError(b.t, err)
	defer res.Body.Close()
	require.Equal(b.t, http.StatusSeeOther, res.StatusCode)
	out := *b
	out.cookie, _, _ = strings.Cut(res.Header.Get("Set-Cookie"), ";")
	return &out
}
