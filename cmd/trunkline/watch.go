package main

import (
	"context"
	"time"

	"trunkline/cdr/kafka"
	"trunkline/internal/clock"
	"trunkline/ledger"
)

const (
	beatEvery   = 10 * time.Second
	settleEvery = 10 * time.Second
	beatLimit   = 5 * time.Second
	// cleanMargin keeps a clock that is set back from making a call look older than it is.
	cleanMargin = time.Minute
)

// watchLimits has the proxy ask again about calls whose limits, money or suspension were changed, until ctx ends.
func (s *system) watchLimits(ctx context.Context) {
	for {
		err := s.stores.ledger.Listen(ctx, func(account *ledger.Account) { //nolint:contextcheck // What the proxy does hangs on its own life.
			if account == nil {
				s.proxy.AskAgain("")
			} else if account.Kind == ledger.TenantAccount {
				s.proxy.AskAgain(account.Owner)
			}
		})
		if ctx.Err() != nil {
			return
		}
		s.log.WarnContext(ctx, "changes of limits are not heard for the moment; they count from the next stretch of a call on", "error", err)
		if clock.Sleep(ctx, clock.System{}, relisten) != nil {
			return
		}
	}
}

// beat tells the ledger again and again that this proxy is there, and up to which calls of its own the stream has all legs.
func (s *system) beat(ctx context.Context) {
	for {
		s.beatOnce(ctx)
		if clock.Sleep(ctx, clock.System{}, beatEvery) != nil {
			return
		}
	}
}

func (s *system) beatOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, beatLimit)
	defer cancel()
	clean := s.proxy.Clean(ctx).Add(-cleanMargin)
	if s.spool.Flush(ctx) != nil {
		clean = time.Time{} // Legs of calls that are over wait in the spool.
	}
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), beatLimit)
	defer cancel()
	if err := s.stores.ledger.Beat(ctx, s.config.Node, clean); err != nil && s.life.Err() == nil {
		s.log.WarnContext(ctx, "the ledger was not told that this proxy is there", "error", err)
	}
}

// settle gives back, again and again, what is held for calls that were never accounted for and never will be. What the
// proxies said by the time at which the stream was looked at holds of the books as soon as they have got that far.
func (s *system) settle(ctx context.Context) {
	for {
		if err := s.settleOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "holds that are over cannot be given back yet", "error", err)
		}
		if clock.Sleep(ctx, clock.System{}, settleEvery) != nil {
			return
		}
	}
}

func (s *system) settleOnce(ctx context.Context) error {
	nodes, err := s.stores.ledger.Nodes(ctx)
	if err != nil {
		return err
	}
	ends, err := kafka.Ends(ctx, s.kafkaConfig(), kafka.LegsTopic)
	if err != nil {
		return err
	}
	parts := make([]int, 0, len(ends))
	for p := range ends {
		parts = append(parts, p)
	}
	for {
		marks, err := s.books.Marks(ctx, kafka.LegsTopic, parts)
		if err != nil {
			return err
		}
		behind := false
		for _, m := range marks {
			behind = behind || m.Next < ends[m.Part]
		}
		if !behind {
			break
		}
		if err := clock.Sleep(ctx, clock.System{}, time.Second); err != nil {
			return err
		}
	}
	if err := s.stores.ledger.Settled(ctx, nodes); err != nil {
		return err
	}
	s.tidy(ctx, "holds of calls that were never connected or whose proxy was given up", func() (int64, error) {
		return s.stores.ledger.Expire(ctx)
	})
	return nil
}
