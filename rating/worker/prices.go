package worker

import (
	"time"

	"trunkline/cdr"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating"
)

// Tenant is what a price needs to know of a tenant.
type Tenant struct {
	Zone  *time.Location // Its calendar, for limits; nil is UTC.
	Since time.Time      // When its subscription began; zero: long ago.
}

// Base is a carrier's rate that a cost-plus price is built on.
type Base struct {
	Rate *rating.Rate // Nil: there is none, and the call has no price.
	Deck string       // Label of the deck's version.
}

// Prices are the tariffs, decks and limits as they stood at one moment, with what was in force before. They do not change while they
// are used. Tariff and Cost answer a nil tariff and true for a leg that nothing is charged for, and false where what the leg names is not
// known, which makes it unratable. An error says that it is known and cannot be read at the moment: the delivery is tried again.
type Prices interface {
	// Tenant returns what is known of a tenant for a call of a moment.
	Tenant(id string, at time.Time) (Tenant, bool)
	// Tariff returns what the tenant pays by for an ingress leg, in the version that was in force when it was connected.
	Tariff(leg *cdr.Leg) (*rating.Tariff, bool, error)
	// Cost returns what the carrier of an egress leg charges by: its deck as a tariff, as it was when the leg was connected.
	Cost(leg *cdr.Leg) (*rating.Tariff, bool, error)
	// Base returns what the sale of an ingress leg is built on, where its tariff builds on a carrier's cost: what the leg's deck asked
	// when it was connected, in the currency of the tariff.
	Base(leg *cdr.Leg, in money.Currency) (Base, error)
	// Limits returns the caps that an ingress leg counts against.
	Limits(leg *cdr.Leg) []ledger.Limit
}
