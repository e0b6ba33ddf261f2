package pages

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"time"

	"trunkline/access"
	"trunkline/internal/money"
	"trunkline/reports"
)

// functions are what templates of a language may call.
func functions(language string, w words) template.FuncMap {
	locale := reports.Locale{Language: language}
	return template.FuncMap{
		"t":         w.t,
		"plural":    func(n int, forms string) string { return w.plural(language, int64(n), forms) },
		"whole":     func(n any) string { return whole(locale, n) },
		"amount":    func(a money.Amount, scale int) string { return locale.Amount(a, scale) },
		"price":     func(a *money.Amount) string { return orDash(a, func() string { return locale.Amount(*a, 2) }) },
		"purse":     func(p reports.Purse) []sum { return sums(locale, p) },
		"minutes":   func(seconds int64) string { return locale.Minutes(seconds) },
		"clock":     clock,
		"moment":    func(at time.Time, zone *time.Location) string { return moment(locale, at, zone) },
		"stamp":     func(at time.Time) string { return moment(locale, at, time.UTC) },
		"day":       func(at time.Time) string { return locale.Day(at) },
		"iso":       func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"dash":      func(s string) string { return orDash(&s, func() string { return s }) },
		"may":       func(who *access.Principal, p string) bool { return who.May(access.Permission(p)) },
		"json":      func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err },
		"with":      with,
		"dict":      dict,
		"flag":      flag,
		"languages": access.Languages,
	}
}

// sum is money of one currency, written for people.
type sum struct{ Amount, Currency string }

func sums(l reports.Locale, p reports.Purse) []sum {
	out := make([]sum, 0, len(p))
	for _, c := range p.Currencies() {
		out = append(out, sum{l.Amount(p[c], c.MinorUnits()), c.String()})
	}
	return out
}

func whole(l reports.Locale, n any) string {
	switch n := n.(type) {
	case int:
		return l.Whole(int64(n))
	case int64:
		return l.Whole(n)
	}
	return fmt.Sprint(n)
}

// orDash writes what is there, and a dash for what is not: nothing is not nought.
func orDash[T comparable](v *T, write func() string) string {
	var zero T
	if v == nil || *v == zero && isText(*v) {
		return "–"
	}
	return write()
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

// clock writes seconds as 1:02:03 or 2:03.
func clock(seconds int64) string {
	if seconds >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

func moment(l reports.Locale, at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return "–"
	}
	return l.Moment(at.In(zone))
}

// with returns the address of a page with some of its query changed: name, value, name, value. Empty values are left out.
func with(query url.Values, pairs ...string) string {
	next := url.Values{}
	for name, values := range query {
		if name != "notice" {
			next[name] = values
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		next.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			next.Del(pairs[i])
		}
	}
	return "?" + next.Encode()
}

// dict puts values under names, for parts of pages that need several.
func dict(pairs ...any) map[string]any {
	out := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			out[name] = pairs[i+1]
		}
	}
	return out
}

// flag is the flag of a country, made of its two letters; empty for what is no country.
func flag(country string) string {
	if len(country) != 2 || country[0] < 'A' || country[0] > 'Z' || country[1] < 'A' || country[1] > 'Z' {
		return ""
	}
	const regional = 0x1F1E6
	return string([]rune{regional + rune(country[0]-'A'), regional + rune(country[1]-'A')})
}
