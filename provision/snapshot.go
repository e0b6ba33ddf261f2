package provision

import (
	"time"

	"trunkline/internal/e164"
	"trunkline/lcr"
	"trunkline/rating"
)

// Snapshot is what is set up at one moment, compiled and indexed: immutable, and safe for concurrent use.
type Snapshot struct {
	operator *Operator
	world    *lcr.World
	decks    map[string]*rating.Deck
	costs    map[string]*lcr.Costs
	tariffs  map[string]*rating.Tariff // As they were applied last.

	timelines map[thing]*Timeline         // Nil: the past is not known.
	versions  map[*Version]*rating.Tariff // Those that are in force now or will be.
	library   *library                    // For those of the past.
	revision  int64                       // Of what is provisioned; 0: not known.
	contracts map[string]Contract         // By tenant.

	countries  *e164.Countries
	exchange   []ExchangeRate
	carriers   map[string]*Carrier
	gateways   map[string]*Gateway
	tenants    map[string]*Tenant
	zones      map[string]*time.Location // By tenant.
	dials      map[string]*DialPlan
	branches   map[branchKey]*Branch
	extensions map[extensionKey]Subscriber
	numbers    map[e164.Number]AssignedNumber
	plan       string // The default route plan.
}

type branchKey struct{ tenant, branch string }

type extensionKey struct{ tenant, extension string }

// Empty is the snapshot of a system in which nothing has been set up yet.
func Empty() *Snapshot {
	s := &Snapshot{operator: &Operator{}}
	s.index()
	return s
}

// Zone is the time zone that a tenant's days and months are counted in; UTC for a tenant that there is not.
func (s *Snapshot) Zone(tenant string) *time.Location {
	if zone, ok := s.zones[tenant]; ok {
		return zone
	}
	return time.UTC
}

// index makes the look-up tables.
func (s *Snapshot) index() {
	s.carriers, s.gateways = make(map[string]*Carrier), make(map[string]*Gateway)
	s.tenants, s.dials = make(map[string]*Tenant), make(map[string]*DialPlan)
	s.branches, s.extensions = make(map[branchKey]*Branch), make(map[extensionKey]Subscriber)
	s.numbers, s.zones = make(map[e164.Number]AssignedNumber), make(map[string]*time.Location)
	o := s.operator
	for i := range o.Carriers {
		s.carriers[o.Carriers[i].ID] = &o.Carriers[i]
	}
	for i := range o.DialPlans {
		s.dials[o.DialPlans[i].ID] = &o.DialPlans[i]
	}
	for i := range o.RoutePlans {
		if o.RoutePlans[i].Default {
			s.plan = o.RoutePlans[i].ID
		}
	}
	for i := range o.Tenants {
		s.indexTenant(&o.Tenants[i])
	}
	for i := range o.Gateways {
		s.gateways[o.Gateways[i].ID] = &o.Gateways[i]
	}
}

func (s *Snapshot) indexTenant(t *Tenant) {
	s.tenants[t.ID] = t
	if zone, err := time.LoadLocation(t.TimeZone); err == nil { // It was checked; reading it takes longer than pricing a call.
		s.zones[t.ID] = zone
	}
	for i := range t.Branches {
		b := &t.Branches[i]
		s.branches[branchKey{t.ID, b.ID}] = b
		for j := range b.Extensions {
			s.extensions[extensionKey{t.ID, b.Extensions[j].ID}] = Subscriber{t, b, &b.Extensions[j]}
		}
	}
	for i := range t.Numbers {
		s.numbers[t.Numbers[i].E164] = AssignedNumber{t, &t.Numbers[i]}
	}
}

// Operator returns what the snapshot was made of; it must not be changed.
func (s *Snapshot) Operator() *Operator { return s.operator }

// Tenant returns a tenant by id.
func (s *Snapshot) Tenant(id string) (*Tenant, bool) {
	t, ok := s.tenants[id]
	return t, ok
}

// Branch returns a branch of a tenant by id.
func (s *Snapshot) Branch(tenant, id string) (*Branch, bool) {
	b, ok := s.branches[branchKey{tenant, id}]
	return b, ok
}

// Extension returns an extension of a tenant by its short number.
func (s *Snapshot) Extension(tenant, id string) (*Extension, bool) {
	p, ok := s.extensions[extensionKey{tenant, id}]
	return p.Extension, ok
}

// DialPlan returns the dial plan that a branch of a tenant dials by.
func (s *Snapshot) DialPlan(tenant, branch string) (*DialPlan, bool) {
	t, ok := s.tenants[tenant]
	if !ok {
		return nil, false
	}
	id := t.DialPlan
	if b, ok := s.branches[branchKey{tenant, branch}]; ok && b.DialPlan != "" {
		id = b.DialPlan
	}
	plan, ok := s.dials[id]
	return plan, ok
}

// Carrier returns a carrier by id.
func (s *Snapshot) Carrier(id string) (*Carrier, bool) {
	c, ok := s.carriers[id]
	return c, ok
}

// DialPlanByID returns a dial plan by id.
func (s *Snapshot) DialPlanByID(id string) (*DialPlan, bool) {
	d, ok := s.dials[id]
	return d, ok
}

// Tariff returns a tariff by id, as it was applied last: what it is to be, which may not be in force yet. See TariffAt.
func (s *Snapshot) Tariff(id string) (*rating.Tariff, bool) {
	t, ok := s.tariffs[id]
	return t, ok
}

// Deck returns a carrier's deck by its id.
func (s *Snapshot) Deck(id string) (*rating.Deck, bool) {
	d, ok := s.decks[id]
	return d, ok
}

// Cost returns a deck as a price.
func (s *Snapshot) Cost(deck string) (*rating.Tariff, bool) {
	c, ok := s.costs[deck]
	if !ok {
		return nil, false
	}
	return c.Tariff(), true
}

// Gateway returns a gateway by id.
func (s *Snapshot) Gateway(id string) (*Gateway, bool) {
	g, ok := s.gateways[id]
	return g, ok
}

// World returns what lcr decides by: route plans, gateways and what carriers ask.
func (s *Snapshot) World() *lcr.World { return s.world }

// Revision returns the revision of what is provisioned; 0: it is not known.
func (s *Snapshot) Revision() int64 { return s.revision }

// DefaultRoutePlan returns the id of the route plan of tenants that name none.
func (s *Snapshot) DefaultRoutePlan() string { return s.plan }

// Gateways returns all gateways.
func (s *Snapshot) Gateways() []Gateway { return s.operator.Gateways }
