package app

import (
	"context"
	"errors"
	"time"

	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/lcr"
	"trunkline/ledger"
	"trunkline/provision"
)

// measureEvery is how often the figures of gateways and the debts to carriers are worked out anew.
const measureEvery = 30 * time.Second

// keepMeasures keeps the figures that routing looks at up to date. Where a database does not answer, the former figures
// stay in force.
func (s *System) keepMeasures(ctx context.Context) {
	for {
		limit, cancel := context.WithTimeout(ctx, measureEvery)
		err := measure(limit, s.Stores, s.provisioning.Live.Snapshot().Operator(), s.provisioning.Compiler.Measures())
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.WarnContext(ctx, "the figures that routing looks at are not renewed for the moment", "error", err)
		default:
			s.measured.Store(clock.System{}.Now().Unix())
		}
		if clock.Sleep(ctx, clock.System{}, measureEvery) != nil {
			return
		}
	}
}

// measure works out the figures of gateways from the records, and what is owed to carriers from the ledger.
func measure(ctx context.Context, s *store.Stores, o *provision.Operator, into *lcr.Measures) error {
	settings := o.Statistics.Complete()
	rows, err := s.Records.Quality(ctx, clock.System{}.Now().Add(-settings.Window), settings.ShortCall)
	if err == nil {
		err = into.SetQuality(rows)
	}
	owed, owedErr := owed(ctx, s, o)
	if owedErr == nil {
		into.SetDebts(owed)
	}
	return errors.Join(err, owedErr)
}

// owed returns what is owed to each carrier in its currency.
func owed(ctx context.Context, s *store.Stores, o *provision.Operator) (map[string]money.Amount, error) {
	states, err := s.Ledger.States(ctx, ledger.CarrierAccount)
	if err != nil {
		return nil, err
	}
	currencies := make(map[string]money.Currency, len(o.Carriers))
	for i := range o.Carriers {
		currencies[o.Carriers[i].ID] = o.Carriers[i].Currency
	}
	out := make(map[string]money.Amount, len(states))
	for i := range states {
		if a := &states[i]; currencies[a.Owner] == a.Currency {
			if out[a.Owner], err = a.Balance(); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
