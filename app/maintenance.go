package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trunkline/internal/clock"
	"trunkline/rating/worker"
	"trunkline/sql/postgres"
)

const (
	houseEvery = time.Hour
	// ClosedAge is how long closed holds are remembered: they are remembered for so long, so that a late request cannot open them again.
	ClosedAge = 48 * time.Hour
)

// keepHouse clears away what is of the past, once an hour.
func (s *System) keepHouse(ctx context.Context) {
	jobs := postgres.NewJobs(s.Stores.DB, clock.System{})
	for clock.Sleep(ctx, clock.System{}, houseEvery) == nil {
		now := clock.System{}.Now()
		s.tidy(ctx, "closed holds", func() (int64, error) { return s.Stores.Ledger.Forget(ctx, now.Add(-ClosedAge)) })
		s.tidy(ctx, "jobs", func() (int64, error) { return jobs.Tidy(ctx) })
		s.tidy(ctx, "days of identities", func() (int64, error) {
			n, err := s.books.DropDays(ctx, now.Add(-s.config.Worker.KeepIdentities))
			return int64(n), err
		})
		s.tidy(ctx, "packed records", func() (int64, error) { return s.books.ForgetPacked(ctx, now.Add(-s.config.Worker.KeepPacked)) })
	}
}

// tidy repeats a step until it finds nothing more.
func (s *System) tidy(ctx context.Context, what string, step func() (int64, error)) {
	for ctx.Err() == nil {
		n, err := step()
		if err != nil {
			s.log.WarnContext(ctx, "clearing away failed; it is tried again in an hour", "what", what, "error", err)
			return
		}
		if n == 0 {
			return
		}
		s.log.InfoContext(ctx, "cleared away", "what", what, "count", n)
	}
}

// observe registers the metrics of the parts that are not SIP.
func (s *System) observe() {
	gauge := func(name, help string, value func() int64) {
		s.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) }))
	}
	counter := func(name, help string, value func(worker.Stats) int64) {
		s.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 {
			if s.worker == nil {
				return 0
			}
			return float64(value(s.worker.Stats()))
		}))
	}
	counter("trunkline_worker_legs_total", "Legs read from the stream, those that came again included.", func(w worker.Stats) int64 { return w.Legs })
	counter("trunkline_worker_repeated_total", "Legs that had been accounted for before.", func(w worker.Stats) int64 { return w.Repeated })
	counter("trunkline_worker_unrated_total", "Legs that could not be rated.", func(w worker.Stats) int64 { return w.Dead })
	counter("trunkline_clickhouse_insert_rows_total", "Rated legs stored.", func(w worker.Stats) int64 { return w.Records })
	gauge("trunkline_spool_waiting", "Legs on the proxy's disk that the stream does not have yet.", func() int64 {
		if s.spool == nil {
			return 0
		}
		return s.spool.Stats().Waiting
	})
	gauge("trunkline_measures_timestamp_seconds", "When the figures of gateways and the debts that routing looks at were worked out last.", s.measured.Load)
	gauge("trunkline_worker_standstill_seconds", "Since when the worker has failed at whatever it tried; 0 while it goes on.", func() int64 {
		if s.worker == nil {
			return 0
		}
		since, _ := s.worker.Still()
		if since.IsZero() {
			return 0
		}
		return int64(clock.System{}.Now().Sub(since).Seconds())
	})
	gauge("trunkline_provision_stale", "1 while what is stored cannot be put in force and the former state is.", func() int64 {
		if s.provisioning.Fault.Load() != nil {
			return 1
		}
		return 0
	})
	gauge("trunkline_provision_revision", "The revision of the provisioning that is in force.", func() int64 { return s.provisioning.Revision.Load() })
}
