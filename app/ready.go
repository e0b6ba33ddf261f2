package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trunkline/api"
	"trunkline/app/doctor"
	"trunkline/internal/clock"
	"trunkline/ledger"
)

// proxyChecks say whether this proxy may take calls that cost money.
func (s *System) proxyChecks() []api.Check {
	if s.proxy == nil {
		return nil
	}
	return []api.Check{
		{Name: "journal", Probe: func(context.Context) error { return s.proxy.JournalErr() }, Note: func() string {
			return damageNote(int64(s.proxy.JournalStats().Damaged))
		}},
		{Name: "spool", Probe: func(context.Context) error { return s.spool.Err() }, Note: func() string { return damageNote(s.spoolDamaged()) }},
		{Name: "node", Probe: func(context.Context) error {
			if s.presence.twice.Load() {
				return ledger.ErrNodeTwice
			}
			return nil
		}, Note: func() string {
			if s.presence.disputed.Load() {
				return "another process runs on a copy of the data folder"
			}
			return ""
		}},
	}
}

// standsStill is how long rating may fail before the process is not ready.
const standsStill = 30 * time.Second

// workerChecks say whether rating goes on.
func (s *System) workerChecks() []api.Check {
	if s.worker == nil {
		return nil
	}
	return []api.Check{{Name: "rating", Probe: func(context.Context) error {
		since, cause := s.worker.Still()
		if since.IsZero() || (clock.System{}).Now().Sub(since) < standsStill {
			return nil
		}
		return fmt.Errorf("nothing was rated since %s: %w", since.UTC().Format(time.RFC3339), cause)
	}}}
}

// examineEvery is how often the worker looks for what is wrong, and examined how far back.
const (
	examineEvery = 5 * time.Minute
	examined     = 3 * 24 * time.Hour
)

// keepExamining looks for what is wrong as 'trunkline doctor' does, for the metrics and the log.
func (s *System) keepExamining(ctx context.Context) {
	d := &doctor.Doctor{Stores: s.Stores, Books: s.books, Data: s.config.Data, Back: examined, Brief: true}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		s.metrics.MustRegister(g)
		return g
	}
	accounts := gauge("trunkline_doctor_accounts_differ", "Accounts whose calls do not add up to their postings.")
	batches := gauge("trunkline_doctor_batches_differ", "Batches that the ledger does not know, or that ClickHouse has lost.")
	incidents := gauge("trunkline_doctor_incidents_open", "Incidents that nobody has dealt with.")
	wrong := gauge("trunkline_doctor_wrong", "Kinds of things that are wrong; see 'trunkline doctor'.")
	last := ""
	s.repeat(ctx, examineEvery, "the stores cannot be examined", func() error {
		f, err := d.Look(ctx)
		if err != nil {
			return err
		}
		found := f.Wrong()
		accounts.Set(float64(f.Off()))
		batches.Set(float64(len(f.Batches.Foreign) + len(f.Batches.Lost)))
		incidents.Set(float64(len(f.Incidents)))
		wrong.Set(float64(len(found)))
		if said := errors.Join(found...); said != nil && said.Error() != last {
			last = said.Error()
			s.log.ErrorContext(ctx, "something is wrong; see `trunkline doctor`", "found", last)
		}
		return nil
	})
}

func damageNote(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d damaged parts, see `trunkline spool list`", n)
}

// spoolDamaged is how many damaged parts the spool has; 1 where its folder cannot be read.
func (s *System) spoolDamaged() int64 {
	n, err := s.spool.Damaged()
	if err != nil {
		return 1
	}
	return int64(n)
}

// observeProxy registers the metrics of what this proxy keeps on its disk.
func (s *System) observeProxy() {
	gauge := func(name, help string, value func() int64) {
		s.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) }))
	}
	flag := func(on bool) int64 {
		if on {
			return 1
		}
		return 0
	}
	gauge("trunkline_spool_bytes", "Size of the legs on the proxy's disk that the stream does not have yet.", func() int64 { return s.spool.Stats().Bytes })
	gauge("trunkline_spool_failing", "1 while legs cannot be written to the spool.", func() int64 { return flag(s.spool.Err() != nil) })
	gauge("trunkline_spool_damaged", "Damaged parts of the spool that are kept aside and that nobody has dealt with.", s.spoolDamaged)
	gauge("trunkline_node_disputed", "1 while two processes have the identity of this proxy.", func() int64 {
		return flag(s.presence.twice.Load() || s.presence.disputed.Load())
	})
	gauge("trunkline_disk_reserve_bytes", "Room that is kept aside on the disk for calls in progress.", func() int64 {
		if s.room == nil {
			return 0
		}
		return s.room.Left()
	})
}
