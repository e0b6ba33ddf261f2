package sipproxy

import (
	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/routing"
)

// redirected follows the redirection of a phone or switch of the house, which is the forward key of many phones (RFC 3261, section 8.1.3.4):
// the number is dialled by whoever forwards, by its dial plan, with its bars and at its cost, like a forwarding that is set up. It reports
// false where the answer is to count as any other. The host in the Contact means nothing: a phone leads nowhere but where it may dial.
func (c *call) redirected(a *attempt, f failure) bool {
	if f.moved == "" || f.status != sip.StatusMovedPermanently && f.status != sip.StatusMovedTemporarily || a.target.Login == "" {
		return false
	}
	if c.diverted || len(c.onward) >= onwardMost || c.othersRing(a) {
		return false
	}
	target, ok := c.sh.router.Redirect(a.route(), a.target.Login, f.moved, c.setup)
	if !ok {
		c.log.Info("a phone forwards to what it may not dial", "login", a.target.Login, "to", f.moved)
		return false
	}
	for _, other := range c.attempts {
		if other != a && !other.done {
			other.hunted = true
			other.drop(sip.StatusRequestTerminated, cdr.SideRouting, causeAnsweredElsewhere, "forwarded")
		}
	}
	c.log.Info("forwarded by the phone", "login", a.target.Login, "to", f.moved)
	c.diverted, c.outcome, target.After = true, 0, routing.AfterAny
	c.targets, c.next, c.tries = []routing.Target{target}, 0, max(c.tries, len(c.attempts)+1)
	c.tryNext()
	return true
}

// othersRing reports whether phones of others ring beside one that forwards: theirs is the call then.
func (c *call) othersRing(a *attempt) bool {
	for _, other := range c.attempts {
		if other.target.Login != a.target.Login && !other.hunted && !other.done && !other.gaveUp {
			return true
		}
	}
	return false
}
