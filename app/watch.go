package app

import (
	"context"
	"time"

	"trunkline/app/inforce"
	"trunkline/cdr/kafka"
	"trunkline/internal/clock"
	"trunkline/ledger"
)

const (
	settleEvery = 10 * time.Second
)

// watchLimits has the proxy ask again about calls whose limits, money or suspension were changed, until ctx ends.
func (s *System) watchLimits(ctx context.Context) {
	for {
		err := s.Stores.Ledger.Listen(ctx, func(account *ledger.Account) { //nolint:contextcheck // What the proxy does hangs on its own life.
			s.quotas.Recall(account)
			if account == nil {
				s.proxy.Reauthorize("")
			} else if account.Kind == ledger.TenantAccount {
				s.proxy.Reauthorize(account.Owner)
			}
		})
		if ctx.Err() != nil {
			return
		}
		s.log.WarnContext(ctx, "changes of limits are not heard for the moment; they count from the next stretch of a call on", "error", err)
		if clock.Sleep(ctx, clock.System{}, inforce.Relisten) != nil {
			return
		}
	}
}

// settle gives back, again and again, what is held for calls that were never accounted for and never will be. What the
// proxies said by the time at which the stream was looked at holds of the books as soon as they have got that far.
func (s *System) settle(ctx context.Context) {
	for {
		if err := s.settleOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "holds that are over cannot be given back yet", "error", err)
		}
		if clock.Sleep(ctx, clock.System{}, settleEvery) != nil {
			return
		}
	}
}

func (s *System) settleOnce(ctx context.Context) error {
	nodes, err := s.Stores.Ledger.Nodes(ctx)
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
	if err := s.Stores.Ledger.Settled(ctx, nodes); err != nil {
		return err
	}
	s.tidy(ctx, "holds of calls that were never connected or whose proxy was given up", func() (int64, error) {
		return s.Stores.Ledger.Expire(ctx)
	})
	return nil
}
