package app

import (
	"context"

	"trunkline/app/store"
	"trunkline/reports"
)

// askFigures asks ClickHouse, with the exchange rates in force.
func (s *System) askFigures(ctx context.Context, list []reports.Question) ([]*reports.Answer, error) {
	snapshot := s.provisioning.Live.Snapshot()
	exchange, err := store.ExchangeOf(snapshot)
	if err != nil {
		return nil, err
	}
	return reports.NewStats(s.Stores.Records, exchange, snapshot.Operator().ReportingCurrency()).AskAll(ctx, list)
}
