package console

import (
	"context"
	"fmt"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/routing"
)

// PriceQuestion is a call that somebody wants to know the price of.
type PriceQuestion struct {
	Tariff string // Or
	Deck   string
	To     string // With its country code.
	From   string
	Length time.Duration
	At     time.Time // Zero: now.
}

// PriceAnswer is a price with how it came about.
type PriceAnswer struct {
	Charge rating.Charge
	Steps  []rating.ExplanationStep
}

// Price tells what a call would cost by a tariff, or at a carrier by its deck, in the version of its moment, with no allowance used up.
func (c *Console) Price(ctx context.Context, who *access.Principal, q PriceQuestion) (PriceAnswer, error) {
	if err := may(who, access.ReadPrices); err != nil {
		return PriceAnswer{}, err
	}
	if q.At.IsZero() {
		q.At = c.d.Clock.Now()
	}
	ask, id := c.d.Snapshot().TariffAt, q.Tariff
	if q.Deck != "" {
		ask, id = c.d.Snapshot().CostAt, q.Deck
	}
	tariff, ok, err := ask(ctx, id, q.At)
	if err != nil {
		return PriceAnswer{}, err
	}
	if !ok {
		return PriceAnswer{}, missing(provision.KindTariff, q.Tariff+q.Deck)
	}
	to, err := e164.Parse(strings.TrimPrefix(strings.TrimSpace(q.To), "+"))
	if err != nil {
		return PriceAnswer{}, invalid("to: %s; give the number with its country code, such as 74951234567", err)
	}
	call := rating.Call{To: to, Direction: calls.Outbound, Connect: q.At, Duration: q.Length, Emergency: to.Emergency()}
	if q.From != "" {
		if call.From, err = e164.Parse(strings.TrimPrefix(strings.TrimSpace(q.From), "+")); err != nil {
			return PriceAnswer{}, invalid("from: %s", err)
		}
	}
	charge, told, err := tariff.Explain(call, nil)
	if err != nil {
		return PriceAnswer{}, invalid("%s", err)
	}
	return PriceAnswer{charge, told.Steps}, nil
}

// ratesMost bounds the rates of one answer.
const ratesMost = 1000

// Rates returns the rates of a deck whose prefix begins with some digits, or is the beginning of them, in force, past and to come.
func (c *Console) Rates(_ context.Context, who *access.Principal, deck, digits string, limit int) ([]rating.Rate, int, error) {
	if err := may(who, access.ReadPrices); err != nil {
		return nil, 0, err
	}
	d, ok := c.d.Snapshot().Deck(deck)
	if !ok {
		return nil, 0, missing(provision.KindDeck, deck)
	}
	var out []rating.Rate
	for r := range d.Rates() {
		prefix := r.Prefix.Digits()
		if !strings.HasPrefix(prefix, digits) && !strings.HasPrefix(digits, prefix) {
			continue
		}
		if out = append(out, r); len(out) == min(limit, ratesMost) {
			break
		}
	}
	return out, d.Len(), nil
}

// DialTest tells what a dial plan makes of what is dialled, rule by rule.
func (c *Console) DialTest(_ context.Context, who *access.Principal, plan, dialled, area string) ([]routing.DialStep, routing.Dialled, error) {
	if err := may(who, access.ReadRouting); err != nil {
		return nil, routing.Dialled{}, err
	}
	p, ok := c.d.Snapshot().DialPlanByID(plan)
	if !ok {
		return nil, routing.Dialled{}, fmt.Errorf("%w: there is no dial plan %q", ErrNotFound, plan)
	}
	return routing.ExplainDial(p, dialled, area), routing.Dial(p, dialled, area), nil
}
