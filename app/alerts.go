package app

import (
	"context"
	"time"

	"trunkline/alert"
	"trunkline/app/alerting"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

// keepWatch measures alerts and sends their messages until ctx ends. Of several processes one measures at a time.
func (s *System) keepWatch(ctx context.Context) {
	store := postgres.NewAlerts(s.Stores.DB, clock.System{})
	tower := &alerting.Source{Ledger: s.Stores.Ledger, Books: s.books, Records: s.Stores.Records, Snapshot: s.provisioning.Live.Snapshot}
	evaluator := &alert.Evaluator{Source: tower, Book: store, Actor: tower, Clock: clock.System{}, Log: s.log}
	courier := &alert.Courier{Outbox: store, Sender: alert.NewSender(s.config.Alerts.SMTP(), clock.System{}), Clock: clock.System{}, Log: s.log}
	s.running.Go(func() {
		s.repeat(ctx, alerting.DeliverEvery, "messages of alerts cannot be sent", func() error {
			rules, _, err := store.Rules(ctx)
			if err == nil {
				_, err = store.Dispatch(ctx, rules)
			}
			if err == nil {
				_, err = courier.Deliver(ctx, rules)
			}
			return err
		})
	})
	s.repeat(ctx, alerting.AlertEvery, "alerts cannot be measured", func() error {
		rules, _, err := store.Rules(ctx)
		if err != nil || len(rules.Rules) == 0 {
			return err
		}
		_, err = store.Alone(ctx, func() error { return evaluator.Evaluate(ctx, rules) })
		return err
	})
}

// repeat does something again and again, and logs what fails when it begins to fail.
func (s *System) repeat(ctx context.Context, every time.Duration, what string, do func() error) {
	failing := false
	for {
		err := do()
		if err != nil && ctx.Err() == nil && !failing {
			s.log.WarnContext(ctx, "a task fails; it is tried again and again", "task", what, "error", err)
		}
		failing = err != nil
		if clock.Sleep(ctx, clock.System{}, every) != nil {
			return
		}
	}
}
