package provision

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"trunkline/internal/e164"
	"trunkline/rating"
)

// NumberClasses are the classes of numbers that there are: those that the operator names, else the usual ones.
func (o *Operator) NumberClasses() []string {
	if len(o.Classes) == 0 {
		return []string{"city", "federal", "toll-free", "multichannel", "beautiful", "third-party"}
	}
	out := make([]string, len(o.Classes))
	for i, c := range o.Classes {
		out[i] = rating.ClassName(c)
	}
	return out
}

// RegionsOf returns the regions of a number, which follow from the number itself: the ISO 3166 code of its country, and the groups of
// prefixes (destinations) that it is in.
func (s *Snapshot) RegionsOf(n e164.Number) []string {
	var out []string
	if country := s.countries.Of(n); country != "" {
		out = append(out, country)
	}
	for i := range s.operator.Destinations {
		d := &s.operator.Destinations[i]
		if slices.ContainsFunc(d.Prefixes, func(p string) bool { return strings.HasPrefix(n.Digits(), p) }) {
			out = append(out, d.ID)
		}
	}
	return out
}

// CheckNumbers reports what is wrong with classes, regions and quotas of numbers: in the numbers themselves, and in the fees of
// tariffs, where a word that nobody else knows loses money in silence. It is asked when something is changed; what is in force already
// stays so.
func (s *Snapshot) CheckNumbers(b *Bundle) error {
	c := &numberChecker{b: b, s: s, classes: make(map[string]bool), regions: make(map[string]bool)}
	for i, class := range b.Operator.Classes {
		if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`).MatchString(rating.ClassName(class)) {
			c.add(fmt.Sprintf("number_classes[%d]", i), fmt.Sprintf("%q is no class", class), "use lower-case letters, digits and '-'")
		}
	}
	for _, class := range b.Operator.NumberClasses() {
		c.classes[class] = true
	}
	for i := range b.Operator.Destinations {
		c.regions[b.Operator.Destinations[i].ID] = true
	}
	for i := range b.Operator.Tenants {
		c.tenant(fmt.Sprintf("tenants[%d]", i), &b.Operator.Tenants[i])
	}
	for i := range b.Operator.Tariffs {
		if t := s.tariffs[b.Operator.Tariffs[i].ID]; t != nil {
			c.tariff(fmt.Sprintf("tariffs[%d]", i), b.Operator.Tariffs[i].File, t)
		}
	}
	return errors.Join(c.faults...)
}

type numberChecker struct {
	b                *Bundle
	s                *Snapshot
	classes, regions map[string]bool
	faults           []error
}

func (c *numberChecker) add(field, problem, remedy string) {
	c.faults = append(c.faults, c.b.fault(field, problem, remedy))
}

func (c *numberChecker) class(field, where, class string) {
	if !c.classes[class] {
		c.add(field, fmt.Sprintf("%sthere is no class of numbers %q", where, class), "name it under number_classes, or use one of: "+some(c.classes))
	}
}

func (c *numberChecker) tenant(at string, t *Tenant) {
	for i := range t.Numbers {
		if class := t.Numbers[i].Class; class != "" {
			c.class(fmt.Sprintf("%s.numbers[%d].class", at, i), "", class)
		}
	}
	if t.MaxNumbers < 0 {
		c.add(at+".max_numbers", "is negative", "give how many numbers the client may have, 0 for no bound")
	}
	if t.MaxNumbers > 0 && len(t.Numbers) > t.MaxNumbers {
		c.add(at+".max_numbers", fmt.Sprintf("is %d, and the client %s has %d numbers", t.MaxNumbers, t.ID, len(t.Numbers)), "raise it, or take numbers away")
	}
}

func (c *numberChecker) tariff(at, file string, t *rating.Tariff) {
	spec := t.Spec()
	for i := range spec.Fees {
		f := &spec.Fees[i]
		where := fmt.Sprintf("%s, fee %q: ", file, f.Name)
		for _, class := range f.Classes {
			c.class(at+".file", where, class)
		}
		for _, region := range f.Regions {
			c.region(at+".file", where, region)
		}
		for _, counter := range slices.Concat([]string{f.PerUnit}, f.When.Counters(), f.FreeWhen.Counters()) {
			if class, ok := rating.CountedClass(counter); ok && class != "" {
				c.class(at+".file", where+"counter "+counter+": ", class)
			}
		}
	}
}

func (c *numberChecker) region(field, where, region string) {
	if _, digits := rating.RegionDigits(region); digits || c.regions[region] || c.s.countries.Known(region) {
		return
	}
	c.add(field, fmt.Sprintf("%sthere is no region %q", where, region),
		"the region of a number is its own: use the ISO code of a country (DE), the digits that its numbers begin with (4930), or the id of a group under destinations")
}
