package tax

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Category is how something is taxed, by the codes of UNCL 5305 as electronic invoices have them (EN 16931, BT-118).
type Category string

// The categories.
const (
	Standard      Category = "S"
	Zero          Category = "Z"
	Exempt        Category = "E"
	ReverseCharge Category = "AE"
	None          Category = "O" // Nothing is said of any tax.
)

// Due is the tax on something.
type Due struct {
	Category Category
	Percent  decimal.Decimal
	Reason   Text // Exempt: why.
}

// Key tells dues apart: lines with one key are taxed together.
func (d Due) Key() string {
	switch d.Category {
	case Standard:
		return d.Percent.String()
	case Exempt:
		return "E " + d.Reason.In("")
	case Zero, ReverseCharge, None:
	}
	return string(d.Category)
}

// On returns the tax on a day, such as 2026-01-01, of a line that any of the names is one of.
func (r Rule) On(day string, names ...string) Due {
	list := listOf(r.Rate, r.Rates)
	for _, item := range r.Items {
		if slices.ContainsFunc(item.For, func(name string) bool { return slices.Contains(names, name) }) {
			list = listOf(item.Rate, item.Rates)
			break
		}
	}
	var due Due
	for _, rate := range list {
		if rate.Since == "" || rate.Since <= day {
			due = rate.due()
		}
	}
	return due
}

func (r Rate) due() Due {
	switch {
	case r.ReverseCharge:
		return Due{Category: ReverseCharge}
	case len(r.Exempt) > 0:
		return Due{Category: Exempt, Reason: r.Exempt}
	case r.Percent == "":
		return Due{Category: None}
	}
	percent, err := decimal.NewFromString(r.Percent)
	if err != nil { // Validate has refused it.
		return Due{Category: None}
	}
	if percent.IsZero() {
		return Due{Category: Zero}
	}
	return Due{Category: Standard, Percent: percent}
}

// Changes returns the moments within (from, till) at which a rate begins, in their order: first moments of days of a zone.
func (r Rule) Changes(from, till time.Time, zone *time.Location) []time.Time {
	var out []time.Time
	for _, list := range r.lists() {
		for _, rate := range list {
			day, err := time.ParseInLocation(time.DateOnly, rate.Since, zone)
			if err == nil && day.After(from) && day.Before(till) && !slices.ContainsFunc(out, day.Equal) {
				out = append(out, day)
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// Rewrites returns the first day before today on which another tax would hold than by a former rule; empty: there is none.
// What is not invoiced yet would be taxed by it.
func (r Rule) Rewrites(former Rule, today string) string {
	days, names := []string{"0001-01-01"}, [][]string{nil}
	for _, rule := range []Rule{r, former} {
		days, names = append(days, rule.days()...), append(names, rule.names()...)
	}
	slices.Sort(days)
	for _, day := range days {
		if day >= today {
			break
		}
		differs := func(names []string) bool { return r.On(day, names...).Key() != former.On(day, names...).Key() }
		if r.Inclusive != former.Inclusive || slices.ContainsFunc(names, differs) {
			return day
		}
	}
	return ""
}

// days are those on which rates begin.
func (r Rule) days() (out []string) {
	for _, list := range r.lists() {
		for _, rate := range list {
			if rate.Since != "" {
				out = append(out, rate.Since)
			}
		}
	}
	return out
}

// names are those of lines that are taxed otherwise, each by itself.
func (r Rule) names() (out [][]string) {
	for _, item := range r.Items {
		for _, name := range item.For {
			out = append(out, []string{name})
		}
	}
	return out
}
