package sipproxy

import (
	"slices"
	"time"

	"trunkline/cdr"
)

// reauthorizePause is how long a call that is just being asked about waits before it is asked about again.
const reauthorizePause = 100 * time.Millisecond

// Reauthorize asks the ledger again about the calls in progress of a tenant, or of all tenants if it is empty: those of a
// tenant whose money ended may go on, and those that are to stop are ended. With an empty tenant only calls are asked
// about that were told that there is no more money. It may be repeated.
func (p *Proxy) Reauthorize(tenant string) {
	for _, s := range p.shards {
		s.post(func() {
			for _, c := range s.calls {
				c.reauthorize(tenant)
			}
		})
	}
}

func (c *call) reauthorize(tenant string) {
	if c.state == stateOver || c.route == nil || len(c.holds()) == 0 || !c.concerns(tenant) {
		return
	}
	if c.asking {
		c.sh.after(reauthorizePause, func() { c.reauthorize(tenant) })
		return
	}
	upTo := c.grant.Granted
	if c.grant.Final {
		upTo += c.sh.cfg.Stretch
	}
	c.ask(upTo, c.reauthorized)
}

func (c *call) concerns(tenant string) bool {
	if tenant == "" {
		return c.grant.Final
	}
	return c.route.Tenant == tenant || slices.ContainsFunc(c.onward, func(f *forwarding) bool { return f.route.Tenant == tenant })
}

// reauthorized takes the answer. One that grants nothing new leaves the call as it is.
func (c *call) reauthorized(g Grant, err error) {
	switch {
	case c.state == stateOver:
		c.releaseHold() // The caller hung up while the ledger was asked.
	case err != nil:
		c.log.Warn("no answer from the ledger; asking again", "error", err)
		c.sh.after(retryAsk, func() { c.reauthorize(c.route.Tenant) })
	case g.Stop != "":
		c.sh.metrics.cut.WithLabelValues(g.Stop).Inc()
		c.end(ending{side: cdr.SideAdmin, cause: causeNormalUnspecified, reason: g.Stop, status: statusStopped})
	case g.Granted > c.grant.Granted:
		c.log.Info("more money for the call", "granted", int64(g.Granted.Seconds()))
		c.grant = g
		_ = c.keep()
		c.runClock()
	}
}

// statusStopped answers a caller whose account was stopped while the phone rang: 403 Forbidden.
const statusStopped = 403
