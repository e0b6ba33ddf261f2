package pages

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/internal/money"
	"trunkline/provision"
	"trunkline/reports"
)

// functions are what templates of a language may call.
func functions(language string, w words) template.FuncMap {
	locale := reports.Locale{Language: language}
	return template.FuncMap{
		"t":          w.t,
		"figured":    func(text string, figures []int64) string { return figured(locale, w.t(text), figures) },
		"kib":        func(n int64) int64 { return (n + 1<<10 - 1) >> 10 },
		"mib":        func(n int64) int64 { return (n + 1<<20 - 1) >> 20 },
		"plural":     func(n int, forms string) string { return w.plural(language, int64(n), forms) },
		"whole":      func(n any) string { return whole(locale, n) },
		"amount":     locale.Amount,
		"price":      func(a *money.Amount) string { return orDash(a, func() string { return locale.Amount(*a, 2) }) },
		"purse":      func(p reports.Purse) []sum { return sums(locale, p) },
		"worth":      func(total *reports.Worth, p reports.Purse) []sum { return worths(locale, total, p) },
		"minutes":    locale.Minutes,
		"clock":      elapsed,
		"elapsed":    func(seconds float64) string { return elapsed(int64(seconds)) },
		"propose":    provision.ProposePassword,
		"moment":     func(at time.Time, zone *time.Location) string { return moment(locale, at, zone) },
		"stamp":      func(at time.Time) string { return moment(locale, at, time.UTC) },
		"day":        locale.Day,
		"hms":        func(at time.Time) string { return at.UTC().Format(time.TimeOnly) },
		"iso":        func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"dash":       func(s string) string { return orDash(&s, func() string { return s }) },
		"may":        func(who *access.Principal, p string) bool { return who.May(access.Permission(p)) },
		"json":       func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err },
		"withQuery":  with,
		"dict":       dict,
		"list":       func(words ...string) []string { return words },
		"days":       monthDays,
		"languages":  access.Languages,
		"seconds":    func(m reports.Millis) string { return millis(int64(m)) },
		"millis":     millis,
		"formats":    func() []string { return []string{"pdf", "xlsx", "csv"} },
		"upper":      strings.ToUpper,
		"cell":       func(r reports.ExpenseRow, c reports.Column) money.Amount { return r.Cells[c] },
		"delta":      delta,
		"narrowed":   narrowed,
		"keyText":    func(row reports.Row) string { return keyText(&row) },
		"byWord":     dimensionWords,
		"base":       path.Base,
		"tabbed":     func(extra any) bool { tabs, ok := extra.(tenantTabs); return ok && tabs.Kind.Path != "" },
		"plain":      func(text string) string { return strings.NewReplacer("**", "", "`", "").Replace(text) },
		"inc":        func(i int) int { return i + 1 },
		"less":       func(a, b int) int { return a - b },
		"firstLine":  func(text string) string { first, _, _ := strings.Cut(text, "\r\n"); return first },
		"filterHelp": reports.FilterHelp,
		"number": func(column string) bool {
			return slices.Contains([]string{"talk", "billed", "pdd", "cause", "sale", "cost"}, column)
		},
		"rowChoices": func() []string { return []string{"25", "50", "100"} },
		"zoneName":   zoneName,
		"periods": func() []string {
			return []string{"15m", "1h", "today", "yesterday", "24h", "this-month", "last-month", "30d"}
		},
	}
}

// figured writes a text with its figures as the language writes them.
func figured(l reports.Locale, text string, figures []int64) string {
	for _, n := range figures {
		text = strings.Replace(text, "%d", l.Whole(n), 1)
	}
	return text
}

// sum is money of one currency, written for people.
type sum struct{ Amount, Currency string }

// worths are money in one currency where that is known, and as it is otherwise.
func worths(l reports.Locale, total *reports.Worth, p reports.Purse) []sum {
	if total == nil || len(p) == 0 {
		return sums(l, p)
	}
	return sums(l, reports.Purse{total.Currency: total.Amount})
}

func sums(l reports.Locale, p reports.Purse) []sum {
	out := make([]sum, 0, len(p))
	for _, c := range p.Currencies() {
		rounded, err := p[c].Round(c.MinorUnits(), money.HalfUp)
		if err != nil { // Too large to be rounded: told as it is.
			rounded = p[c]
		}
		out = append(out, sum{l.Amount(rounded, c.MinorUnits()), c.String()})
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

// elapsed writes seconds as 1:02:03 or 2:03.
func elapsed(seconds int64) string {
	if seconds >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// dimensionWords are dimensions with commas between, as they stand in addresses.
func dimensionWords(by []reports.Dimension) string {
	out := make([]string, len(by))
	for i, d := range by {
		out[i] = string(d)
	}
	return strings.Join(out, ",")
}

// millis writes a length of time, to the tenth of a second where it is short.
func millis(ms int64) string {
	if ms == 0 {
		return "–"
	}
	if ms < 10_000 {
		return fmt.Sprintf("%d.%d s", ms/1000, ms%1000/100)
	}
	return elapsed(ms / 1000)
}

func zoneName(zone *time.Location) string {
	if zone == nil {
		return "UTC"
	}
	return zone.String()
}

func moment(l reports.Locale, at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return "–"
	}
	if zone == nil {
		zone = time.UTC
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

// monthDays are the days of a month that every month has.
func monthDays() []string {
	const most = 28
	out := make([]string, most)
	for i := range out {
		out[i] = strconv.Itoa(i + 1)
	}
	return out
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
