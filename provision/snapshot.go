package provision

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"trunkline/internal/e164"
	"trunkline/lcr"
	"trunkline/rating"
)

// Snapshot is everything that calls are routed and rated by, at one moment: immutable, and safe for concurrent use.
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
	extensions map[extensionKey]place
	logins     map[string]place
	numbers    map[e164.Number]owner
	peers      []Gateway // The gateways, and the trunks that calls are delivered to.
	peersByID  map[string]*Gateway
	trunks     map[string]*Caller // Those that have a login, by it.
	sources    []sourceRoute      // The narrowest range first.
	plan       string             // The default route plan.
}

type branchKey struct{ tenant, branch string }

type extensionKey struct{ tenant, extension string }

// place is an extension with the branch and tenant that it is in.
type place struct {
	tenant    *Tenant
	branch    *Branch
	extension *Extension
	networks  []netip.Prefix // Where its phones may register and call from.
	contacts  []netip.Prefix // Where they may be reached beside.
}

func newPlace(t *Tenant, b *Branch, e *Extension) place {
	networks := t.Networks
	for _, nearer := range [][]string{b.Networks, e.Networks} {
		if len(nearer) > 0 {
			networks = nearer
		}
	}
	return place{tenant: t, branch: b, extension: e, networks: ranges(networks), contacts: ranges(e.Contacts)}
}

// ranges reads addresses and ranges, which were checked before.
func ranges(texts []string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		if p, err := parseSource(text); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// owner is a number with its tenant.
type owner struct {
	tenant *Tenant
	number *Number
}

// Empty is the snapshot of a system in which nothing has been set up yet: it refuses every call.
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
	s.branches, s.extensions = make(map[branchKey]*Branch), make(map[extensionKey]place)
	s.logins, s.numbers = make(map[string]place), make(map[e164.Number]owner)
	s.zones = make(map[string]*time.Location)
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
	s.trunks, s.peersByID = make(map[string]*Caller), make(map[string]*Gateway)
	s.peers = slices.Clone(o.Gateways)
	for i := range o.Tenants {
		s.indexTenant(&o.Tenants[i])
	}
	for i := range s.peers {
		s.peersByID[s.peers[i].ID] = &s.peers[i]
	}
	for i := range o.Gateways {
		g := &o.Gateways[i]
		s.gateways[g.ID] = g
		s.indexSources(gatewaySources(g), Caller{Kind: CallerGateway, Gateway: g.ID, Carrier: g.Carrier, Media: g.Media, Form: &g.Form})
	}
	slices.SortStableFunc(s.sources, func(a, b sourceRoute) int { return b.prefix.Bits() - a.prefix.Bits() })
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
			p := newPlace(t, b, &b.Extensions[j])
			s.extensions[extensionKey{t.ID, p.extension.ID}] = p
			s.logins[p.extension.Login] = p
		}
	}
	for i := range t.Numbers {
		s.numbers[t.Numbers[i].E164] = owner{t, &t.Numbers[i]}
	}
	for i := range t.Trunks {
		trunk := &t.Trunks[i]
		caller := Caller{
			Kind: CallerTrunk, Tenant: t.ID, Branch: trunk.Branch, Trunk: trunk.ID, Media: trunk.Media, Contacts: ranges(trunk.Sources), Form: &trunk.Form,
		}
		s.indexSources(trunk.Sources, caller)
		if trunk.Address != "" {
			s.peers = append(s.peers, trunk.peer(t.ID))
		}
		if trunk.HA1MD5 != "" && !t.Inactive {
			caller.Login, caller.HA1MD5, caller.HA1SHA256 = trunk.Login, trunk.HA1MD5, trunk.HA1SHA256
			s.trunks[trunk.Login] = &caller
		}
	}
}

func (s *Snapshot) indexSources(sources []string, caller Caller) {
	for _, text := range sources {
		if prefix, err := parseSource(text); err == nil { // Checked before; names of gateways are no sources.
			s.sources = append(s.sources, sourceRoute{prefix, caller})
		}
	}
}

func gatewaySources(g *Gateway) []string {
	if len(g.Sources) > 0 {
		return g.Sources
	}
	if ap, err := netip.ParseAddrPort(g.Address); err == nil {
		return []string{ap.Addr().String()}
	}
	return []string{g.Address}
}

// checkCurrencies makes sure that nobody is charged in a currency that his account is not kept in.
func (s *Snapshot) checkCurrencies(b *Bundle) error {
	c := &checker{b: b}
	s.checkTrials(c)
	check := func(field string, t *Tenant, tariff string) {
		if tariff != "" && s.tariffs[tariff].Currency() != t.Currency {
			c.add(field, fmt.Sprintf("tariff %s is in %s, the tenant's account in %s", tariff, s.tariffs[tariff].Currency(), t.Currency),
				"choose a tariff in the currency of the account")
		}
	}
	for i := range s.operator.Tenants {
		t := &s.operator.Tenants[i]
		at := fmt.Sprintf("tenants[%d]", i)
		check(at+".tariff", t, t.Tariff)
		for j := range t.Branches {
			br := &t.Branches[j]
			check(fmt.Sprintf("%s.branches[%d].tariff", at, j), t, br.Tariff)
			for k := range br.Extensions {
				check(fmt.Sprintf("%s.branches[%d].extensions[%d].tariff", at, j, k), t, br.Extensions[k].Tariff)
			}
		}
		for j := range t.PBXs {
			for k := range t.PBXs[j].Trunks {
				check(fmt.Sprintf("%s.pbxs[%d].trunks[%d].tariff", at, j, k), t, t.PBXs[j].Trunks[k].Tariff)
			}
		}
	}
	if len(c.faults) > 0 {
		return c.faults[0]
	}
	return nil
}

// checkTrials makes sure that clients whose trial ends go to a tariff that there is, in the currency of their accounts.
func (s *Snapshot) checkTrials(c *checker) {
	for i := range s.operator.Tariffs {
		id := s.operator.Tariffs[i].ID
		trial := s.tariffs[id].Spec().Trial
		if trial == nil || trial.Then != rating.TrialSwitch {
			continue
		}
		next, ok := s.tariffs[trial.Tariff]
		if !ok || next.Currency() != s.tariffs[id].Currency() {
			c.add(fmt.Sprintf("tariffs[%d].file", i), fmt.Sprintf("its trial ends by a switch to tariff %q, which is not there in the same currency", trial.Tariff),
				"name a tariff of the same currency in trial.tariff")
		}
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
	return p.extension, ok
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

// Login returns the extension with a SIP user name.
func (s *Snapshot) Login(user string) (Caller, bool) {
	if trunk, ok := s.trunks[user]; ok {
		return *trunk, true
	}
	p, ok := s.logins[user]
	if !ok || p.extension.Inactive || p.tenant.Inactive {
		return Caller{}, false
	}
	return Caller{
		Kind: CallerExtension, Tenant: p.tenant.ID, Branch: p.branch.ID, Extension: p.extension.ID,
		Login: p.extension.Login, Media: p.extension.Media, HA1MD5: p.extension.HA1MD5, HA1SHA256: p.extension.HA1SHA256,
		Networks: p.networks, Contacts: p.contacts,
	}, true
}

// Source returns the trunk or gateway that sends from an address: the one with the narrowest range.
func (s *Snapshot) Source(addr netip.Addr) (Caller, bool) {
	for i := range s.sources {
		if s.sources[i].prefix.Contains(addr) {
			return s.sources[i].caller, true
		}
	}
	return Caller{}, false
}

// Peers returns all gateways, and the trunks that calls are delivered to at an address: their ids begin with "trunk/".
func (s *Snapshot) Peers() []Gateway { return s.peers }

// Gateways returns all gateways.
func (s *Snapshot) Gateways() []Gateway { return s.operator.Gateways }
