package invoice

import (
	"slices"
	"strings"
	"time"

	"trunkline/provision"
	"trunkline/rating"
)

// ownFacts are the facts by which the fees of one plan are judged: seats and numbers are those of its owner. The client's own plan
// has those that no plan of a branch or extension asks a fee for.
type ownFacts struct {
	*facts
	owner owner
	plans []plan
}

// Value implements rating.Facts.
func (f *ownFacts) Value(q rating.FactQuery) int64 {
	switch {
	case len(f.plans) < 2:
	case q.Counter == "seats":
		return f.seats(q.Till)
	case q.Counter == "numbers" || strings.HasSuffix(q.Counter, "_numbers"):
		var n int64
		for branch, count := range f.timeline.NumbersAt(q.Till, strings.TrimSuffix(strings.TrimSuffix(q.Counter, "numbers"), "_")) {
			if f.branchIsOurs(branch, isNumbers) {
				n += count
			}
		}
		return n
	}
	return f.facts.Value(q)
}

// Numbers implements rating.Facts.
func (f *ownFacts) Numbers(from, till time.Time) []rating.NumberFact {
	all := f.facts.Numbers(from, till)
	if len(f.plans) < 2 {
		return all
	}
	return slices.DeleteFunc(all, func(n rating.NumberFact) bool {
		track := f.timeline.numbers[n.Number]
		return len(track) == 0 || !f.branchIsOurs(track[len(track)-1].branch, isNumbers)
	})
}

func isSeats(per string) bool { return per == "seats" }

func isNumbers(per string) bool {
	return per == "number" || per == "numbers" || strings.HasSuffix(per, "_numbers")
}

// asks reports whether a plan has a fee of a kind in the period.
func (p *plan) asks(kind func(per string) bool) bool {
	return slices.ContainsFunc(p.stays, func(s rating.Stay) bool {
		return s.Till.After(p.from) && slices.ContainsFunc(s.Tariff.Spec().Fees, func(f rating.Fee) bool { return kind(f.PerUnit) })
	})
}

// branchIsOurs reports whether what is counted in a branch is paid for by this plan.
func (f *ownFacts) branchIsOurs(branch string, kind func(string) bool) bool {
	if f.owner.extension != "" {
		return false
	}
	own := slices.ContainsFunc(f.plans, func(p plan) bool { return p.owner == owner{branch: branch} && p.asks(kind) })
	if f.owner.branch != "" {
		return f.owner.branch == branch
	}
	return !own
}

// seats counts the extensions that a plan pays for just before a moment.
func (f *ownFacts) seats(at time.Time) int64 {
	tenant := f.timeline.At(at.Add(-1))
	if f.owner.extension != "" || tenant == nil {
		return 1
	}
	var n int64
	for i := range tenant.Branches {
		b := &tenant.Branches[i]
		if !f.branchIsOurs(b.ID, isSeats) {
			continue
		}
		for j := range b.Extensions {
			if !f.paysItself(tenant, b.Extensions[j].ID) {
				n++
			}
		}
	}
	return n
}

// paysItself reports whether an extension has a plan of its own with fees.
func (f *ownFacts) paysItself(t *provision.Tenant, extension string) bool {
	o := owner{extension: extension}
	return o.own(t) != "" && slices.ContainsFunc(f.plans, func(p plan) bool { return p.owner == o })
}
