package invoice

import (
	"context"
	"fmt"
	"slices"
	"time"

	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/rating"
)

// plan is what the whole client, one of their branches or one of their extensions pays fees by: one version of a tariff after the other.
type plan struct {
	owner owner
	stays []rating.Stay
	from  time.Time // When the period begins.
}

// last is the version that the plan is on when a period ends.
func (p *plan) last(till time.Time) *rating.Tariff {
	tariff := p.stays[0].Tariff
	for _, s := range p.stays {
		if s.From.Before(till) {
			tariff = s.Tariff
		}
	}
	return tariff
}

// owner is whoever a plan is of: the client, a branch, or an extension; all empty: the client.
type owner struct{ branch, extension string }

// own is the tariff that a tenant, as they were set up at a time, has for an owner; empty: none of its own.
func (o owner) own(t *provision.Tenant) string {
	switch {
	case t == nil:
		return ""
	case o == owner{}:
		return t.Tariff
	}
	for i := range t.Branches {
		b := &t.Branches[i]
		if o.extension == "" && b.ID == o.branch {
			return differs(b.Tariff, t.Tariff)
		}
		for j := range b.Extensions {
			if e := &b.Extensions[j]; o.extension != "" && e.ID == o.extension {
				return differs(differs(e.Tariff, t.Tariff), b.Tariff)
			}
		}
	}
	return ""
}

func differs(tariff, from string) string {
	if tariff == from {
		return ""
	}
	return tariff
}

// ownersOf are the branches and extensions that ever had a tariff of their own.
func ownersOf(t *Timeline, now *provision.Tenant) []owner {
	var out []owner
	add := func(o owner) {
		if !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	for _, tenant := range append(slices.Clone(t.tenants), now) {
		if tenant == nil {
			continue
		}
		for i := range tenant.Branches {
			b := &tenant.Branches[i]
			if o := (owner{branch: b.ID}); o.own(tenant) != "" {
				add(o)
			}
			for j := range b.Extensions {
				if o := (owner{extension: b.Extensions[j].ID}); o.own(tenant) != "" {
					add(o)
				}
			}
		}
	}
	return out
}

// plans are those of the client and of the branches and extensions whose own tariffs have fees.
func (j *job) plans(ctx context.Context) ([]plan, error) {
	client, err := j.stays(ctx, owner{})
	if err != nil {
		return nil, err
	}
	if len(client) == 0 {
		return nil, fmt.Errorf("%w: no version of %s was in force for tenant %s", errNoTariff, j.tenant.Tariff, j.tenant.ID)
	}
	out := []plan{{stays: client, from: j.period.From}}
	for _, o := range ownersOf(j.timeline, j.tenant) {
		stays, err := j.stays(ctx, o)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(stays, func(s rating.Stay) bool { return len(s.Tariff.Spec().Fees) > 0 }) {
			out = append(out, plan{o, stays, j.period.From})
		}
	}
	return out, nil
}

// turn is a moment from which on an owner was on a tariff.
type turn struct {
	from, known time.Time
	tariff      string
}

// stays are the versions that an owner was on in the period and, as far as it is known, in the next one; and the one that ended as it began,
// because that may have been billed in advance. A day on which a plan begins is a day of that plan.
func (j *job) stays(ctx context.Context, o owner) ([]rating.Stay, error) {
	zone, err := time.LoadLocation(j.period.Zone)
	if err != nil {
		return nil, err
	}
	end := j.period.Till.In(zone).AddDate(0, 1, 1)
	var out []rating.Stay
	turns := j.turns(o, zone)
	for i, t := range turns {
		till := end
		if i+1 < len(turns) && turns[i+1].from.Before(till) {
			till = turns[i+1].from
		}
		if t.tariff == "" || !t.from.Before(till) || till.Before(j.period.From) {
			continue
		}
		stays, err := j.versions(ctx, t, till, zone)
		if err != nil {
			return nil, err
		}
		if n := len(stays); n > 0 && i+1 < len(turns) && turns[i+1].tariff == "" {
			stays[n-1].Left = turns[i+1].known
		}
		out = append(out, stays...)
	}
	return out, nil
}

// turns are the changes of an owner's tariff.
func (j *job) turns(o owner, zone *time.Location) []turn {
	begin := j.period.From.AddDate(-1, 0, 0) // Long before anything that the period asks about.
	if len(j.timeline.versions) == 0 {
		return []turn{{from: begin, tariff: o.own(j.tenant)}}
	}
	var out []turn
	for i, v := range j.timeline.versions {
		t := turn{from: midnight(v.At, zone), known: v.At, tariff: o.own(j.timeline.tenants[i])}
		if i == 0 {
			t.from, t.known = begin, time.Time{}
		}
		switch n := len(out); {
		case n > 0 && out[n-1].tariff == t.tariff, j.timeline.tenants[i] == nil && o == owner{}: // Who is taken away was on it to the end.
		case n > 0 && !out[n-1].from.Before(t.from):
			out[n-1].tariff, out[n-1].known = t.tariff, t.known
		default:
			out = append(out, t)
		}
	}
	return out
}

// midnight is the beginning of the day of a moment.
func midnight(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	return clock.Midnight(y, m, d, zone)
}

// versions are the versions of a tariff in a time.
func (j *job) versions(ctx context.Context, t turn, till time.Time, zone *time.Location) ([]rating.Stay, error) {
	s := j.closer.c.Snapshot
	line := s.Timeline(provision.KindTariff, t.tariff)
	if len(line.All()) == 0 {
		tariff, ok := s.Tariff(t.tariff)
		if !ok {
			return nil, fmt.Errorf("%w: %s of tenant %s", errNoTariff, t.tariff, j.tenant.ID)
		}
		return []rating.Stay{{Tariff: tariff, From: t.from, Till: till, Known: t.known}}, nil
	}
	var out []rating.Stay
	var ended time.Time // When the version before ended.
	for _, span := range line.Spans(t.from, till) {
		if span.Till.Before(j.period.From.AddDate(0, 0, -1)) {
			continue
		}
		tariff, err := s.Read(ctx, span.Version)
		if err != nil {
			return nil, err
		}
		stay := rating.Stay{Tariff: tariff, From: t.from, Till: dayOf(span.Till, tariff, zone), Known: t.known}
		if span.From.After(t.from) {
			stay.From, stay.Known = dayOf(span.From, tariff, zone), span.Version.Applied
		}
		if n := len(out); n > 0 && ended.Equal(span.From) {
			out[n-1].Till = stay.From
		}
		out, ended = append(out, stay), span.Till
	}
	return slices.DeleteFunc(out, func(s rating.Stay) bool { return !s.From.Before(s.Till) || s.Till.Before(j.period.From) }), nil
}

// dayOf is the beginning of the client's day on which a version begins or ends. A midnight of the tariff's own zone is a date, and so is
// the same one for every client.
func dayOf(at time.Time, tariff *rating.Tariff, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	if tariff.Midnight(y, m, d+1).Equal(at) {
		d++
	}
	return clock.Midnight(y, m, d, zone)
}
