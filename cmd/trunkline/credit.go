package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy"
	"trunkline/sql/postgres"
)

// ladderSteps is how finely a stretch is cut at first: the whole of it is granted mostly. Where the money ends between two
// steps it is asked for again in the smallest.
const ladderSteps = 8

// credit asks the ledger for the proxy: it knows which account and which limits a call concerns, and what it costs.
type credit struct {
	ledger *postgres.Ledger
	group  *postgres.Group // Reservations that come close together share a transaction.
	live   *routing.Live
	clock  clock.Clock
	node   string
	lease  *lease // What is let pass while the ledger does not answer.
}

func (s *system) newCredit() (_ *credit, err error) {
	sip := &s.config.SIP
	s.lease, err = openLease(leaseTerms{sip.FirstStretch, sip.LetPass, sip.LetPassTenant}, leaseOptions(s.config.Data, s.log), s.metrics)
	if err != nil {
		return nil, err
	}
	return &credit{ledger: s.stores.ledger, group: s.stores.ledger.Group(), live: s.provisioning.live, clock: clock.System{}, node: s.presence.life.Node, lease: s.lease}, nil
}

// Reserve implements sipproxy.Credit.
func (c *credit) Reserve(ctx context.Context, id cdr.CallID, route *routing.Route, upTo time.Duration) (sipproxy.Grant, error) {
	snapshot := c.live.Snapshot()
	tenant, ok := snapshot.Tenant(route.Tenant)
	if !ok {
		return sipproxy.Grant{Refusal: ledger.BoundAccount}, nil
	}
	ladder, err := ladderOf(route, upTo, ladderSteps)
	if err != nil {
		return sipproxy.Grant{}, err
	}
	request := ledger.HoldRequest{
		Call: id.Bytes(), Node: c.node, Account: ledger.Tenant(tenant.ID, tenant.Currency), Ladder: ladder,
		Limits: limitsFor(snapshot, tenant, route.Branch, route.Extension), Zone: snapshot.Zone(tenant.ID), At: c.clock.Now(),
		Branch: route.Branch, Extension: route.Extension, To: route.To.Digits(),
		AtOnce: callsAtOnce(snapshot, tenant, route.Branch, route.Extension), Setup: cmp.Or(route.SetupTime, sipproxy.DefaultSetupTime),
	}
	answer, err := c.group.Reserve(ctx, request)
	if err == nil && answer.Final && answer.Refusal == "" && len(ladder) == ladderSteps {
		// The money ends between two steps: it is asked for again in the smallest, so that the call has the last second of it.
		if request.Ladder, err = ladderOf(route, upTo, ledger.MaxLadder); err != nil {
			return sipproxy.Grant{}, err
		}
		answer, err = c.group.Reserve(ctx, request)
	}
	if err != nil {
		return c.lease.take(ctx, id, tenant.ID, upTo, err)
	}
	c.lease.answered()
	return sipproxy.Grant{
		Granted: time.Duration(answer.Granted) * time.Second, Final: answer.Final, Refusal: answer.Refusal, Stop: answer.Stop,
	}, nil
}

// ladderOf prices a call in so many steps, at most, up to a time.
func ladderOf(route *routing.Route, upTo time.Duration, steps int) ([]ledger.Stretch, error) {
	stretches, err := route.Quote.Ladder(int64((upTo+time.Second-1)/time.Second), steps)
	if err != nil {
		return nil, fmt.Errorf("price of the call: %w", err)
	}
	ladder := make([]ledger.Stretch, 0, len(stretches))
	for _, s := range stretches {
		ladder = append(ladder, ledger.Stretch{Seconds: s.Seconds, Cost: s.Cost})
	}
	return ladder, nil
}

// Release implements sipproxy.Credit.
func (c *credit) Release(ctx context.Context, id cdr.CallID) error {
	return c.ledger.Release(ctx, id.Bytes())
}

// End implements sipproxy.Credit.
func (c *credit) End(ctx context.Context, ids []cdr.CallID) error {
	calls := make([]uuid.UUID, 0, len(ids))
	for _, id := range ids {
		calls = append(calls, id.Bytes())
	}
	return c.ledger.End(ctx, calls)
}

// callsAtOnce are the caps on calls at a time that a call of an extension counts against.
func callsAtOnce(s *provision.Snapshot, t *provision.Tenant, branch, extension string) ledger.AtOnce {
	caps := ledger.AtOnce{Tenant: int64(t.MaxCalls)}
	if b, ok := s.Branch(t.ID, branch); ok {
		caps.Branch = int64(b.MaxCalls)
	}
	if e, ok := s.Extension(t.ID, extension); ok {
		caps.Extension = int64(e.MaxCalls)
	}
	return caps
}

// limitsFor are all caps that a call of an extension counts against.
func limitsFor(s *provision.Snapshot, t *provision.Tenant, branch, extension string) []ledger.Limit {
	out := limitsOf(ledger.TenantScope, "", t.Limits)
	if b, ok := s.Branch(t.ID, branch); ok {
		out = append(out, limitsOf(ledger.BranchScope, b.ID, b.Limits)...)
	}
	if e, ok := s.Extension(t.ID, extension); ok {
		out = append(out, limitsOf(ledger.ExtensionScope, e.ID, e.Limits)...)
	}
	return out
}

func limitsOf(scope ledger.Scope, owner string, limits []provision.Limit) []ledger.Limit {
	out := make([]ledger.Limit, 0, len(limits))
	for _, l := range limits {
		out = append(out, ledger.Limit{
			Scope: scope, Owner: owner, Period: ledger.Period(l.Period), Money: l.Money, Seconds: l.Seconds, Calls: l.Calls,
		})
	}
	return out
}
