package heading

import (
	"slices"
	"strconv"
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
	out.Seconds = v.seconds(words(heading), has)
	out.Cents = has("cent")
	out.NorthernUS = has("npanxx") || has("npa") || has("nxx")
	out.Foreign = has("foreign") || has("id") || has("percent") || has("change")
	out.Origin, out.Steps, out.Old, out.Codes = has("origin"), has("step") || has("billing"), has("old"), has("code")
	out.DayFirst, out.MonthFirst = has("dmy"), has("mdy")
	out.Money = has("price") || has("fee")
	out.Currency = v.currency(heading)
	return out
}

// seconds is for how long a price is; 0: the heading does not say.
func (v *Vocabulary) seconds(list []string, has func(string) bool) int {
	unit := 0
	switch {
	case has("minute") && !has("second"):
		unit = perMinute
	case has("second"):
		unit = 1
	case has("hour"):
		unit = perHour
	}
	for i, w := range list { // "Price per 10 min"
		n, err := strconv.Atoi(w)
		if err != nil || n < 1 || n > manyUnits || i+1 == len(list) || !v.isUnit(list[i+1]) {
			continue
		}
		if i > 0 && isNumber(list[i-1]) || i > 1 && list[i-1] == "per" && isNumber(list[i-2]) {
			return 0 // "Rate (30/6 sec)": these are steps.
		}
		return n * unit
	}
	if has("hundred") && unit == 0 {
		return 0
	}
	if has("hundred") {
		return perMinute * 100
	}
	return unit
}

// manyUnits is the most minutes or seconds that a price is for.
const manyUnits = 10_000

func (v *Vocabulary) isUnit(w string) bool {
	if least(w) {
		return true
	}
	return slices.ContainsFunc(v.word(w), func(ideas []string) bool {
		return slices.Contains(ideas, "minute") || slices.Contains(ideas, "second") || slices.Contains(ideas, "hour")
	})
}

func isNumber(w string) bool { return w != "" && strings.Trim(w, "0123456789") == "" }

// Begins reports whether a text says that prices begin on the date behind it, such as "Valid from". "From" alone is also said of
// letters, so it counts only behind a price.
func (v *Vocabulary) Begins(text string) bool {
	weak := []string{"from", "since", "ab", "von", "с", "от", "desde", "dal", "depuis", "to", "as"}
	list := words(text)
	strong := v.speaks(slices.DeleteFunc(slices.Clone(list), func(w string) bool { return slices.Contains(weak, w) }))
	all := v.speaks(list)
	switch {
	case all["end"] && !all["start"], all["old"]:
		return false
	case strong["start"], strong["valid"]:
		return true
	}
	return all["start"] && all["price"]
}

// speaks is the set of ideas of some words.
func (v *Vocabulary) speaks(list []string) map[string]bool {
	out := make(map[string]bool)
	for _, ideas := range v.ideas(strings.Join(list, " ")) {
		for _, idea := range ideas {
			out[idea] = true
		}
	}
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
