package reports

import (
	"context"
	"fmt"
	"slices"
	"time"

	"trunkline/internal/money"
)

// MaxGroups bounds the groups of one answer before the top ones are taken of them.
const MaxGroups = 200_000

// Question says which figures are wanted.
type Question struct {
	Side    Side
	Period  Period
	Compare bool   // With the period before.
	Against Period // With Compare: the period to compare with instead; zero: the one before.
	By      []Dimension
	Filter  Filter
	Tenant  string // Only of this tenant, whatever the filter says; empty: all.
	Branch  string // With Tenant: only of this branch.
	Top     int    // So many groups, the rest as one more; 0: all.
	Order   Order
	// Into is the currency that margins over several currencies are told in; zero: no such margins.
	Into money.Currency
}

// GroupQuery is what a store is asked.
type GroupQuery struct {
	Side       Side
	From, Till time.Time // UTC.
	Zone       *time.Location
	By         []Dimension
	Filter     Filter
	Tenant     string
	Branch     string
	Limit      int // More groups than that are an error that wraps ErrQuery.
}

// Group is one group of legs.
type Group struct {
	// Keys are the values of the dimensions: hours as RFC 3339 in UTC, days as 2006-01-02, months as 2006-01, all else as is.
	Keys []string
	Sums Sums
}

// StatsStore adds up legs.
type StatsStore interface {
	// Groups returns the groups that are not empty, each once, in any order. Money is that of both sides of the calls: the
	// sale stands on ingress legs and the cost on egress legs. The rest is that of the side asked for.
	Groups(ctx context.Context, q GroupQuery) ([]Group, error)
}

// Stats answers questions. It is safe for concurrent use.
type Stats struct {
	store    StatsStore
	exchange Exchange
}

// NewStats returns the service; exchange may be nil when no question names a currency.
func NewStats(store StatsStore, exchange Exchange) *Stats { return &Stats{store, exchange} }

// Row is one group of an answer, or the total.
type Row struct {
	Keys   []string `json:"keys"`
	Other  bool     `json:"other,omitempty"` // All that is not among the top ones.
	Groups int      `json:"groups"`          // How many groups it stands for.
	Figures
	Before *Figures `json:"before,omitempty"` // The same of the period that is compared with.

	sums, before Sums
}

// Answer is what the figures are.
type Answer struct {
	Period   Period      `json:"period"`
	Zone     string      `json:"time_zone"`
	Against  *Period     `json:"against,omitempty"`
	Side     Side        `json:"side"`
	By       []Dimension `json:"by"`
	Rows     []Row       `json:"rows"`
	Total    Row         `json:"total"`
	Formulas []Formula   `json:"formulas"`
}

// Ask answers a question. The total is the sum of the rows, with what is told as other. It may be repeated.
func (s *Stats) Ask(ctx context.Context, q Question) (*Answer, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if s.exchange == nil && !q.Into.IsZero() {
		return nil, fmt.Errorf("%w: margins in %s: there are no exchange rates", ErrQuery, q.Into)
	}
	groups, err := s.groups(ctx, &q, q.Period)
	if err != nil {
		return nil, err
	}
	a := &Answer{Period: q.Period, Zone: q.Period.Zone.String(), Side: q.Side, By: q.By, Formulas: Formulas(q.Side)}
	b := newBuilder(&q, groups)
	if q.Compare {
		if q.Against.From.IsZero() {
			q.Against = q.Period.Before()
		}
		a.Against = &q.Against
		before, err := s.groups(ctx, &q, q.Against)
		if err != nil {
			return nil, err
		}
		b.compare(before)
	}
	if err := b.finish(a, &reckoner{q.Into, s.exchange, q.Period.Till.Add(-1)}); err != nil {
		return nil, fmt.Errorf("figures of %s: %w", q.Period, err)
	}
	return a, nil
}

func (s *Stats) groups(ctx context.Context, q *Question, p Period) ([]Group, error) {
	groups, err := s.store.Groups(ctx, GroupQuery{
		Side: q.Side, From: p.From, Till: p.Till, Zone: p.Zone, By: q.By, Filter: q.Filter, Tenant: q.Tenant, Branch: q.Branch, Limit: MaxGroups,
	})
	if err != nil {
		return nil, fmt.Errorf("figures of %s: %w", p, err)
	}
	return groups, nil
}

func (q *Question) check() error {
	carriers := slices.Contains(q.By, ByCarrier) || slices.Contains(q.By, ByGateway)
	switch {
	case q.Side != Calls && q.Side != Attempts:
		return fmt.Errorf("%w: side %q: want calls or attempts", ErrQuery, q.Side)
	case q.Period.Zone == nil || !q.Period.From.Before(q.Period.Till):
		return fmt.Errorf("%w: it has no period", ErrQuery)
	case q.Side == Calls && carriers:
		return fmt.Errorf("%w: a call that was not answered has no carrier, so the ASR of calls by carrier says nothing: count attempts", ErrQuery)
	case q.Branch != "" && q.Tenant == "":
		return fmt.Errorf("%w: a branch without its tenant", ErrQuery)
	case q.Top < 0 || len(q.By) > 6:
		return fmt.Errorf("%w: want at most 6 dimensions, and top above 0", ErrQuery)
	case q.Compare && q.Against.Zone == nil && !q.Against.From.IsZero():
		return fmt.Errorf("%w: the period to compare with has no time zone", ErrQuery)
	case slices.Contains(q.Filter.Fields(), FieldKind):
		return fmt.Errorf("%w: the side says whether calls (ingress) or attempts (egress) are counted: leave kind out of the filter", ErrQuery)
	}
	return q.Order.check()
}
