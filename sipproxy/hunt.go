package sipproxy

import (
	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/lcr"
	"trunkline/routing"
	"trunkline/sipproxy/registrar"
)

// skippedGateway is a gateway that was not tried although the route named it.
type skippedGateway struct {
	target routing.Target
	reason lcr.Reason
}

// hunt begins to try the targets.
func (c *call) hunt() {
	c.state = stateHunting
	c.targets = c.sh.lastTaken.order(c.targets)
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

// otherWay rings a phone on another of its ways when one has turned out to lead nowhere (RFC 5626, section 7).
func (c *call) otherWay(a *attempt, f failure) bool {
	if a.way == nil || (!f.silent && f.status != registrar.StatusFlowFailed) {
		return false
	}
	if a.way.RegID != 0 && f.status == registrar.StatusFlowFailed {
		c.sh.registrar.Drop(a.target.Login, *a.way)
	}
	return c.reach(a.target, a.otherWays)
}

// huntOn is told when an attempt has failed: it decides whether the next target is tried.
func (c *call) huntOn(a *attempt, f failure) {
	if c.state != stateHunting {
		return
	}
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
	if tried < c.sh.health.Addresses(a.gatewayID()) {
		rest := c.targets[c.next:] // The route's own list is not to be touched.
		c.targets, c.next = append([]routing.Target{a.target}, rest...), 0
	}
}

func (c *call) ringingElsewhere() bool { return c.ringingBeside(nil) }

// ringingBeside reports whether another attempt than one is still under way.
func (c *call) ringingBeside(one *attempt) bool {
	for _, a := range c.attempts {
		if a != one && a.state.underway() {
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
