package app

import (
	"context"
	"slices"
	"time"

	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/internal/embedded"
	"trunkline/internal/ttlcache"
	"trunkline/sipproxy"
	"trunkline/sql/postgres"
)

const (
	callsShown     = 100
	elsewhereLimit = 3 * time.Second
)

// overviewer tells how everything is, once a second at most for all who look.
type overviewer struct {
	s    *System
	kept *ttlcache.Cache[console.Overview]
}

func newOverviewer(s *System) *overviewer {
	return &overviewer{s, ttlcache.New(ttlcache.Options[console.Overview]{
		For: time.Second, Wait: 2 * elsewhereLimit, Entries: 1, SizeOf: func(console.Overview) int64 { return 0 }, Clock: clock.System{},
	})}
}

// Overview implements console.System. Its lists are those of all who look at the same time.
func (c *overviewer) Overview(ctx context.Context) (console.Overview, error) {
	return c.kept.Get(ctx, "", c.look)
}

func (c *overviewer) look(ctx context.Context) (console.Overview, error) {
	now := clock.System{}.Now()
	o := console.Overview{At: now}
	for _, h := range c.s.engines.Health() {
		o.Parts = append(o.Parts, console.Health{
			Name: h.Name, State: string(h.State), Healthy: h.State == embedded.StateReady, Detail: h.LastError, Restarts: h.Restarts,
		})
	}
	o.Parts = append(o.Parts, c.elsewhere(ctx, o.Parts)...)
	if c.s.proxy != nil {
		if err := c.calls(ctx, now, &o); err != nil {
			return o, err
		}
	}
	dead, err := c.s.books.DeadCount(ctx, postgres.DeadFilter{})
	if err != nil {
		return o, err
	}
	for _, n := range dead {
		o.Unrated += int(n)
	}
	return o, nil
}

// elsewhere asks the engines that this process did not start.
func (c *overviewer) elsewhere(ctx context.Context, own []console.Health) []console.Health {
	ctx, cancel := context.WithTimeout(ctx, elsewhereLimit)
	defer cancel()
	var out []console.Health
	for _, check := range c.s.checks() {
		if slices.ContainsFunc(own, func(p console.Health) bool { return p.Name == check.Name }) {
			continue
		}
		part := console.Health{Name: check.Name, State: "answers", Healthy: true}
		if err := check.Probe(ctx); err != nil {
			part.State, part.Healthy, part.Detail = "silent", false, err.Error()
		}
		out = append(out, part)
	}
	return out
}

func (c *overviewer) calls(ctx context.Context, now time.Time, o *console.Overview) error {
	live, err := c.s.proxy.Live(ctx)
	if err != nil {
		return err
	}
	o.Total = len(live)
	for i := range live[:min(len(live), callsShown)] {
		o.Calls = append(o.Calls, liveCall(&live[i], now))
	}
	for _, n := range c.s.proxy.Registrations() {
		o.Phones += n
	}
	for _, g := range c.s.proxy.Gateways() {
		o.Gateways = append(o.Gateways, console.Gateway{
			ID: g.ID, Carrier: g.Carrier, Address: g.Address, Calls: g.Calls, Max: g.MaxCalls, Locked: g.Locked, Reason: g.Why,
		})
	}
	return nil
}

// liveCall is a call in progress as it is shown.
func liveCall(l *sipproxy.LiveCall, now time.Time) console.LiveCall {
	call := console.LiveCall{
		ID: l.ID.String(), Tenant: l.Tenant, Branch: l.Branch, Extension: l.Extension, From: l.From, To: l.To, Direction: l.Direction,
		Carrier: l.Carrier, Gateway: l.Gateway, State: l.State, Setup: l.Setup, Remaining: -1,
	}
	if !l.Connect.IsZero() {
		at := l.Connect
		call.Connect, call.Seconds = &at, int64(now.Sub(at).Seconds())
		if l.Granted > 0 {
			call.Remaining = max(0, int64((l.Granted - now.Sub(at)).Seconds()))
		}
	}
	return call
}
