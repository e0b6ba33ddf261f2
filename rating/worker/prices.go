package worker

import (
	"time"

	"trunkline/cdr"
	"trunkline/ledger"
	"trunkline/rating"
)

// Tenant is what a price needs to know of a tenant.
type Tenant struct {
	Zone  *time.Location // Its calendar, for limits; nil is UTC.
	Since time.Time      // When its subscription began; zero: long ago.
}

// Prices are the tariffs, decks and limits as they stood at one moment. They do not change while they are used. Tariff
// and Cost answer a nil tariff and true for a leg that nothing is charged for, and false where what the leg names is not
// known, which makes it unratable.
type Prices interface {
	// Tenant returns what is known of a tenant.
	Tenant(id string) (Tenant, bool)
	// Tariff returns what the tenant pays by for an ingress leg, in the version that was in force when it was connected.
	Tariff(leg *cdr.Leg) (*rating.Tariff, bool)
	// Cost returns what the carrier of a leg charges by: its deck as a tariff. It is asked for egress legs, and for
	// ingress legs where the tariff builds on the cost.
	Cost(leg *cdr.Leg) (*rating.Tariff, bool)
	// Limits returns the caps that an ingress leg counts against.
	Limits(leg *cdr.Leg) []ledger.Limit
}
