package billing

import (
	"context"
	"time"

	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/reports/invoice"
	"trunkline/sql/postgres"
)

// LateGrace is how long after its end calls of a period are waited for, if nothing else is asked for.
const LateGrace = 2 * time.Hour

// Closer returns the service that closes periods, over the open databases.
func Closer(ctx context.Context, s *store.Stores, grace time.Duration) (*invoice.Closer, error) {
	snapshot, err := s.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return CloserOf(s, snapshot, grace), nil
}

// CloserOf is the closer over what is provisioned as somebody knows it already.
func CloserOf(s *store.Stores, snapshot *provision.Snapshot, grace time.Duration) *invoice.Closer {
	archive := postgres.NewInvoices(s.DB, clock.System{})
	return invoice.NewCloser(invoice.Config{
		Usage: s.Records, Calls: s.Records, Counter: s.Records, Postings: s.Ledger, Readings: archive, Ready: archive, Archive: archive, Charges: archive,
		Snapshot: snapshot, Clock: clock.System{}, Grace: grace,
	})
}
