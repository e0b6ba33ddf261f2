package contract

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating/worker"
)

// Accounts is the part of a ledger that keeps money.
type Accounts interface {
	Open(ctx context.Context, a ledger.Account, creditLimit money.Amount) error
	Post(ctx context.Context, e ledger.Entry) (ledger.Posting, error)
	State(ctx context.Context, a ledger.Account) (ledger.State, error)
	Close(ctx context.Context, c ledger.Closing) (ledger.Closing, error)
}

// Holds is the part that holds money for calls.
type Holds interface {
	Reserve(ctx context.Context, r ledger.HoldRequest) (ledger.HoldAnswer, error)
	Release(ctx context.Context, call uuid.UUID) error
	End(ctx context.Context, calls []uuid.UUID) error
	Expire(ctx context.Context) (int64, error)
	Gauges(ctx context.Context, a ledger.Account, since time.Time) ([]ledger.Gauge, error)
}

// Limits is the part that is changed by hand.
type Limits interface {
	SetLimit(ctx context.Context, t ledger.Target, p ledger.Period, caps ledger.Caps) error
	RaiseLimit(ctx context.Context, t ledger.Target, c ledger.Counter, by ledger.Use) error
	ResetLimit(ctx context.Context, t ledger.Target, c ledger.Counter) error
	Block(ctx context.Context, t ledger.Target, blocked bool) error
}

// Proxies is the part that knows who holds money.
type Proxies interface {
	Suspend(ctx context.Context, a ledger.Account, suspended bool, reason, by string) error
	Register(ctx context.Context, life ledger.Life) (ledger.Standing, error)
	Beat(ctx context.Context, life ledger.Life, clean int64) (ledger.Standing, error)
	Nodes(ctx context.Context) ([]ledger.Node, error)
	Settled(ctx context.Context, nodes []ledger.Node) error
}

// Ledger is all of them.
type Ledger interface {
	Accounts
	Holds
	Limits
	Proxies
	Quotas
	ledger.UsageSums
}

// Subject is what is asked.
type Subject struct {
	Ledger Ledger
	Books  worker.Books
	Clock  *clock.Manual // The subject's own.
	Rate   func(worker.Fresh) (worker.Outcome, error)
	Lose   func(lost bool)                                 // Nobody knows the tariff, until somebody does.
	Retry  func(ctx context.Context) (worker.Batch, error) // Of all legs that could not be rated.
}

// Start is where the clocks of subjects have to stand: a Wednesday.
func Start() time.Time { return time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC) }

// run is one transcript.
type run struct {
	Subject
	ctx       context.Context //nolint:containedctx // It lives as long as one transcript.
	random    *rand.Rand
	lines     []string
	calls     []uuid.UUID
	sequences []int64           // Of holds, as they were told.
	lives     map[string]string // The last start of a proxy.
	legs      []cdr.Leg
	next      int64
	granted   [quotas]ledger.Use // As far as the asker knows.
}

// Transcript asks so many things and returns the answers, one a line.
func Transcript(ctx context.Context, seed uint64, steps int, s Subject) []string {
	r := &run{Subject: s, ctx: ctx, lives: make(map[string]string), random: rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // It has to repeat.
	for i := range 12 {
		r.calls = append(r.calls, calls.IDAt(Start(), seed<<8|uint64(i)).Bytes())
	}
	for _, a := range accounts() {
		r.say("open %s", word(s.Ledger.Open(ctx, a, money.FromMicros(r.random.Int64N(3)*1_000_000))))
	}
	for range steps {
		r.step()
	}
	for _, a := range accounts() {
		r.look(a)
	}
	sums, err := s.Ledger.UsageSums(ctx, time.Unix(0, 0), Start().AddDate(1, 0, 0))
	r.say("sums %v %s", sums, word(err))
	return r.lines
}

func accounts() []ledger.Account {
	c := money.MustParseCurrency("EUR")
	return []ledger.Account{ledger.Tenant("a", c), ledger.Tenant("b", c)}
}

func (r *run) say(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf("%3d ", len(r.lines))+fmt.Sprintf(format, args...))
}

// word names an error by what a caller can tell of it.
func word(err error) string {
	for _, known := range []error{
		ledger.ErrKeyConflict, ledger.ErrClosedPeriod, ledger.ErrClosing, ledger.ErrNoAccount, ledger.ErrLimit, worker.ErrMoved,
		ledger.ErrNoNode, ledger.ErrNodeTaken, ledger.ErrNodeCopy, ledger.ErrNodeTwice,
	} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return "another error"
	}
	return "ok"
}

func (r *run) step() {
	a := accounts()[r.random.IntN(2)]
	switch n := r.random.IntN(32); {
	case n < 7:
		r.reserve(a)
	case n < 8:
		r.end()
	case n < 10:
		r.entry(a)
	case n < 13:
		r.deliver()
	case n < 16:
		r.limit(a)
	case n < 17:
		longest := []int64{10 * 60, 40 * 3600}[r.random.IntN(2)] // Calls go on, or are over long since.
		r.Clock.Advance(time.Duration(r.random.Int64N(longest)) * time.Second)
	case n < 18:
		r.expire()
		r.retry()
	case n < 19:
		c := ledger.Closing{Account: a, Till: r.Clock.Now().Truncate(ledger.SlotLength).Add(-time.Duration(r.random.IntN(8)) * ledger.SlotLength), Reason: "x", By: "x"}
		_, err := r.Ledger.Close(r.ctx, c)
		r.say("close %s", word(err))
	case n < 21:
		r.look(a)
	default:
		r.quota()
	}
}

func (r *run) look(a ledger.Account) {
	s, err := r.Ledger.State(r.ctx, a)
	r.say("state %s: credit %s debits %s credits %s pending %s suspended %t closed %s %s", a, s.CreditLimit, s.Debits, s.Credits, s.Pending,
		s.Suspended, s.ClosedTill.Format(time.RFC3339), word(err))
	gauges, err := r.Ledger.Gauges(r.ctx, a, time.Time{})
	for _, g := range gauges {
		r.say("gauge %s %s %s %s used %v held %v raised %v aside %v", g.Scope, g.Owner, g.Period, g.Start.Format(time.RFC3339), g.Used, g.Held, g.Raised, g.Aside)
	}
	r.say("%s", word(err))
}
