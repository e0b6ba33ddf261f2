package app

import (
	"context"
	"time"

	"trunkline/alert"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

const gatewaysEvery = 2 * time.Second

// watchGateways tells those who want it when a gateway is locked and when it is open again, until ctx ends.
func (s *System) watchGateways(ctx context.Context) {
	store := postgres.NewAlerts(s.Stores.DB, clock.System{})
	locked := make(map[string]bool)
	s.repeat(ctx, gatewaysEvery, "what becomes of gateways cannot be told", func() error {
		for _, g := range s.proxy.Gateways() {
			if locked[g.ID] == g.Locked {
				continue
			}
			kind, text := alert.RouteUnlocked, "gateway "+g.ID+" is open again"
			if g.Locked {
				kind, text = alert.RouteLocked, "gateway "+g.ID+" is locked: "+g.Why
			}
			data := map[string]string{"gateway": g.ID, "carrier": g.Carrier, "address": g.Address, "why": g.Why, "node": s.config.Node}
			if err := store.Emit(ctx, kind, "", g.ID, text, data); err != nil {
				return err
			}
			locked[g.ID] = g.Locked
		}
		return nil
	})
}
