package sipproxy

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/lcr"
	"trunkline/provision"
)

// failure is why an attempt did not take the call.
type failure struct {
	status int
	cause  uint8
	text   string
	silent bool // No answer at all, rather than one with that status.
}

// skippedGateway is a gateway that was not tried although the route named it.
type skippedGateway struct {
	target provision.Target
	reason lcr.Reason
}

// hunt begins to try the targets.
func (c *call) hunt() {
	c.state = stateHunting
	c.tryNext()
}

// tryNext tries the next target that can be tried, or gives up.
func (c *call) tryNext() {
	limit := c.route.MaxTries
	if limit == 0 {
		limit = c.sh.cfg.MaxTries
	}
	for c.next < len(c.targets) && len(c.attempts) < limit {
		target := c.targets[c.next]
		c.next++
		if target.Gateway != nil && c.tryGateway(target) {
			return
		}
		if target.Gateway == nil && c.tryPhones(target) {
			return
		}
	}
	c.nobody()
}

func (c *call) tryGateway(t provision.Target) bool {
	remote, reason := c.sh.health.admit(t.Gateway)
	if reason == "" {
		if !c.sh.slots.take("gateway/"+t.Gateway.ID, t.Gateway.MaxCalls) {
			reason = lcr.ReasonCapacity
		}
	}
	if reason != "" {
		c.skip(t, reason)
		return false
	}
	flow, err := c.sh.wire.To(t.Gateway.Transport, remote)
	if err != nil {
		c.log.Warn("no way to the gateway", "gateway", t.Gateway.ID, "error", err)
		c.sh.slots.release([]string{"gateway/" + t.Gateway.ID})
		c.skip(t, lcr.ReasonUnsupported)
		return false
	}
	host, port, _ := strings.Cut(t.Gateway.Address, ":")
	uri := sip.Uri{Scheme: "sip", User: t.ToSent, Host: host}
	if n, err := strconv.Atoi(port); err == nil {
		uri.Port = n
	}
	c.begin(t, uri, flow, "gateway/"+t.Gateway.ID)
	return true
}

func (c *call) skip(t provision.Target, reason lcr.Reason) {
	c.skipped = append(c.skipped, skippedGateway{t, reason})
	c.log.Info("gateway skipped", "gateway", t.Gateway.ID, "reason", string(reason))
}

// tryPhones rings all phones that are registered for the extension.
func (c *call) tryPhones(t provision.Target) bool {
	rang := false
	for _, b := range c.sh.registrar.contacts(t.Login, c.sh.clock.Now()) {
		flow, err := c.sh.flowTo(b)
		if err != nil {
			c.log.Info("phone cannot be reached", "login", t.Login, "error", err)
			continue
		}
		c.begin(t, b.uri, flow, "")
		rang = true
	}
	if !rang {
		c.best = better(c.best, failure{status: sip.StatusTemporarilyUnavailable, cause: causeSubscriberAbsent})
	}
	return rang
}

// huntOn is told when an attempt has failed: it decides whether the next target is tried.
func (c *call) huntOn(a *attempt, f failure) {
	if a.hunted || c.state != stateHunting {
		return
	}
	a.hunted = true
	rule := verdict(a.target, f)
	if rule.as != 0 {
		f.status, f.cause = rule.as, 0
	}
	c.best = better(c.best, f)
	if c.ringingElsewhere() && f.status < 600 {
		return
	}
	if !rule.next {
		c.best = f // An answer of the called party counts more than those of carriers before.
		c.nobody()
		return
	}
	c.tryNext()
}

func (c *call) ringingElsewhere() bool {
	for _, a := range c.attempts {
		if !a.hunted && !a.done && !a.gaveUp {
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
	c.end(ending{side: side, cause: cause, status: status})
}

// ruling is what a failure means to the hunting.
type ruling struct {
	next bool
	as   int // The status to go on with instead; 0 keeps it.
}

// verdict looks the failure up: first in the gateway's rules, then the carrier's, then by default.
func verdict(t provision.Target, f failure) ruling {
	if t.Gateway != nil {
		if r, ok := ruled(t.Gateway.Hunt, f); ok {
			return r
		}
	}
	if t.Carrier != nil {
		if r, ok := ruled(t.Carrier.Hunt, f); ok {
			return r
		}
	}
	return ruling{next: f.silent || carrierFault(f.status)}
}

func ruled(rules []provision.HuntRule, f failure) (ruling, bool) {
	for _, r := range rules {
		if statusMatches(r.Status, f) {
			return ruling{next: r.Do == "next", as: r.As}, true
		}
	}
	return ruling{}, false
}

// statusMatches understands "503", "5xx" and "timeout".
func statusMatches(pattern string, f failure) bool {
	if f.silent {
		return pattern == "timeout"
	}
	code := strconv.Itoa(f.status)
	return pattern == code || (len(pattern) == 3 && strings.HasSuffix(pattern, "xx") && pattern[0] == code[0])
}

// carrierFault tells answers that speak of the carrier from those that speak of the called party. The first are a
// reason to try another carrier, the second are not: a busy line is busy through every carrier.
func carrierFault(status int) bool {
	switch status {
	case sip.StatusUnauthorized, sip.StatusPaymentRequired, sip.StatusForbidden, sip.StatusNotFound,
		sip.StatusMethodNotAllowed, sip.StatusNotAcceptable, sip.StatusProxyAuthRequired, sip.StatusRequestTimeout,
		sip.StatusUnsupportedMediaType, sip.StatusBadExtension, sip.StatusCallTransactionDoesNotExists,
		sip.StatusLoopDetected, sip.StatusTooManyHops, sip.StatusNotAcceptableHere:
		return true
	case sip.StatusGone, sip.StatusTemporarilyUnavailable, sip.StatusAddressIncomplete, sip.StatusBusyHere,
		sip.StatusRequestTerminated:
		return false
	}
	return status < 400 || (status >= 500 && status < 600)
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
	case carrierFault(f.status):
		return 2
	}
	return 3
}
