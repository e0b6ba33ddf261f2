package console

import (
	"context"
	"errors"
	"fmt"

	"trunkline/access"
	"trunkline/provision"
	"trunkline/reports"
	"trunkline/reports/traffic"
)

// LinesQuery says whose lines are looked at.
type LinesQuery struct {
	Tenant string // Empty: gateways and carriers, for people of the house.
	Branch string // Only systems and trunks of this branch.
	PBX    string // Only this system.
	Period reports.Period
}

// Lines is the traffic of trunk groups: those of a client's systems and its own trunks, or gateways and carriers.
func (c *Console) Lines(ctx context.Context, who *access.Principal, q LinesQuery) (*traffic.Report, error) {
	if err := may(who, access.ReadStats); err != nil {
		return nil, err
	}
	var err error
	if q.Tenant, q.Branch, err = c.narrow(who, q.Tenant, q.Branch); err != nil {
		return nil, err
	}
	if c.d.Lines == nil {
		return nil, fmt.Errorf("%w: there are no records of lines", ErrNotFound)
	}
	plan, err := NewLinePlan(c.d.Snapshot(), q)
	if err != nil {
		return nil, err
	}
	r, err := traffic.Measure(ctx, c.d.Lines, plan, traffic.Question{Tenant: q.Tenant, PBX: q.PBX, Period: q.Period}, c.d.Clock.Now())
	if errors.Is(err, traffic.ErrQuestion) {
		return nil, invalid("%s", err)
	}
	return r, err
}

// NewLinePlan knows the trunk groups that a question is about, as they are set up now.
func NewLinePlan(s *provision.Snapshot, q LinesQuery) (traffic.Plan, error) {
	if q.Tenant == "" {
		if q.PBX != "" || q.Branch != "" {
			return nil, invalid("tenant: name the client whose PBX or branch it is")
		}
		return newHouseLines(s), nil
	}
	t, ok := s.Tenant(q.Tenant)
	if !ok {
		return nil, fmt.Errorf("%w: there is no tenant %q", ErrNotFound, q.Tenant)
	}
	l := &clientLines{q: q, pbxs: make(map[string]*provision.PBX), trunks: make(map[string]int)}
	for i := range t.PBXs {
		if p := &t.PBXs[i]; (q.PBX == "" || p.ID == q.PBX) && (q.Branch == "" || p.Branch == q.Branch) {
			l.pbxs[p.ID] = p
		}
	}
	if _, known := l.pbxs[q.PBX]; q.PBX != "" && !known {
		return nil, fmt.Errorf("%w: the tenant %q has no PBX %q", ErrNotFound, q.Tenant, q.PBX)
	}
	for i := range t.Trunks {
		if k := &t.Trunks[i]; q.PBX == "" && (q.Branch == "" || k.Branch == q.Branch) {
			l.trunks[k.ID] = k.MaxCalls
		}
	}
	return l, nil
}

// clientLines are the lines of a client.
type clientLines struct {
	q      LinesQuery
	pbxs   map[string]*provision.PBX
	trunks map[string]int // With the calls that they take at once.
}

// Groups implements traffic.Plan.
func (l *clientLines) Groups() []traffic.Group {
	var out []traffic.Group
	for id, p := range l.pbxs {
		for _, g := range p.TrunkGroups(l.q.Period.From, l.q.Period.Until) {
			out = append(out, traffic.Group{Key: traffic.Key{Kind: traffic.PBX, Owner: id, ID: g.ID}, Lines: g.Lines, Known: g.Known})
		}
	}
	for id, n := range l.trunks {
		out = append(out, traffic.Group{Key: traffic.Key{Kind: traffic.Trunk, ID: id}, Lines: n})
	}
	return out
}

// Places implements traffic.Plan. What was taken out of the operator's file since is of no branch.
func (l *clientLines) Places(leg *traffic.Leg, places []traffic.Place) []traffic.Place {
	if leg.Own {
		if _, known := l.trunks[leg.Trunk]; !known && l.q.Branch != "" {
			return places
		}
		return append(places, traffic.Place{Key: traffic.Key{Kind: traffic.Trunk, ID: leg.Trunk}})
	}
	p, known := l.pbxs[leg.Node]
	if !known && l.q.Branch != "" {
		return places
	}
	if !known {
		p = &provision.PBX{}
	}
	group, line := p.GroupOf(leg.Trunk, leg.Setup)
	return append(places, traffic.Place{Key: traffic.Key{Kind: traffic.PBX, Owner: leg.Node, ID: group}, Line: line})
}

// houseLines are the gateways and carriers.
type houseLines struct {
	groups   []traffic.Group
	carriers map[string]string // By gateway.
}

func newHouseLines(s *provision.Snapshot) *houseLines {
	l := &houseLines{carriers: make(map[string]string)}
	o := s.Operator()
	for i := range o.Gateways {
		g := &o.Gateways[i]
		l.carriers[g.ID] = g.Carrier
		l.groups = append(l.groups, traffic.Group{Key: traffic.Key{Kind: traffic.Gateway, Owner: g.Carrier, ID: g.ID}, Lines: g.MaxCalls})
	}
	for i := range o.Carriers {
		c := &o.Carriers[i]
		l.groups = append(l.groups, traffic.Group{Key: traffic.Key{Kind: traffic.Carrier, ID: c.ID}, Lines: c.MaxCalls})
	}
	return l
}

// Groups implements traffic.Plan.
func (l *houseLines) Groups() []traffic.Group { return l.groups }

// Places implements traffic.Plan. A gateway is of the carrier that it was of then, where the leg tells.
func (l *houseLines) Places(leg *traffic.Leg, places []traffic.Place) []traffic.Place {
	carrier := or(leg.Carrier, l.carriers[leg.Gateway])
	places = append(places, traffic.Place{Key: traffic.Key{Kind: traffic.Gateway, Owner: carrier, ID: leg.Gateway}})
	if carrier == "" {
		return places
	}
	return append(places, traffic.Place{Key: traffic.Key{Kind: traffic.Carrier, ID: carrier}})
}
