package app

import (
	"context"
	"errors"
	"time"

	"trunkline/access"
	"trunkline/app/config"
	"trunkline/internal/clock"
	"trunkline/job"
)

// keepRates fetches exchange rates when they are due, one process of all at a time, as a job that can be seen.
func (s *System) keepRates(ctx context.Context) {
	rates := exchange{s.Stores}
	failed := make(map[string]time.Time) // When a source failed last: it is not asked again at once.
	for {
		for _, origin := range s.config.Exchange.Sources {
			last, err := rates.rates().LastFetch(ctx, origin)
			if tried := failed[origin]; tried.After(last) {
				last = tried.Add(min(s.config.Exchange.Every, time.Hour) - s.config.Exchange.Every) // A source that failed is tried again within the hour.
			}
			now := clock.System{}.Now()
			if err != nil || now.Before(last.Add(s.config.Exchange.Every)) {
				continue
			}
			failed[origin] = now
			s.fetchRates(ctx, rates, origin)
		}
		if clock.Sleep(ctx, clock.System{}, min(config.MostWaits, s.config.Exchange.Every)) != nil {
			return
		}
	}
}

func (s *System) fetchRates(ctx context.Context, rates exchange, origin string) {
	j := job.Job{Kind: job.Rates, Subject: origin, By: "house", Purpose: origin, Role: string(access.Operator), Needs: []string{string(access.ReadPrices)}}
	_, err := s.desk.Start(ctx, j, func(ctx context.Context, m *job.Meter) error {
		source, fresh, err := rates.Fetch(ctx, origin, s.config.Exchange.AllowPrivate, "house")
		if err != nil {
			s.log.WarnContext(ctx, "exchange rates cannot be fetched; it is tried again", "source", origin, "error", err)
			return &job.TellError{Err: err}
		}
		s.log.InfoContext(ctx, "exchange rates", "source", source, "fresh", fresh)
		m.Note("%d new exchange rates", int64(fresh))
		return nil
	})
	if err != nil && !errors.Is(err, job.ErrBusy) {
		s.log.WarnContext(ctx, "exchange rates cannot be fetched; it is tried again", "source", origin, "error", err)
	}
}
