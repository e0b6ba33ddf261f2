package sipproxy

import (
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/gateway"
	"trunkline/sipproxy/registrar"
)

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
	ways := c.sh.registrar.Contacts(t.Login, c.sh.clock.Now())
	slices.SortFunc(ways, func(a, b registrar.Binding) int { return b.At.Compare(a.At) })
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
	hop, reason := c.sh.health.Admit(t.Gateway)
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
	host, port := gateway.SplitAddress(g.Address)
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
	for _, phone := range registrar.ByPhone(c.sh.registrar.Contacts(t.Login, c.sh.clock.Now())) {
		rang = c.reach(t, phone) || rang
	}
	return rang
}

// reach rings one phone on the first of the ways to it that is there.
func (c *call) reach(t routing.Target, ways []registrar.Binding) bool {
	return c.reachHolding(t, ways, nil)
}

// reachHolding does so with the capacity that the attempt is to hold.
func (c *call) reachHolding(t routing.Target, ways []registrar.Binding, held []string) bool {
	for i := range ways {
		b := &ways[i]
		phone, _ := c.sh.router.Login(t.Login)
		if err := b.Judge(c.sh.contacts, phone.Contacts); err != nil { // Who stands where has changed since it registered.
			c.log.Warn("phone is not rung", "login", t.Login, "contact", b.Contact, "error", err)
			continue
		}
		flow, err := b.Flow(c.sh.wire)
		if err != nil {
			c.log.Info("phone cannot be reached", "login", t.Login, "error", err)
			continue
		}
		c.beginOn(t, b, flow, ways[i+1:], held)
		return true
	}
	return false
}
