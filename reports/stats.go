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
	Side      Side
	Period    Period
	Compare   bool   // With the period before.
	CompareTo Period // With Compare: the period to compare with instead; zero: the one before.
	By        []Dimension
	Filter    Filter
	Tenant    string // Only of this tenant, whatever the filter says; empty: all.
	Branch    string // With Tenant: only of this branch.
	Top       int    // So many groups, the rest as one more; 0: all.
	Order     Order
	// Summary asks only for what a list of calls is told by: legs, seizures, answered, unanswered, ASR, ACD, talk and sale. All else
	// is nought in the answer and not to be shown. It costs a third less. Of calls only.
	Summary bool
	// Currency is the currency that margins are told in; zero: that of the house.
	Currency money.Currency
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
	Brief      bool // Of the sums only legs, seizures, answered, micros and sale are wanted, and only of ingress legs.
	Limit      int  // More groups than that are an error that wraps ErrQuery.
}

// Group is one group of legs.
type Group struct {
	// Keys are the values of the dimensions: hours as RFC 3339 in UTC, days as 2006-01-02, months as 2006-01, all else as is.
	Keys []string
	Sums Sums
}

// StatsStore adds up legs.
type StatsStore interface {
	// Groups returns, for each of the questions, the groups that are not empty, each once, in any order. Money is that of both
	// sides of the calls: the sale stands on ingress legs and the cost on egress legs. The rest is that of the side asked for.
	Groups(ctx context.Context, questions []GroupQuery) ([][]Group, error)
}

// Stats answers questions. It is safe for concurrent use.
type Stats struct {
	store    StatsStore
	exchange Exchange
	house    money.Currency
}

// NewStats returns the service; exchange may be nil when no question names a currency. House is the currency that money is told in
// when a question names none; zero: money of several currencies has no margin then.
func NewStats(store StatsStore, exchange Exchange, house money.Currency) *Stats {
	return &Stats{store, exchange, house}
}

// Row is one group of an answer, or the total.
type Row struct {
	Keys   []string `json:"keys" access:"client"`
	Other  bool     `json:"other,omitempty" access:"client"` // All that is not among the top ones.
	Groups int      `json:"groups" access:"client"`          // How many groups it stands for.
	Figures
	Before *Figures `json:"before,omitempty" access:"client"` // The same of the period that is compared with.

	sums, before Sums
}

// Answer is what the figures are.
type Answer struct {
	Period    Period      `json:"period" access:"client"`
	Zone      string      `json:"time_zone" access:"client"`
	CompareTo *Period     `json:"compare_to,omitempty" access:"client"`
	Side      Side        `json:"side" access:"client"`
	By        []Dimension `json:"by" access:"client"`
	Rows      []Row       `json:"rows" access:"client"`
	Total     Row         `json:"total" access:"client"`
	Formulas  []Formula   `json:"formulas" access:"client"`
}

// MaxQuestions bounds the questions that are asked at a time.
const MaxQuestions = 20

// Ask answers a question. The total is the sum of the rows, with what is told as other. It may be repeated.
func (s *Stats) Ask(ctx context.Context, q Question) (*Answer, error) {
	answers, err := s.AskAll(ctx, []Question{q})
	if err != nil {
		return nil, err
	}
	return answers[0], nil
}

// AskAll answers up to MaxQuestions questions, in their order, each as Ask does. The store is asked once, so that questions that
// look at the same legs cost little more than one of them. It may be repeated.
func (s *Stats) AskAll(ctx context.Context, questions []Question) ([]*Answer, error) {
	if len(questions) == 0 || len(questions) > MaxQuestions {
		return nil, fmt.Errorf("%w: ask 1 to %d questions at a time", ErrQuery, MaxQuestions)
	}
	questions = slices.Clone(questions)
	var queries []GroupQuery
	for i := range questions {
		q := &questions[i]
		if err := s.check(q); err != nil {
			return nil, err
		}
		queries = append(queries, q.query(q.Period))
		if q.Compare {
			if q.CompareTo.From.IsZero() {
				q.CompareTo = q.Period.Before()
			}
			queries = append(queries, q.query(q.CompareTo))
		}
	}
	groups, err := s.store.Groups(ctx, queries)
	if err != nil {
		return nil, fmt.Errorf("figures of %s: %w", questions[0].Period, err)
	}
	answers := make([]*Answer, len(questions))
	for i := range questions {
		n := 1
		if questions[i].Compare {
			n = 2
		}
		if answers[i], err = s.answer(&questions[i], groups[:n]); err != nil {
			return nil, fmt.Errorf("figures of %s: %w", questions[i].Period, err)
		}
		groups = groups[n:]
	}
	return answers, nil
}

// answer makes an answer of the groups of the period and, where it is compared, of those of the other one.
func (s *Stats) answer(q *Question, groups [][]Group) (*Answer, error) {
	a := &Answer{Period: q.Period, Zone: q.Period.Zone.String(), Side: q.Side, By: q.By, Formulas: Formulas(q.Side)}
	b := newBuilder(q, groups[0])
	if q.Compare {
		a.CompareTo = &q.CompareTo
		b.compare(groups[1])
	}
	into := q.Currency
	if into.IsZero() {
		into = s.house
	}
	return a, b.finish(a, &reckoner{into, s.exchange, q.Period.Until.Add(-1)})
}

func (q *Question) query(p Period) GroupQuery {
	return GroupQuery{
		Side: q.Side, From: p.From, Till: p.Until, Zone: p.Zone, By: q.By, Filter: q.Filter, Tenant: q.Tenant, Branch: q.Branch, Brief: q.Summary, Limit: MaxGroups,
	}
}

func (s *Stats) check(q *Question) error {
	if s.exchange == nil && !q.Currency.IsZero() {
		return fmt.Errorf("%w: margins in %s: there are no exchange rates", ErrQuery, q.Currency)
	}
	return q.check()
}

func (q *Question) check() error {
	carriers := slices.Contains(q.By, ByCarrier) || slices.Contains(q.By, ByGateway)
	switch {
	case q.Side != Calls && q.Side != Attempts:
		return fmt.Errorf("%w: side %q: want calls or attempts", ErrQuery, q.Side)
	case q.Period.Zone == nil || !q.Period.From.Before(q.Period.Until):
		return fmt.Errorf("%w: it has no period", ErrQuery)
	case q.Side == Calls && carriers:
		return fmt.Errorf("%w: a call that was not answered has no carrier, so the ASR of calls by carrier says nothing: count attempts", ErrQuery)
	case q.Side == Attempts && q.Summary:
		return fmt.Errorf("%w: brief is of calls only", ErrQuery)
	case q.Branch != "" && q.Tenant == "":
		return fmt.Errorf("%w: a branch without its tenant", ErrQuery)
	case q.Top < 0 || len(q.By) > 6:
		return fmt.Errorf("%w: want at most 6 dimensions, and top above 0", ErrQuery)
	case q.Compare && q.CompareTo.Zone == nil && !q.CompareTo.From.IsZero():
		return fmt.Errorf("%w: the period to compare with has no time zone", ErrQuery)
	case slices.Contains(q.Filter.Fields(), FieldKind):
		return fmt.Errorf("%w: the side says whether calls (ingress) or attempts (egress) are counted: leave kind out of the filter", ErrQuery)
	}
	return q.Order.check()
}
