//go:build browser

package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// TestPagesOtherSitesCannotActForSomebody lets a page of another origin send forms with the session of who is signed in.
func TestPagesOtherSitesCannotActForSomebody(t *testing.T) {
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "10")
	s.start()
	s.must("apply", "-f", s.dir+"/operator.yaml")
	w := s.as(t, chromium(t), access.User{Login: "olga", Role: access.Operator})
	page := `<form method="post" action="http://%s/users" %s><input name="login" value="mallory"><input name="role" value="operator"></form><script>document.forms[0].submit()</script>`
	other := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(out, page, s.http, map[bool]string{true: `enctype="text/plain"`}[r.URL.Path == "/plain"])
	}))
	defer other.Close()
	for _, path := range []string{"/", "/plain"} {
		step(w, chromedp.Navigate(other.URL+path))
		require.Eventually(t, func() bool { return strings.HasPrefix(step(w, chromedp.Location()), w.base) }, tabTime, 20*time.Millisecond)
		require.NotContains(t, w.text("body"), "mallory")
	}
	require.NotContains(t, string(s.door(t).do(http.MethodGet, "/users", nil).body), "mallory")
	w.see("/users") // The session is good all the same.
}

// poison is typed into every field: a page that shows it as anything but text asks "xss".
const poison = `"'><script>alert("xss")</script><img src=x onerror=alert("xss")><svg/onload=alert("xss")>{{.}}${alert("xss")}`

// forms are the fields of a page's forms into which text may be typed, each with the form that it is of.
const formsScript = `[...document.forms].map((f, form) => [...f.elements].filter((e) => e.name && !["hidden", "checkbox", "file", "radio", "submit"].includes(e.type) && e.tagName !== "SELECT" && e.tagName !== "BUTTON")
	.map((e) => ({form, name: e.name, method: f.getAttribute("method") ?? "get", action: f.getAttribute("action") ?? location.pathname}))).flat()`

type typedField struct {
	Form                 int
	Name, Method, Action string
}

// send puts a text into a field, past all that the browser would check, and sends the form.
const sendScript = `(() => { const f = document.forms[%d]; const e = f.elements[%q]; const all = e.length && e.tagName !== "SELECT" ? [...e] : [e];
	for (const one of all) { one.type = one.tagName === "INPUT" ? "text" : one.type; one.removeAttribute("maxlength"); one.value = %s; }
	for (const one of f.elements) { one.removeAttribute("required"); one.removeAttribute("pattern"); } f.noValidate = true; f.removeAttribute("data-type"); HTMLFormElement.prototype.submit.call(f); })()`

// clean fails the test when something of the poison became a part of the page.
func (w *tab) clean(where string) {
	w.t.Helper()
	strange := step(w, chromedp.Evaluate[int](`document.querySelectorAll("script:not([src]), img[src=x], svg[onload], [onerror]").length`))
	require.Zero(w.t, strange, where)
	w.quiet()
}

// TestPagesShowTextAsText types scripts into every field of every form, one at a time, and looks at all pages afterwards.
func TestPagesShowTextAsText(t *testing.T) {
	s, local, _ := house(t)
	call := callOf(t, local, "acme")
	w := s.tab(t, chromium(t))
	w.signIn("olga", password)
	seen := make(map[string]bool)
	paths := slices.Sorted(maps.Keys(everyPage()))
	stored := 0
	for _, address := range paths {
		path := strings.ReplaceAll(address, "{call}", call)
		if strings.Contains(path, "/file") || strings.Contains(path, ".csv") || strings.Contains(path, ".xlsx") {
			continue
		}
		w.open(path)
		for _, f := range step(w, chromedp.Evaluate[[]typedField](formsScript)) {
			key := f.Method + f.Action + " " + f.Name
			if seen[key] {
				continue
			}
			seen[key] = true
			w.open(path)
			status := w.sent(f)
			require.Less(t, status, http.StatusInternalServerError, "%s of %s", f.Name, path)
			if strings.EqualFold(f.Method, http.MethodPost) && status == http.StatusOK {
				stored++
			}
			w.clean(key)
		}
	}
	require.Greater(t, len(seen), 60, "fields were found")
	require.Greater(t, stored, 5, "some of it was stored")
	m := s.tab(t, w.ctx)
	m.signIn("bea", password)
	for _, one := range []*tab{w, m} {
		for _, address := range paths {
			if path := strings.ReplaceAll(address, "{call}", call); !strings.Contains(path, "/file") && !strings.Contains(path, ".csv") && !strings.Contains(path, ".xlsx") {
				require.Less(t, one.open(path), http.StatusInternalServerError, path)
				one.clean(path)
			}
		}
	}
	w.see("/tenants/acme?tab=branches")
	require.Contains(t, w.text("main table"), `<script>alert("xss")</script>`, "it is there, as text")
	w.see("/find?q=" + url.QueryEscape(poison))
	w.clean("/find")
	w.open("/users?notice=" + url.QueryEscape(poison) + "&tenant=" + url.QueryEscape(poison))
	w.clean("/users")
}

// sent sends a form with poison in one field, and returns the status of the page that comes.
func (w *tab) sent(f typedField) int {
	w.t.Helper()
	return w.follow(chromedp.Evaluate[any](fmt.Sprintf(sendScript, f.Form, f.Name, "`"+strings.NewReplacer("`", "", "${", "\\${").Replace(poison)+"`")))
}
