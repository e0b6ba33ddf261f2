package invoice

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"trunkline/provision"
	"trunkline/rating"
	"trunkline/reports"
)

// Version is a tenant as it was set up from a moment on.
type Version struct {
	At   time.Time
	Spec string // As it is stored; empty: the tenant was taken away.
}

// tenant reads the version.
func (v *Version) tenant() (*provision.Tenant, error) {
	b, err := provision.NewBundle([]provision.Object{{Kind: provision.KindTenant, Spec: v.Spec}}, nil)
	if err != nil {
		return nil, fmt.Errorf("history of a tenant, %s: %w", v.At.Format(time.RFC3339), err)
	}
	return &b.Operator.Tenants[0], nil
}

// span is a time for which an extension, a number or a branch was somewhere.
type span struct {
	from, till time.Time // A zero till is open.
	branch     string
	class      string
}

// Timeline is what a tenant had when: branches, extensions and numbers with the times of their moves.
type Timeline struct {
	start      time.Time
	end        time.Time // Zero: the tenant is there.
	versions   []Version
	tenants    []*provision.Tenant
	branches   map[string][]span
	extensions map[string][]span
	numbers    map[string][]span
}

// NewTimeline reads the versions of a tenant in the order of their times. What the first one has is taken to be there since
// the contract began, where that is known. An extension that moved with a date moved on that date, else when it was changed.
func NewTimeline(versions []Version, since time.Time) (*Timeline, error) {
	t := &Timeline{versions: slices.Clone(versions), branches: make(map[string][]span), extensions: make(map[string][]span), numbers: make(map[string][]span)}
	for i, v := range versions {
		var tenant *provision.Tenant
		if v.Spec != "" {
			var err error
			if tenant, err = v.tenant(); err != nil {
				return nil, err
			}
		}
		if i == 0 && !since.IsZero() {
			t.versions[0].At = since
		}
		t.tenants = append(t.tenants, tenant)
		t.put(t.versions[i].At, tenant)
	}
	if len(t.versions) > 0 {
		t.start = t.versions[0].At
	}
	return t, nil
}

// put goes on with what a version has from its time on.
func (t *Timeline) put(at time.Time, tenant *provision.Tenant) {
	branches, extensions, numbers := make(map[string]span), make(map[string]span), make(map[string]span)
	t.end = at
	if tenant != nil {
		t.end = time.Time{}
		for i := range tenant.Branches {
			b := &tenant.Branches[i]
			branches[b.ID] = span{from: at, branch: b.ID}
			for _, e := range b.Extensions {
				s := span{from: at, branch: b.ID}
				if !e.Since.IsZero() {
					s.from = e.Since
				}
				extensions[e.ID] = s
			}
		}
		for _, n := range tenant.Numbers {
			numbers[n.E164.String()] = span{from: at, branch: n.Branch, class: n.Class}
		}
	}
	advance(t.branches, branches, at)
	advance(t.extensions, extensions, at)
	advance(t.numbers, numbers, at)
}

// advance ends what is gone, begins what is new, and lets the rest go on.
func advance(tracks map[string][]span, now map[string]span, at time.Time) {
	for id, track := range tracks {
		if _, ok := now[id]; !ok {
			tracks[id] = cut(track, at)
		}
	}
	for id, next := range now {
		track := tracks[id]
		if n := len(track); n > 0 && track[n-1].till.IsZero() && track[n-1].branch == next.branch && track[n-1].class == next.class {
			continue
		}
		tracks[id] = append(cut(track, next.from), next)
	}
}

// cut ends a track at a moment.
func cut(track []span, at time.Time) []span {
	track = slices.DeleteFunc(track, func(s span) bool { return !s.from.Before(at) })
	for i := range track {
		if track[i].till.IsZero() || track[i].till.After(at) {
			track[i].till = at
		}
	}
	return track
}

// within is how long a span is in a period.
func (s span) within(from, till time.Time) time.Duration {
	if s.from.After(from) {
		from = s.from
	}
	if !s.till.IsZero() && s.till.Before(till) {
		till = s.till
	}
	return max(0, till.Sub(from))
}

// At returns the tenant as it was set up at a moment; nil: it was not there.
func (t *Timeline) At(at time.Time) *provision.Tenant {
	for i, v := range slices.Backward(t.versions) {
		if !v.At.After(at) {
			return t.tenants[i]
		}
	}
	return nil
}

// First is At, with the first version for what was before it: a record from before a tenant was set up is taken to be of their first plan.
func (t *Timeline) First(at time.Time) *provision.Tenant {
	if len(t.versions) > 0 && at.Before(t.versions[0].At) {
		return t.tenants[0]
	}
	return t.At(at)
}

// Branches returns the ids of the branches that were there in a period, in their order.
func (t *Timeline) Branches(from, till time.Time) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(t.branches)) {
		if slices.ContainsFunc(t.branches[id], func(s span) bool { return s.within(from, till) > 0 }) {
			out = append(out, id)
		}
	}
	return out
}

// Seats returns how long each branch had extensions in a period: the seconds of all of them together.
func (t *Timeline) Seats(from, till time.Time) map[string]int64 {
	out := make(map[string]int64)
	for _, track := range t.extensions {
		for _, s := range track {
			out[s.branch] += int64(s.within(from, till) / time.Second)
		}
	}
	return out
}

// SeatsAt is how many extensions there are just before a moment.
func (t *Timeline) SeatsAt(at time.Time) int64 {
	return int64(len(present(t.extensions, at)))
}

// NumbersAt is how many numbers of a class there are in each branch just before a moment; an empty class means all.
func (t *Timeline) NumbersAt(at time.Time, class string) map[string]int64 {
	out := make(map[string]int64)
	for _, s := range present(t.numbers, at) {
		if class == "" || s.class == class {
			out[s.branch]++
		}
	}
	return out
}

func present(tracks map[string][]span, at time.Time) []span {
	var out []span
	for _, id := range slices.Sorted(maps.Keys(tracks)) {
		for _, s := range tracks[id] {
			if s.within(at.Add(-1), at) > 0 {
				out = append(out, s)
			}
		}
	}
	return out
}

// Numbers returns the numbers that were there in a period, as fees are reckoned by, without their regions.
func (t *Timeline) Numbers(from, till time.Time) []rating.NumberFact {
	var out []rating.NumberFact
	for _, id := range slices.Sorted(maps.Keys(t.numbers)) {
		track := t.numbers[id]
		if !slices.ContainsFunc(track, func(s span) bool { return s.within(from, till) > 0 }) {
			continue
		}
		last := track[len(track)-1]
		out = append(out, rating.NumberFact{Number: id, Class: last.class, From: begin(track), Till: last.till})
	}
	return out
}

// begin is since when a number was there without a gap up to its last span.
func begin(track []span) time.Time {
	i := len(track) - 1
	for i > 0 && track[i-1].till.Equal(track[i].from) {
		i--
	}
	return track[i].from
}

// numberWeights says by what a number's fee is shared out: for how long it was in which branch, or where it is now when the
// fee is for a time to come.
func (t *Timeline) numberWeights(number string, from, till time.Time) []reports.BranchWeight {
	track := t.numbers[number]
	times := make(map[string]int64)
	for _, s := range track {
		if d := s.within(from, till); d > 0 {
			times[s.branch] += int64(d / time.Second)
		}
	}
	if len(times) == 0 && len(track) > 0 {
		times[track[len(track)-1].branch] = 1
	}
	var out []reports.BranchWeight
	for _, b := range slices.Sorted(maps.Keys(times)) {
		out = append(out, reports.BranchWeight{Branch: b, Seconds: times[b]})
	}
	return out
}
