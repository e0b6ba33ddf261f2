//go:build browser

package main

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// number reads a figure of a page: "5,400.00 EUR" is 5400.00.
func number(t *testing.T, text string) string {
	t.Helper()
	found := regexp.MustCompile(`-?[0-9][0-9,]*(\.[0-9]+)?`).FindString(text)
	require.NotEmpty(t, found, "a number in %q", text)
	return strings.ReplaceAll(found, ",", "")
}

// TestPagesAccountantClosesAMonth takes a month that is over from the expense report to the invoice that is paid.
func TestPagesAccountantClosesAMonth(t *testing.T) {
	s := newPast(t)
	w := s.as(t, chromium(t), access.User{Login: "anna", Role: access.Accountant})
	require.Equal(t, "/expenses", w.at(), "an accountant begins with the expense report")
	w.see("/expenses?tenant=acme&month=" + s.month)
	foot := w.texts("main tfoot td")
	require.Equal(t, "60", foot[0])
	var total string
	for i, head := range w.texts("main thead th") {
		if head == "Total" {
			total = number(t, foot[i-1])
		}
	}
	require.NotEqual(t, "0.00", total)
	require.Contains(t, string(w.fetched("CSV")), total, "the file of the report has the same total")

	require.Equal(t, http.StatusOK, w.open("/close?month="+s.month))
	row := `main tbody tr:has(a[href*="acme"])`
	require.Contains(t, w.text(row), "ready")
	require.Equal(t, total, number(t, w.texts(row + " td.n")[0]))
	button := w.text("main form[method=post] button")
	require.Regexp(t, `^Issue \d+ invoices?$`, button)
	require.Equal(t, http.StatusOK, w.press(button))
	require.Len(t, w.asked, 1, "it was asked first")
	require.Contains(t, w.text("main table"), "issued now")
	s.sums()

	w.see("/invoices?tenant=acme&month=" + s.month)
	step(w, chromedp.Click(chromedp.CSS("main tbody a")))
	step(w, chromedp.WaitVisible(chromedp.CSS("main tfoot")))
	require.Equal(t, total, number(t, w.text("main tfoot td")), "the total of the report is that of the invoice")
	require.Regexp(t, `(?s)^%PDF-1\..*%%EOF\s*$`, string(w.fetched("PDF")))
	require.True(t, bytes.HasPrefix(w.fetched("XLSX"), []byte("PK")))
	w.fill("state", "paid", "note", "bank 42")
	w.done("Save")
	require.Equal(t, "paid", w.text("h1 + .chip"))
	w.see("/invoices?tenant=acme&month=" + s.month)
	require.Contains(t, w.text("main tbody tr"), "paid")
	require.NotContains(t, w.text("main table"), "Not paid", "nothing is open any more")
	w.quiet()
}

// TestPagesManagerComparesTwoPeriods looks at two months beside each other, and saves what is shown.
func TestPagesManagerComparesTwoPeriods(t *testing.T) {
	s := newPast(t)
	w := s.as(t, chromium(t), access.User{Login: "max", Role: access.Manager, Tenant: "acme"})
	require.Contains(t, w.text("main"), "Busy hours", "a manager begins with his own company")
	w.see("/statistics")
	w.fill("period", s.month, "by", "extension", "compare_to", s.before)
	require.Equal(t, http.StatusOK, w.press("Show"))
	require.Equal(t, []string{"60", "40", "+50 %"}, w.texts("main tfoot td")[:3])
	require.NotContains(t, w.text("main"), "alfa")
	sale := number(t, w.text("main tfoot .money"))
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(w.fetched("CSV"), []byte("\xef\xbb\xbf")))).ReadAll()
	require.NoError(t, err)
	column := make(map[string]int)
	for i, name := range rows[0] {
		column[name] = i
	}
	legs, before, micros := 0, 0, 0
	for _, row := range rows[1:] {
		n, err := strconv.Atoi(row[column["legs"]])
		require.NoError(t, err)
		b, err := strconv.Atoi(row[column["legs_before"]])
		require.NoError(t, err)
		amount, _, _ := strings.Cut(row[column["sale"]], " ")
		whole, part, _ := strings.Cut(amount, ".")
		m, err := strconv.Atoi(whole + (part + "00")[:2])
		require.NoError(t, err)
		legs, before, micros = legs+n, before+b, micros+m
	}
	require.Equal(t, []int{60, 40}, []int{legs, before}, "the file's rows add up to the page's total")
	require.Equal(t, strings.ReplaceAll(sale, ".", ""), strconv.Itoa(micros))
	for _, path := range []string{"/statistics?by=carrier", "/statistics?side=attempts", "/carriers", "/accounts/poor", "/statistics?tenant=poor"} {
		require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, w.open(path), path)
	}
	w.quiet()
}

// TestPagesSigningIn walks through the door: the link of a welcome works once, five wrong passwords lock, a second factor asks
// for its code, and nothing is left open after signing out.
func TestPagesSigningIn(t *testing.T) {
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "10")
	s.start()
	chrome := chromium(t)
	made := s.door(t).do(http.MethodPost, "/users", map[string]string{"login": "olga", "role": string(access.Operator)})
	var welcome struct{ Link string }
	made.json(t, &welcome)
	w := s.tab(t, chrome)
	link := strings.TrimPrefix(welcome.Link, w.base)
	w.see(link)
	w.fill("password", "short-but-ten", "again", "another-one-of-ten")
	require.Equal(t, http.StatusUnprocessableEntity, w.press("Save"))
	w.fill("password", password, "again", password)
	require.Equal(t, http.StatusOK, w.press("Save"))
	require.Equal(t, http.StatusNotFound, w.open(link), "it works once")

	w.see("/users")
	require.Contains(t, w.at(), "/sign-in?to=%2Fusers")
	w.fill("login", "olga", "password", password)
	require.Equal(t, http.StatusOK, w.press("Sign in"))
	require.Equal(t, "/users", w.at(), "where one wanted to go")

	w.see("/me")
	require.Equal(t, http.StatusOK, w.press("Set up"))
	secret := w.text("code.secret")
	code, err := totp.GenerateCode(secret, time.Now().Add(-30*time.Second)) // The step before is taken, too, and the next sign-in needs another one.
	require.NoError(t, err)
	w.fill("code", code)
	w.done("Apply")
	step(w, chromedp.Click(chromedp.CSS("header .person summary")))
	step(w, chromedp.Click(chromedp.CSS(`form[action="/sign-out"] button`)))
	step(w, chromedp.WaitVisible(chromedp.CSS("[name=login]")))
	w.see("/users")
	require.Contains(t, w.at(), "/sign-in", "the session is over")

	other := s.tab(t, chrome)
	other.see("/sign-in")
	other.fill("login", "olga", "password", password)
	require.Equal(t, http.StatusUnprocessableEntity, other.press("Sign in"), "the code is missing")
	other.fill("password", password, "code", "000000")
	require.Equal(t, http.StatusUnprocessableEntity, other.press("Sign in"))
	code, err = totp.GenerateCode(secret, time.Now())
	require.NoError(t, err)
	other.fill("password", password, "code", code)
	require.Equal(t, http.StatusOK, other.press("Sign in"), other.text("main"))
	require.Contains(t, other.text("header"), "olga")

	s.as(t, chrome, access.User{Login: "eve", Role: access.NOC})
	bad := s.tab(t, chrome)
	bad.see("/sign-in")
	for range 5 {
		bad.fill("login", "eve", "password", "a wrong password")
		require.Equal(t, http.StatusUnprocessableEntity, bad.press("Sign in"))
	}
	bad.fill("login", "eve", "password", password)
	require.Equal(t, http.StatusUnprocessableEntity, bad.press("Sign in"), "locked: the right one does not help any more")
	require.Contains(t, bad.text(".faults"), "oo many tries")
	w.quiet()
	bad.quiet()
}
