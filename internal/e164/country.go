package e164

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed countries.csv
var countriesCSV string

// Countries tells the country of a number by its prefix. It is immutable and safe for concurrent use.
type Countries struct {
	byPrefix map[string]string
	longest  int
}

// NewCountries reads the table that comes with the program.
func NewCountries() (*Countries, error) {
	c := &Countries{byPrefix: make(map[string]string)}
	for line := range strings.Lines(countriesCSV) {
		prefix, country, ok := strings.Cut(strings.TrimSpace(line), ",")
		if !ok || len(country) < 2 {
			return nil, fmt.Errorf("table of countries: line %q", line)
		}
		if prefix == "prefix" {
			continue
		}
		c.byPrefix[prefix] = country
		c.longest = max(c.longest, len(prefix))
	}
	return c, nil
}

// Known reports whether a code is that of a country with numbers.
func (c *Countries) Known(country string) bool {
	for _, known := range c.byPrefix {
		if known == country {
			return true
		}
	}
	return false
}

// Of returns the ISO 3166 code of the country that a number belongs to, "001" for numbers of no country, such as
// satellite phones, and "" for a prefix that is not assigned.
func (c *Countries) Of(n Number) string {
	for length := min(c.longest, len(n.digits)); length > 0; length-- {
		if country, ok := c.byPrefix[n.digits[:length]]; ok {
			return country
		}
	}
	return ""
}
