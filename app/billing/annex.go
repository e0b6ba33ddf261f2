package billing

import (
	"context"
	"errors"
	"time"

	"trunkline/app/store"
	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/reports/invoice"
	"trunkline/sql/clickhouse"
)

// AnnexOf are the answered calls of a document.
func AnnexOf(ctx context.Context, s *store.Stores, d *invoice.Document) invoice.Calls {
	return callsWhere(ctx, s, clickhouse.Filter{Tenant: d.Tenant, From: d.Period.From, Till: d.Period.Till, Kind: cdr.Ingress, OnlyAnswered: true})
}

// CallsOf gives the calls that an expense report is made of.
func CallsOf(ctx context.Context, s *store.Stores) invoice.CallSource {
	return func(tenant string, from, till time.Time) invoice.Calls {
		return callsWhere(ctx, s, clickhouse.Filter{Tenant: tenant, From: from, Till: till, Kind: cdr.Ingress})
	}
}

func callsWhere(ctx context.Context, s *store.Stores, filter clickhouse.Filter) invoice.Calls {
	return func(yield func(*cdr.Record, error) bool) {
		err := s.Records.EachRecord(ctx, filter, func(r *cdr.Record) error {
			if (r.Direction != calls.Internal || !r.Sale.IsZero()) && !yield(r, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

var errEnough = errors.New("no more calls are wanted")
