package main

import (
	"context"
	"slices"
	"time"

	"trunkline/api"
	"trunkline/internal/clock"
	"trunkline/internal/embedded"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

const (
	callsShown   = 100
	recordsShown = 50

	elsewhereLimit = 3 * time.Second
)

// console puts together what the page shows.
type console struct {
	s *system
}

// Overview implements api.Console.
func (c *console) Overview(ctx context.Context) (api.Overview, error) {
	now := clock.System{}.Now()
	o := api.Overview{At: now}
	for _, h := range c.s.engines.health() {
		o.Parts = append(o.Parts, api.Part{
			Name: h.Name, State: string(h.State), Good: h.State == embedded.StateReady, Detail: h.LastError, Restarts: h.Restarts,
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
		o.Dead += int(n)
	}
	records, err := c.s.stores.records.Records(ctx, clickhouse.Filter{From: now.Add(-24 * time.Hour), Limit: recordsShown})
	if err != nil {
		return o, err
	}
	for i := range records {
		r := &records[i]
		o.Records = append(o.Records, api.Record{
			At: r.Setup, Kind: r.Kind.String(), Tenant: r.Tenant, Branch: r.Branch, Extension: r.Extension,
			From: r.From.String(), To: orDialled(r), Destination: r.Destination, Carrier: r.Carrier, Gateway: r.Gateway,
			Status: int(r.SIPStatus), Released: r.ReleasedBy.String(), Seconds: r.Billed, Sale: r.Sale.String(), Cost: r.Cost.String(),
		})
	}
	return o, nil
}

// elsewhere asks the engines that this process did not start.
func (c *console) elsewhere(ctx context.Context, own []api.Part) []api.Part {
	ctx, cancel := context.WithTimeout(ctx, elsewhereLimit)
	defer cancel()
	var out []api.Part
	for _, check := range c.s.checks() {
		if slices.ContainsFunc(own, func(p api.Part) bool { return p.Name == check.Name }) {
			continue
		}
		part := api.Part{Name: check.Name, State: "answers", Good: true}
		if err := check.Probe(ctx); err != nil {
			part.State, part.Good, part.Detail = "silent", false, err.Error()
		}
		out = append(out, part)
	}
	return out
}

func (c *console) calls(ctx context.Context, now time.Time, o *api.Overview) error {
	live, err := c.s.proxy.Live(ctx)
	if err != nil {
		return err
	}
	o.Total = len(live)
	for _, l := range live[:min(len(live), callsShown)] {
		call := api.Call{
			ID: l.ID.String(), Tenant: l.Tenant, Extension: l.Extension, From: l.From, To: l.To, Direction: l.Direction,
			Gateway: l.Gateway, State: l.State, Left: -1,
		}
		if !l.Connect.IsZero() {
			call.Seconds = int64(now.Sub(l.Connect).Seconds())
			if l.Granted > 0 {
				call.Left = max(0, int64((l.Granted - now.Sub(l.Connect)).Seconds()))
			}
		}
		o.Calls = append(o.Calls, call)
	}
	for _, n := range c.s.proxy.Registrations() {
		o.Phones += n
	}
	for _, g := range c.s.proxy.Gateways() {
		o.Gateways = append(o.Gateways, api.Gateway{
			ID: g.ID, Carrier: g.Carrier, Address: g.Address, Calls: g.Calls, Max: g.MaxCalls, Locked: g.Locked, Why: g.Why,
		})
	}
	return nil
}
