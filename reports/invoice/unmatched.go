package invoice

import (
	"fmt"
	"slices"

	"trunkline/rating"
)

// matches are what the fees of a draft's tariffs found to be due for.
type matches struct {
	fees     []feeMatch
	warnings []string // Of this client.
}

// feeMatch says whether a fee that is due for something of a kind found anything.
type feeMatch struct {
	tariff, fee, of string
	found           bool
}

// Warnings are what of a draft may be wrong without anything failing: numbers that no fee is for. Issued documents have none.
func (d *Document) Warnings() []string { return d.matches.warnings }

// match looks what fees found, for the versions that a client and their branches are on at the end of the period.
func (d *drafter) match() error {
	for i := range d.plans {
		p := &d.plans[i]
		if p.owner.extension != "" {
			continue
		}
		if err := d.matchPlan(p.last(d.period.Till), &ownFacts{d.facts, p.owner, d.plans}); err != nil {
			return err
		}
	}
	return nil
}

func (d *drafter) matchPlan(tariff *rating.Tariff, facts *ownFacts) error {
	var perNumber []*rating.Fee
	spec := tariff.Spec()
	numbers := facts.Numbers(d.period.From, d.period.Till)
	for i := range spec.Fees {
		f := &spec.Fees[i]
		if f.PerNumber() {
			perNumber = append(perNumber, f)
			if len(f.Classes) > 0 || len(f.Regions) > 0 {
				found := slices.ContainsFunc(numbers, func(n rating.NumberFact) bool { return f.Means(&n) })
				d.note(spec.Name, f, fmt.Sprintf("numbers of class %v and region %v", f.Classes, f.Regions), found)
			}
			continue
		}
		known, err := d.facts.counted(f.PerUnit, d.period.Till)
		if err != nil {
			return err
		}
		if f.PerUnit != "" {
			d.note(spec.Name, f, f.PerUnit, known)
		}
	}
	d.unmatched(spec.Name, numbers, slices.DeleteFunc(perNumber, func(f *rating.Fee) bool { return f.OneOff }))
	return nil
}

func (d *drafter) note(tariff string, f *rating.Fee, of string, found bool) {
	d.doc.matches.fees = append(d.doc.matches.fees, feeMatch{tariff, f.Name, of, found})
}

// unmatched tells numbers that no recurring fee is for, where the tariff has such fees.
func (d *drafter) unmatched(tariff string, numbers []rating.NumberFact, fees []*rating.Fee) {
	if len(fees) == 0 {
		return
	}
	for i := range numbers {
		n := &numbers[i]
		if !slices.ContainsFunc(fees, func(f *rating.Fee) bool { return f.Means(n) }) {
			d.doc.matches.warnings = append(d.doc.matches.warnings,
				fmt.Sprintf("number %s, class %q, region %v: no fee of tariff %s is for it", n.Number, n.Class, n.Regions, tariff))
		}
	}
}

// warn tells what fees found nothing at any client of a close, each once, at the first client who has the tariff.
func warn(results []Result) {
	found := make(map[feeMatch]bool)
	each := func(f func(r *Result, m feeMatch)) {
		for i := range results {
			if d := results[i].Document; d != nil {
				for _, m := range d.matches.fees {
					f(&results[i], m)
				}
			}
		}
	}
	each(func(_ *Result, m feeMatch) {
		key := feeMatch{tariff: m.tariff, fee: m.fee}
		found[key] = found[key] || m.found
	})
	each(func(r *Result, m feeMatch) {
		key := feeMatch{tariff: m.tariff, fee: m.fee}
		if !found[key] {
			found[key] = true
			r.Warnings = append(r.Warnings, fmt.Sprintf("fee %q of tariff %s found nothing at any client: there are no %s", m.fee, m.tariff, m.of))
		}
	})
}
