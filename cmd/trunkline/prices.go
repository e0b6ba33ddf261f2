package main

import (
	"context"
	"time"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/worker"
)

// prices are the tariffs, decks and limits of one snapshot, as the worker asks for them: calls are priced by what was in force when
// they were connected.
type prices struct {
	ctx      context.Context //nolint:containedctx // worker.Prices knows no context; prices live for one delivery.
	snapshot *provision.Snapshot
	// corrected says that tariffs are taken as they are known to have been now, and decks as they are, for pricing again what was
	// priced wrongly.
	corrected bool
}

// begun is the moment that a leg is priced as of.
func begun(leg *cdr.Leg) time.Time {
	if leg.Answered() {
		return leg.Connect
	}
	return leg.Setup
}

// Tenant implements worker.Prices.
func (p prices) Tenant(id string, at time.Time) (worker.Tenant, bool) {
	_, ok := p.snapshot.Tenant(id)
	return worker.Tenant{Zone: p.snapshot.Zone(id), Since: p.snapshot.Since(id, at)}, ok
}

// Tariff implements worker.Prices. Calls inside the house, and calls that were refused before a tariff was chosen, have
// none and cost nothing; neither do those that are free for a reason.
func (p prices) Tariff(leg *cdr.Leg) (*rating.Tariff, bool, error) {
	if leg.Tariff == cdr.FreeEmergency || leg.Tariff == cdr.FreeBetween {
		return nil, true, nil
	}
	if leg.Tariff == "" {
		return nil, leg.Direction == calls.Internal || !leg.Answered(), nil
	}
	if p.corrected {
		return p.snapshot.TariffCorrected(p.ctx, leg.Tariff, begun(leg))
	}
	return p.snapshot.TariffAt(p.ctx, leg.Tariff, begun(leg))
}

// Cost implements worker.Prices. Legs to phones have no deck, and neither have emergency calls, which carriers take free
// of charge.
func (p prices) Cost(leg *cdr.Leg) (*rating.Tariff, bool, error) {
	if leg.Deck == "" {
		return nil, true, nil
	}
	return p.cost(leg.Deck, begun(leg))
}

func (p prices) cost(deck string, at time.Time) (*rating.Tariff, bool, error) {
	if p.corrected {
		t, ok := p.snapshot.Cost(deck)
		return t, ok, nil
	}
	return p.snapshot.CostAt(p.ctx, deck, at)
}

// Base implements worker.Prices.
func (p prices) Base(leg *cdr.Leg, in money.Currency) (worker.Base, error) {
	if leg.Deck == "" {
		return worker.Base{}, nil
	}
	cost, ok, err := p.cost(leg.Deck, begun(leg))
	if err != nil || !ok {
		return worker.Base{}, err
	}
	rate, ok := p.snapshot.BaseRate(cost, rating.Call{From: leg.From, To: leg.To, Connect: begun(leg)}, in)
	if !ok {
		return worker.Base{}, nil
	}
	return worker.Base{Rate: rate, Deck: cost.Label()}, nil
}

// Limits implements worker.Prices.
func (p prices) Limits(leg *cdr.Leg) []ledger.Limit {
	t, ok := p.snapshot.Tenant(leg.Tenant)
	if !ok {
		return nil
	}
	return limitsFor(p.snapshot, t, leg.Branch, leg.Extension)
}
