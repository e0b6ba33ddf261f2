package main

import (
	"trunkline/cdr"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/worker"
)

// prices are the tariffs, decks and limits of one snapshot, as the worker asks for them.
type prices struct {
	snapshot *provision.Snapshot
}

// Tenant implements worker.Prices.
func (p prices) Tenant(id string) (worker.Tenant, bool) {
	_, ok := p.snapshot.Tenant(id)
	return worker.Tenant{Zone: p.snapshot.Zone(id)}, ok
}

// Tariff implements worker.Prices. Calls inside the house, and calls that were refused before a tariff was chosen, have
// none and cost nothing; neither do those that are free for a reason.
func (p prices) Tariff(leg *cdr.Leg) (*rating.Tariff, bool) {
	if leg.Tariff == cdr.FreeEmergency || leg.Tariff == cdr.FreeBetween {
		return nil, true
	}
	if leg.Tariff == "" {
		return nil, leg.Direction == cdr.Internal || !leg.Answered()
	}
	return p.snapshot.Tariff(leg.Tariff)
}

// Cost implements worker.Prices. Legs to phones have no deck, and neither have emergency calls, which carriers take free
// of charge.
func (p prices) Cost(leg *cdr.Leg) (*rating.Tariff, bool) {
	if leg.Deck == "" {
		return nil, true
	}
	return p.snapshot.Cost(leg.Deck)
}

// Limits implements worker.Prices.
func (p prices) Limits(leg *cdr.Leg) []ledger.Limit {
	t, ok := p.snapshot.Tenant(leg.Tenant)
	if !ok {
		return nil
	}
	return limitsFor(p.snapshot, t, leg.Branch, leg.Extension)
}
