package credit

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy"
)

// firstSteps is how many grant options there are at first: mostly the longest is granted. Where the money ends between two of
// them, the ledger is asked again with the smallest steps.
const firstSteps = 8

// Reserver holds money and a slot for a call. A request may be repeated: it asks for the same call again.
type Reserver interface {
	Reserve(ctx context.Context, r ledger.HoldRequest) (ledger.HoldAnswer, error)
}

// Ledger gives back what is held for calls. Both may be repeated.
type Ledger interface {
	Release(ctx context.Context, call uuid.UUID) error
	End(ctx context.Context, calls []uuid.UUID) error
}

// Client asks the ledger for the proxy: it knows which account and which limits a call concerns, and what it costs.
type Client struct {
	Ledger Ledger
	Group  Reserver // Reservations that come close together may share a transaction.
	Live   *routing.Live
	Clock  clock.Clock
	Node   string
	Grace  *Grace // Grace time while the ledger does not answer.
	Edge   *Edge  // Quotas; nil: the ledger is asked for each call.
}

// Draw implements sipproxy.Credit.
func (c *Client) Draw(r sipproxy.Reservation) (sipproxy.Grant, bool) {
	if c.Edge == nil {
		return sipproxy.Grant{}, false
	}
	return c.Edge.draw(c.Live.Snapshot(), &r)
}

// Reserve implements sipproxy.Credit.
func (c *Client) Reserve(ctx context.Context, r sipproxy.Reservation) (sipproxy.Grant, error) {
	id, route, upTo := r.Call, r.Route, r.UpTo
	snapshot := c.Live.Snapshot()
	tenant, ok := snapshot.Tenant(route.Tenant)
	if !ok {
		return sipproxy.Grant{Refusal: ledger.BoundAccount}, nil
	}
	options, err := priceSteps(route, upTo, firstSteps)
	if err != nil {
		return sipproxy.Grant{}, err
	}
	request := ledger.HoldRequest{
		Call: id.Bytes(), Node: c.Node, Account: ledger.Tenant(tenant.ID, tenant.Currency), Options: options,
		Limits: LimitsOf(snapshot, tenant, route.Branch, route.Extension), Zone: snapshot.Zone(tenant.ID), At: c.Clock.Now(),
		Branch: route.Branch, Extension: route.Extension, To: route.To.Digits(),
		Concurrency: concurrencyCaps(snapshot, tenant, route.Branch, route.Extension), Setup: cmp.Or(route.SetupTime, sipproxy.DefaultSetupTime),
		Quota: uuid.UUID(r.Has.Quota), Drawn: ledger.Use{Money: r.Has.Money, Seconds: r.Has.Seconds},
	}
	answer, err := c.reserve(ctx, request)
	if err == nil && answer.Final && answer.Refusal == "" && len(options) == firstSteps {
		// The money ends between two steps: it is asked for again in the smallest, so that the call has the last second of it.
		if request.Options, err = priceSteps(route, upTo, ledger.MaxGrantOptions); err != nil {
			return sipproxy.Grant{}, err
		}
		answer, err = c.reserve(ctx, request)
	}
	if err != nil {
		return c.Grace.Take(ctx, id, tenant.ID, upTo, err)
	}
	c.Grace.Answered()
	grant := sipproxy.Grant{Granted: time.Duration(answer.Granted) * time.Second, Final: answer.Final, Refusal: answer.Refusal, Stop: answer.Stop}
	if answer.Granted <= r.Has.Seconds {
		grant.Draw = r.Has // With more it has become a hold.
	}
	return grant, nil
}

const (
	// recallWait is how long what was called back takes to come back: proxies look several times a second.
	recallWait = 300 * time.Millisecond
	// recallTries is how often the ledger is asked again after that.
	recallTries = 3
)

// reserve asks the ledger, and waits for quotas that stand in the way to come back.
func (c *Client) reserve(ctx context.Context, r ledger.HoldRequest) (ledger.HoldAnswer, error) {
	for try := 0; ; try++ {
		answer, err := c.Group.Reserve(ctx, r)
		if err != nil || !answer.Recalled || try == recallTries {
			return answer, err
		}
		if c.Edge != nil {
			c.Edge.Pool.Recall(&r.Account)
		}
		if err := clock.Sleep(ctx, c.Clock, recallWait); err != nil {
			return answer, err
		}
	}
}

// priceSteps prices a call in so many steps, at most, up to a time.
func priceSteps(route *routing.Route, upTo time.Duration, steps int) ([]ledger.GrantOption, error) {
	points, err := route.Quote.PriceSteps(int64((upTo+time.Second-1)/time.Second), steps)
	if err != nil {
		return nil, fmt.Errorf("price of the call: %w", err)
	}
	options := make([]ledger.GrantOption, 0, len(points))
	for _, s := range points {
		options = append(options, ledger.GrantOption{Seconds: s.Seconds, Cost: s.Cost})
	}
	return options, nil
}

// Release implements sipproxy.Credit.
func (c *Client) Release(ctx context.Context, id calls.ID) error {
	return c.Ledger.Release(ctx, id.Bytes())
}

// End implements sipproxy.Credit.
func (c *Client) End(ctx context.Context, ids []calls.ID) error {
	calls := make([]uuid.UUID, 0, len(ids))
	for _, id := range ids {
		calls = append(calls, id.Bytes())
	}
	return c.Ledger.End(ctx, calls)
}

// concurrencyCaps are the caps on concurrent calls that a call of an extension counts against.
func concurrencyCaps(s *provision.Snapshot, t *provision.Tenant, branch, extension string) ledger.ConcurrencyCaps {
	caps := ledger.ConcurrencyCaps{Tenant: int64(t.MaxCalls)}
	if b, ok := s.Branch(t.ID, branch); ok {
		caps.Branch = int64(b.MaxCalls)
	}
	if e, ok := s.Extension(t.ID, extension); ok {
		caps.Extension = int64(e.MaxCalls)
	}
	return caps
}

// LimitsOf are all caps that a call of an extension counts against.
func LimitsOf(s *provision.Snapshot, t *provision.Tenant, branch, extension string) []ledger.Limit {
	out := limitsIn(ledger.TenantScope, "", t.Limits)
	if b, ok := s.Branch(t.ID, branch); ok {
		out = append(out, limitsIn(ledger.BranchScope, b.ID, b.Limits)...)
	}
	if e, ok := s.Extension(t.ID, extension); ok {
		out = append(out, limitsIn(ledger.ExtensionScope, e.ID, e.Limits)...)
	}
	return out
}

func limitsIn(scope ledger.Scope, owner string, limits []provision.Limit) []ledger.Limit {
	out := make([]ledger.Limit, 0, len(limits))
	for _, l := range limits {
		out = append(out, ledger.Limit{
			Scope: scope, Owner: owner, Period: ledger.Period(l.Period), Money: l.Money, Seconds: l.Seconds, Calls: l.Calls,
		})
	}
	return out
}
