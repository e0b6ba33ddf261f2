package sipproxy

import (
	"context"
	"net/netip"
	"sort"
	"time"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/sipproxy/callflow"
	"trunkline/sipproxy/guard"
)

// LiveCall is a call in progress.
type LiveCall struct {
	ID        calls.ID
	Tenant    string
	Branch    string
	Extension string
	Direction string
	From      string
	To        string
	Carrier   string
	Gateway   string
	State     string // reserving, ringing or answered.
	Setup     time.Time
	Connect   time.Time     // Zero before the answer.
	Granted   time.Duration // From Connect on; zero without a bound.
}

// Live returns the calls in progress, the longest first. It asks every shard, so it may take as long as the busiest.
func (p *Proxy) Live(ctx context.Context) ([]LiveCall, error) {
	var all []LiveCall
	for _, s := range p.shards {
		var part []LiveCall
		if err := s.sync(ctx, func() { part = s.live() }); err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Setup.Before(all[j].Setup) })
	return all, nil
}

// Drop ends a call in progress and reports whether there was one with that id.
func (p *Proxy) Drop(ctx context.Context, id calls.ID, reason string) (bool, error) {
	found := false
	for _, s := range p.shards {
		err := s.sync(ctx, func() { //nolint:contextcheck // What ending a call sets off outlives the request.
			if c, ok := s.calls[id]; ok && c.state != stateOver {
				found = true
				c.end(ending{side: cdr.SideAdmin, cause: causeNormalUnspecified, reason: reason, status: 480})
			}
		})
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

// CallFlow returns the SIP messages of a call that are still remembered, in the order in which they were received and sent.
func (p *Proxy) CallFlow(id calls.ID) []callflow.Message { return p.flows.Call(id.String()) }

// Gateways returns the state of every gateway that was used or probed, by id.
func (p *Proxy) Gateways() []GatewayState {
	states := p.health.states()
	for i := range states {
		states[i].Calls = p.slots.inUse("gateway/" + states[i].ID)
	}
	sort.Slice(states, func(i, j int) bool { return states[i].ID < states[j].ID })
	return states
}

// Registrations returns how many phones are registered under each login.
func (p *Proxy) Registrations() map[string]int { return p.registrar.logins(p.clock.Now()) }

// Locks returns the sources and logins that are refused at the moment because of wrong passwords.
func (p *Proxy) Locks() []guard.Lock { return p.guard.Locks() }

// Unlock lifts the lock of a login from a source, or without a login all of the source, and returns how many held.
func (p *Proxy) Unlock(source netip.Addr, login string) int { return p.guard.Lift(source, login) }

// InProgress returns the number of calls in progress.
func (p *Proxy) InProgress() int { return int(p.inProgress.Load()) }

// sync runs f in the shard's turn and waits for it.
func (s *shard) sync(ctx context.Context, f func()) error {
	done := make(chan struct{})
	s.post(func() {
		f()
		close(done)
	})
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stopped:
		return context.Canceled
	}
}

func (s *shard) live() []LiveCall {
	out := make([]LiveCall, 0, len(s.calls))
	for _, c := range s.calls {
		if c.state == stateOver || c.route == nil {
			continue
		}
		l := LiveCall{
			ID: c.id, Tenant: c.route.Tenant, Branch: c.route.Branch, Extension: c.route.Extension,
			Direction: c.route.Direction.String(), From: c.callerID, To: c.dialled, State: c.state.String(),
			Setup: c.setup, Connect: c.connect, Granted: c.grant.Granted,
		}
		if !c.route.To.IsZero() {
			l.To = c.route.To.String()
		}
		if !c.route.From.IsZero() {
			l.From = c.route.From.String()
		}
		if a := c.current(); a != nil {
			l.Gateway = a.gatewayID()
			if a.target.Carrier != nil {
				l.Carrier = a.target.Carrier.ID
			}
		}
		out = append(out, l)
	}
	return out
}

// current is the attempt that has the call, or the last one that was begun.
func (c *call) current() *attempt {
	if c.winner != nil {
		return c.winner
	}
	if n := len(c.attempts); n > 0 {
		return c.attempts[n-1]
	}
	return nil
}
