package heading

import (
	"slices"
	"strings"
)

// Seconds for which a price may be.
const (
	perMinute = 60
	perHour   = 3600
)

// Attributes reads the unit and the currency of a heading, such as "Rate (EUR ct / 100 min)".
func (v *Vocabulary) Attributes(heading string) Attributes {
	var out Attributes
	list := v.ideas(heading)
	has := func(idea string) bool {
		return slices.ContainsFunc(list, func(ideas []string) bool { return slices.Contains(ideas, idea) })
	}
	switch {
	case has("hundred") && (has("minute") || !has("second")):
		out.Seconds = 100 * perMinute
		if !has("minute") {
			out.Seconds = 0
		}
	case has("minute") && !has("second"):
		out.Seconds = perMinute
	case has("second"):
		out.Seconds = 1
	case has("hour"):
		out.Seconds = perHour
	}
	out.Cents = has("cent")
	out.NorthernUS = has("npanxx") || has("npa") || has("nxx")
	out.Foreign = has("foreign") || has("id") || has("percent") || has("change")
	out.Origin = has("origin")
	out.DayFirst, out.MonthFirst = has("dmy"), has("mdy")
	out.Money = has("price") || has("fee")
	out.Currency = v.currency(heading)
	return out
}

// currency returns the only currency that a heading names.
func (v *Vocabulary) currency(heading string) string {
	found := ""
	for _, w := range words(heading) {
		code := currencyWord(w)
		if code == "" && len(w) == 3 && slices.Contains(v.words[w], "currencyof") {
			code = strings.ToUpper(w)
		}
		if code == "" {
			continue
		}
		if found != "" && found != code {
			return ""
		}
		found = code
	}
	return found
}

// currencyWord knows currencies that are written out.
func currencyWord(w string) string {
	for _, c := range []struct{ stem, code string }{{"rur", "RUB"}, {"руб", "RUB"}, {"евро", "EUR"}, {"euro", "EUR"}, {"dollar", "USD"}, {"доллар", "USD"}, {"rubel", "RUB"}, {"коп", "RUB"}, {"pence", "GBP"}, {"grosz", "PLN"}} {
		if strings.HasPrefix(w, c.stem) && w != "european" && w != "europe" && w != "europa" {
			return c.code
		}
	}
	return ""
}

// Currencies returns the codes of currencies that a text names, each once.
func (v *Vocabulary) Currencies(text string) []string {
	var out []string
	for _, w := range words(text) {
		code := currencyWord(w)
		if code == "" && len(w) == 3 && slices.Contains(v.words[w], "currencyof") {
			code = strings.ToUpper(w)
		}
		if code != "" && !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}
