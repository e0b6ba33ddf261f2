package pricing

import (
	"context"
	"time"

	"trunkline/cdr"
	"trunkline/credit"
	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/worker"
)

// Prices are the tariffs, decks and limits of one snapshot, as the worker asks for them: calls are priced by what was in force when
// they were connected.
type Prices struct {
	Ctx      context.Context //nolint:containedctx // worker.Prices knows no context; prices live for one delivery.
	Snapshot *provision.Snapshot
	// Corrected says that tariffs are taken as they are known to have been now, and decks as they are, for pricing again what was
	// priced wrongly.
	Corrected bool
}

// begun is the moment that a leg is priced as of.
func begun(leg *cdr.Leg) time.Time {
	if leg.Answered() {
		return leg.Connect
	}
	return leg.Setup
}

// Tenant implements worker.Prices.
func (p Prices) Tenant(id string, at time.Time) (worker.Tenant, bool) {
	_, ok := p.Snapshot.Tenant(id)
	return worker.Tenant{Zone: p.Snapshot.Zone(id), Since: p.Snapshot.Since(id, at)}, ok
}

// Tariff implements worker.Prices. Calls inside the house, and calls that were refused before a tariff was chosen, have
// none and cost nothing; neither do those that are free for a reason.
func (p Prices) Tariff(leg *cdr.Leg) (*rating.Tariff, bool, error) {
	if leg.Tariff == cdr.FreeEmergency || leg.Tariff == cdr.FreeBetween {
		return nil, true, nil
	}
	if leg.Tariff == "" {
		return nil, leg.Direction == calls.Internal || !leg.Answered(), nil
	}
	if p.Corrected {
		return p.Snapshot.TariffCorrected(p.Ctx, leg.Tariff, begun(leg))
	}
	return p.Snapshot.TariffAt(p.Ctx, leg.Tariff, begun(leg))
}

// Cost implements worker.Prices. Legs to phones have no deck, and neither have emergency calls, which carriers take free
// of charge.
func (p Prices) Cost(leg *cdr.Leg) (*rating.Tariff, bool, error) {
	if leg.Deck == "" {
		return nil, true, nil
	}
	return p.cost(leg.Deck, begun(leg))
}

func (p Prices) cost(deck string, at time.Time) (*rating.Tariff, bool, error) {
	if p.Corrected {
		t, ok := p.Snapshot.Cost(deck)
		return t, ok, nil
	}
	return p.Snapshot.CostAt(p.Ctx, deck, at)
}

// Base implements worker.Prices.
func (p Prices) Base(leg *cdr.Leg, in money.Currency) (worker.Base, error) {
	if leg.Deck == "" {
		return worker.Base{}, nil
	}
	cost, ok, err := p.cost(leg.Deck, begun(leg))
	if err != nil || !ok {
		return worker.Base{}, err
	}
	rate, ok := p.Snapshot.BaseRate(cost, rating.Call{From: leg.From, To: leg.To, Connect: begun(leg)}, in)
	if !ok {
		return worker.Base{}, nil
	}
	return worker.Base{Rate: rate, Deck: cost.Label()}, nil
}

// Limits implements worker.Prices.
func (p Prices) Limits(leg *cdr.Leg) []ledger.Limit {
	t, ok := p.Snapshot.Tenant(leg.Tenant)
	if !ok {
		return nil
	}
	return credit.LimitsOf(p.Snapshot, t, leg.Branch, leg.Extension)
}
