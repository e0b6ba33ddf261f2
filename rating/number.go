package rating

import (
	"slices"
	"strings"
	"time"
)

// NumberFact is one number of a tenant's inventory.
type NumberFact struct {
	Number  string
	Class   string    // As ClassName writes it: city, federal, toll-free, third-party ...
	Regions []string  // What the number itself says: the ISO 3166 code of its country, and the groups of prefixes that it is in.
	From    time.Time // When the tenant got it.
	Till    time.Time // When they gave it back; zero: they still have it.
}

// ClassName is how a class of numbers is written, whoever writes it: toll_free is toll-free.
func ClassName(word string) string { return strings.ReplaceAll(strings.TrimSpace(word), "_", "-") }

// CountedClass is the class whose numbers a counter counts, as in city_numbers; ok is false for other counters. It is empty for all.
func CountedClass(counter string) (class string, ok bool) {
	if counter == "numbers" {
		return "", true
	}
	class, ok = strings.CutSuffix(counter, "_numbers")
	return ClassName(class), ok
}

// PerNumber reports whether the fee is due for each number of a kind.
func (f *Fee) PerNumber() bool { return f.PerUnit == perNumber }

// Means reports whether a fee per number is for a number: by its class, and by its region, which is the ISO code of a country, a
// group of prefixes, or the digits that it begins with.
func (f *Fee) Means(n *NumberFact) bool {
	if len(f.Classes) > 0 && !slices.Contains(f.Classes, n.Class) {
		return false
	}
	return len(f.Regions) == 0 || slices.ContainsFunc(f.Regions, func(region string) bool {
		if digits, ok := RegionDigits(region); ok {
			return strings.HasPrefix(strings.TrimPrefix(n.Number, "+"), digits)
		}
		return slices.Contains(n.Regions, region)
	})
}

// RegionDigits are those of a region that is given by the digits of its numbers, country code first: "7495", "+7495".
func RegionDigits(region string) (digits string, ok bool) {
	digits = strings.TrimPrefix(region, "+")
	return digits, digits != "" && strings.Trim(digits, "0123456789") == ""
}

// Counters are what the condition asks for, without unit: seconds for minutes and hours.
func (c *Condition) Counters() (out []string) {
	if c == nil {
		return nil
	}
	for _, all := range c.any {
		for i := range all {
			out = append(out, all[i].fact)
		}
	}
	return out
}
