package sipproxy

import (
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/routing"
)

// failure is why an attempt did not take the call.
type failure struct {
	status int
	cause  uint8
	told   bool // The cause was in the answer.
	text   string
	moved  string // Of a 3xx: whom it names.
	minSE  string // Of a 422: the shortest session that is taken (RFC 4028, section 6).
	silent bool   // No answer at all, rather than one with that status.
}

// skippedGateway is a gateway that was not tried although the route named it.
type skippedGateway struct {
	target routing.Target
	reason lcr.Reason
}

// hunt begins to try the targets.
func (c *call) hunt() {
	c.state = stateHunting
	c.targets = c.sh.idle.order(c.targets)
	c.tries = c.route.MaxTries
	if c.tries == 0 {
		c.tries = c.sh.cfg.MaxTries
	}
	c.tryNext()
}

// tryNext tries the next target that can be tried, or gives up.
func (c *call) tryNext() {
	for c.next < len(c.targets) && len(c.attempts) < c.tries {
		target := c.targets[c.next]
		c.next++
		if !c.wants(&target) {
			continue
		}
		c.diverted = c.diverted || (target.After != 0 && target.After != routing.AfterAny)
		if c.try(target) {
			return
		}
	}
	c.nobody()
}

// try begins with a target; false: it cannot be tried at all.
func (c *call) try(t routing.Target) bool {
	switch {
	case t.Forward != nil:
		return c.forwardAs(t.Forward, whyDiverted(t.After, c.outcome))
	case t.Gateway != nil:
		return c.tryGateway(t)
	case t.Trunk != nil:
		return c.tryTrunk(t)
	}
	return c.tryPhones(t)
}

// tryTrunk tries a switch of the client's where it has registered.
func (c *call) tryTrunk(t routing.Target) bool {
	held, reason := c.sh.slots.takeAll([]routing.Capacity{{
		Key: "trunk/" + c.route.Tenant + "/" + t.Trunk.ID, Max: t.Trunk.MaxCalls, PerSecond: t.Trunk.MaxCPS,
	}})
	if reason != "" {
		c.outcome |= routing.AfterUnavailable
		c.best = better(c.best, failure{status: sip.StatusServiceUnavailable, cause: causeNoCircuit})
		return false
	}
	ways := c.sh.registrar.contacts(t.Login, c.sh.clock.Now())
	slices.SortFunc(ways, func(a, b binding) int { return b.At.Compare(a.At) })
	if c.reachHolding(t, ways, held) {
		return true
	}
	c.sh.slots.release(held)
	c.outcome |= routing.AfterUnavailable
	c.best = better(c.best, failure{status: sip.StatusTemporarilyUnavailable, cause: causeSubscriberAbsent})
	return false
}

func (c *call) tryGateway(t routing.Target) bool {
	if !takes(t.Gateway, c.invite) {
		c.skip(t, lcr.ReasonUnsupported)
		return false
	}
	hop, reason := c.sh.health.admit(t.Gateway)
	var held []string
	if reason == "" {
		held, reason = c.sh.slots.takeAll(bounds(&t))
	}
	if reason != "" {
		c.skip(t, reason)
		return false
	}
	flow, err := c.sh.wire.To(hop.Transport, hop.Remote, hop.Host)
	if err != nil {
		c.log.Warn("no way to the gateway", "gateway", t.Gateway.ID, "error", err)
		c.sh.slots.release(held)
		c.skip(t, lcr.ReasonUnsupported)
		return false
	}
	c.begin(t, addressAt(&t), flow, held)
	return true
}

// addressAt is a number as a URI at a gateway. A service is one wherever it is (RFC 5031).
func addressAt(t *routing.Target) sip.Uri {
	g, number := t.Gateway, t.ToSent
	if t.Trunk != nil && t.Trunk.RequestURI == provision.NameLogin {
		number = t.Trunk.Login
	}
	var service sip.Uri
	if strings.HasPrefix(number, "urn:") && sip.ParseUri(number, &service) == nil {
		return service
	}
	host, port := splitAddress(g.Address)
	return sip.Uri{Scheme: "sip", User: number, Host: host, Port: port}
}

// bounds are the capacities that a call at a gateway takes a place of.
func bounds(t *routing.Target) []routing.Capacity {
	if t.Trunk != nil { // What comes from it takes places of the same.
		return []routing.Capacity{{Key: t.Gateway.ID, Max: t.Gateway.MaxCalls, PerSecond: t.Gateway.MaxCPS}}
	}
	out := []routing.Capacity{{Key: "gateway/" + t.Gateway.ID, Max: t.Gateway.MaxCalls, PerSecond: t.Gateway.MaxCPS}}
	if t.Carrier != nil {
		out = append(out, routing.Capacity{Key: "carrier/" + t.Carrier.ID, Max: t.Carrier.MaxCalls, PerSecond: t.Carrier.MaxCPS})
	}
	return out
}

func (c *call) skip(t routing.Target, reason lcr.Reason) {
	c.skipped = append(c.skipped, skippedGateway{t, reason})
	c.log.Info("gateway skipped", "gateway", t.Gateway.ID, "reason", string(reason))
	if t.Trunk != nil {
		c.outcome |= routing.AfterUnavailable
		c.best = better(c.best, failure{status: sip.StatusServiceUnavailable, cause: causeNoCircuit})
	}
}

// tryPhones rings all phones that are registered for the extension.
func (c *call) tryPhones(t routing.Target) bool {
	rang := c.ringPhones(t)
	for _, other := range t.Others {
		one := t
		one.Extension, one.Login, one.ToSent = other.Extension, other.Login, other.Extension
		rang = c.ringPhones(one) || rang
	}
	if !rang {
		c.outcome |= routing.AfterUnavailable
		c.best = better(c.best, failure{status: sip.StatusTemporarilyUnavailable, cause: causeSubscriberAbsent})
	}
	return rang
}

func (c *call) ringPhones(t routing.Target) bool {
	rang := false
	for _, phone := range ways(c.sh.registrar.contacts(t.Login, c.sh.clock.Now())) {
		rang = c.reach(t, phone) || rang
	}
	return rang
}

// reach rings one phone on the first of the ways to it that is there.
func (c *call) reach(t routing.Target, ways []binding) bool { return c.reachHolding(t, ways, nil) }

// reachHolding does so with the capacity that the attempt is to hold.
func (c *call) reachHolding(t routing.Target, ways []binding, held []string) bool {
	for i := range ways {
		b := &ways[i]
		phone, _ := c.sh.router.Login(t.Login)
		if err := c.sh.mayBeReached(b, phone.Contacts); err != nil { // Who stands where has changed since it registered.
			c.log.Warn("phone is not rung", "login", t.Login, "contact", b.Contact, "error", err)
			continue
		}
		flow, err := c.sh.flowTo(b)
		if err != nil {
			c.log.Info("phone cannot be reached", "login", t.Login, "error", err)
			continue
		}
		c.beginOn(t, b, flow, ways[i+1:], held)
		return true
	}
	return false
}

// otherWay rings a phone on another of its ways when one has turned out to lead nowhere (RFC 5626, section 7).
func (c *call) otherWay(a *attempt, f failure) bool {
	if a.way == nil || (!f.silent && f.status != statusFlowFailed) {
		return false
	}
	if a.way.RegID != 0 && f.status == statusFlowFailed {
		c.sh.registrar.drop(a.target.Login, *a.way)
	}
	return c.reach(a.target, a.otherWays)
}

// huntOn is told when an attempt has failed: it decides whether the next target is tried.
func (c *call) huntOn(a *attempt, f failure) {
	if a.hunted || c.state != stateHunting {
		return
	}
	a.hunted = true
	if c.otherWay(a, f) {
		return
	}
	if c.redirected(a, f) {
		return
	}
	ruling := verdict(a.target, f)
	if ruling.As != 0 {
		f.status, f.cause = ruling.As, 0
	}
	c.best = better(c.best, f)
	if c.ringingElsewhere() && (f.status < 600 || len(a.target.Others) > 0) {
		return
	}
	if a.target.Gateway == nil || a.target.Trunk != nil {
		if a.target.Trunk != nil {
			c.outcome = 0 // The last of several tells what became of the call.
		}
		c.outcome |= outcomeOf(f)
		if a.target.Trunk != nil && !ruling.Next {
			c.passTrunks() // Whom it has called is busy there as well.
		}
		ruling.Next = ruling.Next || c.wantsMore()
	}
	if !ruling.Next {
		c.best = f // An answer of the called party counts more than those of carriers before.
		c.nobody()
		return
	}
	if f.silent || f.status == sip.StatusServiceUnavailable {
		c.elsewhere(a)
	}
	c.tryNext()
}

// passTrunks passes the other trunks of a number over.
func (c *call) passTrunks() {
	for c.next < len(c.targets) && c.targets[c.next].Trunk != nil && c.targets[c.next].After == 0 {
		c.next++
	}
}

// elsewhere lets a gateway be tried at its next address when it has several, once each, before others are.
func (c *call) elsewhere(a *attempt) {
	if a.target.Gateway == nil {
		return
	}
	tried := 0
	for _, other := range c.attempts {
		if other.gatewayID() == a.gatewayID() {
			tried++
		}
	}
	if tried < c.sh.health.addresses(a.gatewayID()) {
		rest := c.targets[c.next:] // The route's own list is not to be touched.
		c.targets, c.next = append([]routing.Target{a.target}, rest...), 0
	}
}

func (c *call) ringingElsewhere() bool { return c.ringingBeside(nil) }

// ringingBeside reports whether another attempt than one is still under way.
func (c *call) ringingBeside(one *attempt) bool {
	for _, a := range c.attempts {
		if a != one && !a.hunted && !a.done && !a.gaveUp {
			return true
		}
	}
	return false
}

// nobody ends the call with the best answer that there was.
func (c *call) nobody() {
	f := c.best
	if f.status == 0 { // No gateway could even be tried.
		c.refuse("no_gateway", sip.StatusServiceUnavailable)
		return
	}
	status := upstream(f)
	cause := f.cause
	if cause == 0 {
		cause = causeOfStatus(status)
	}
	side := cdr.SideCallee
	if f.silent {
		side = cdr.SideTimer
	}
	c.end(ending{side: side, cause: cause, status: status, minSE: f.minSE})
}

// verdict tells what a failure means to the hunting: by the gateway's rules, then the carrier's, then as usual.
func verdict(t routing.Target, f failure) lcr.Ruling {
	outcome := lcr.Outcome{Status: f.status, Cause: f.cause, Told: f.told, Silent: f.silent}
	var rules []provision.HuntRule
	if t.Gateway != nil {
		rules = append(rules, t.Gateway.Hunt...)
	}
	if t.Carrier != nil {
		rules = append(rules, t.Carrier.Hunt...)
	}
	for _, rule := range rules {
		if ruling, ok := lcr.HuntRule(rule).Rule(outcome); ok {
			return ruling
		}
	}
	return lcr.DefaultRuling(outcome)
}

// upstream is the status that the caller is given for a failure (RFC 3261, section 16.7, step 6: a 503 would tell
// the caller that we are out of service; a challenge of the carrier is not for the caller to answer).
func upstream(f failure) int {
	switch {
	case f.silent:
		return sip.StatusGatewayTimeout
	case f.status == sip.StatusServiceUnavailable, f.status < 400,
		f.status == sip.StatusUnauthorized, f.status == sip.StatusProxyAuthRequired:
		return sip.StatusInternalServerError
	}
	return f.status
}

// better keeps the failure that says more to the caller: one of the called party before one of a carrier, one that
// was answered before silence.
func better(a, b failure) failure {
	if a.status == 0 || weight(b) >= weight(a) {
		return b
	}
	return a
}

func weight(f failure) int {
	switch {
	case f.status >= 600:
		return 4
	case f.silent:
		return 1
	case lcr.CarrierFault(f.status):
		return 2
	}
	return 3
}
