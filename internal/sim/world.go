package sim

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/internal/sim/memory"
	"trunkline/ledger"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
)

// errAway is what an engine that is away answers, and one whose answer is lost.
var errAway = errors.New("no answer")

// world is everything that there is.
type world struct {
	options Options
	ctx     context.Context //nolint:containedctx // It lives as long as one run.
	random  *rand.Rand
	step    int
	clock   *clock.Manual
	prices  *Prices
	store   *memory.Store
	calls   *memory.Calls
	books   *flakyBooks
	clicks  *flakyCalls
	worker  *worker.Worker
	stream  stream
	proxies []*proxy
	readers []*reader
	tenants []ledger.Account
	minted  uint64
	rooms   map[room]int64 // The most calls at a time that there may be by now.
	entries int
	kept    *kept // The last backup; nil: there is none.
	repair  *repair.Repair
	lost    bool // The ledger went back in time, and with it what it had promised: what was spent is not bounded any more.

	ledgerAway, streamAway, callsAway bool
}

const topic = "legs"

func newWorld(ctx context.Context, o Options, random *rand.Rand) (*world, error) {
	w := &world{options: o, ctx: ctx, random: random, clock: clock.NewManual(time.Date(2026, 10, 31, 20, 0, 0, 0, time.UTC)), rooms: make(map[room]int64)}
	var err error
	if w.prices, err = NewPrices(random, random.IntN(2) == 0); err != nil {
		return nil, err
	}
	w.store, w.calls = memory.New(w.clock), memory.NewCalls()
	switch o.Fault {
	case LostToken:
		w.calls.Forget()
	case LostClaim:
		w.store.ForgetClaims()
	case FreeHold:
		w.store.ForgetHolds()
	case FreePlace:
		w.store.ForgetPlaces()
	case NoIdentity:
		w.store.ForgetIdentities()
	case FreeQuota:
		w.store.ForgetQuotas()
	case NoFault, EarlyQuota, LostSpool, UnboundCall, BlindMark, NoRepair, BehindTorn, NoSync, CleanInSpite, WallClock, DeafToJournal, ForgottenEnd:
	}
	w.books, w.clicks = &flakyBooks{w.store.Books(), w}, &flakyCalls{w.calls, w}
	w.worker = worker.New(worker.Config{
		Topic: topic, Books: w.books, Calls: w.clicks, DeadLetters: nobody{}, Prices: func() worker.Prices { return w.prices },
		Clock: w.clock, Log: slog.New(slog.DiscardHandler),
	})
	w.repair = &repair.Repair{
		Ledger: w.store.Books(), Calls: w.calls, Incidents: w.store.Books(), Log: slog.New(slog.DiscardHandler),
		Worker: worker.New(worker.Config{Books: w.store.Books(), Calls: w.calls, Prices: func() worker.Prices { return w.prices }, Clock: w.clock, Log: slog.New(slog.DiscardHandler)}),
	}
	w.stream.parts = make([][]cdr.Message, 1+random.IntN(3))
	for i := range 1 + random.IntN(3) {
		p, err := newProxy(w, "proxy-"+strconv.Itoa(i)) //nolint:contextcheck // Spools have lives of their own.
		if err != nil {
			return nil, err
		}
		w.proxies = append(w.proxies, p)
	}
	for range 1 + random.IntN(2) {
		w.readers = append(w.readers, &reader{w: w})
	}
	for i := range 1 + random.IntN(3) {
		if err := w.addTenant("tenant-" + strconv.Itoa(i)); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// nobody takes the legs that could not be rated.
type nobody struct{}

// Send implements worker.DeadLetterTopic.
func (nobody) Send(context.Context, []cdr.Envelope) error { return nil }

func (w *world) chance(of int) bool { return w.random.IntN(of) == 0 }

func (w *world) addTenant(id string) error {
	account := ledger.Tenant(id, Currency())
	credit := money.Amount{}
	if w.chance(2) {
		credit = money.FromMicros(w.random.Int64N(20_000_000))
	}
	if err := w.store.Open(w.ctx, account, credit); err != nil {
		return err
	}
	w.tenants = append(w.tenants, account)
	for range w.random.IntN(3) {
		l := ledger.Limit{Scope: ledger.TenantScope, Period: ledger.Periods()[w.random.IntN(3)]}
		if w.chance(2) {
			l.Scope, l.Owner = ledger.ExtensionScope, "101"
		}
		amount := money.FromMicros(w.random.Int64N(20_000_000))
		seconds, calls := w.random.Int64N(3600), w.random.Int64N(40)
		switch w.random.IntN(3) {
		case 0:
			l.Money = &amount
		case 1:
			l.Seconds = &seconds
		default:
			l.Calls = &calls
		}
		if !w.hasLimit(id, l) {
			w.prices.Limit[id] = append(w.prices.Limit[id], l)
		}
	}
	w.bound(account)
	return w.topUp(account)
}

func (w *world) hasLimit(tenant string, l ledger.Limit) bool {
	for _, other := range w.prices.Limit[tenant] {
		if other.Scope == l.Scope && other.Owner == l.Owner && other.Period == l.Period {
			return true
		}
	}
	return false
}

func (w *world) topUp(a ledger.Account) error {
	w.entries++
	amount := money.FromMicros(1_000_000 + w.random.Int64N(15_000_000))
	if w.chance(4) {
		amount = money.FromMicros(w.random.Int64N(300_000_000)) // Someone who talks much.
	}
	w.trace("top-up of %s by %s", a.Owner, amount)
	_, err := w.store.Post(w.ctx, ledger.Entry{
		Account: a, Purpose: ledger.TopUp, Amount: amount, At: w.clock.Now(), Key: "k" + strconv.Itoa(w.entries),
	})
	return err
}

// act does one thing that happens in the world.
func (w *world) act() error {
	w.recover()
	p, r := w.proxies[w.random.IntN(len(w.proxies))], w.readers[w.random.IntN(len(w.readers))]
	switch n := w.random.IntN(100); {
	case n < 29:
		return p.invite()
	case n < 51:
		return w.pass(time.Duration(1+w.random.IntN(25)) * time.Second)
	case n < 61:
		p.send()
		return nil
	case n < 81:
		return r.step()
	case n < 83:
		w.stream.again(w)
		return nil
	case n < 86:
		p.die(w.chance(4))
		return nil
	case n < 88:
		r.die()
		return nil
	case n < 91:
		w.outage()
		return nil
	case n < 93:
		return w.backUp()
	case n < 95:
		return p.hurt()
	}
	return w.operate()
}

// operate is what operators do.
func (w *world) operate() error {
	a := w.tenants[w.random.IntN(len(w.tenants))]
	switch w.random.IntN(9) {
	case 8:
		return w.retry()
	case 0, 1:
		return w.topUp(a)
	case 2:
		return w.changeLimit(a)
	case 3:
		return w.settle()
	case 4:
		return w.close(a)
	case 5:
		return w.changePrices()
	case 6:
		return w.pass(time.Duration(w.random.IntN(6*3600)) * time.Second)
	}
	return w.proxies[w.random.IntN(len(w.proxies))].namesake()
}

// retry has nobody know the tariff of tenants for a while, and then all legs rated again that could not be.
func (w *world) retry() error {
	if !w.prices.Lost {
		w.trace("nobody knows the tariff")
		w.prices.Lost = true
		return nil
	}
	return w.findTariff()
}

func (w *world) findTariff() error {
	w.prices.Lost = false
	if w.ledgerAway {
		return nil
	}
	w.trace("the tariff is there again: %d legs are rated again", w.store.Books().DeadCount())
	_, err := w.store.Books().RetryAll(w.ctx, w.worker.Rate) // A worker stores what came of it.
	return err
}

func (w *world) outage() {
	*[]*bool{&w.ledgerAway, &w.streamAway, &w.callsAway}[w.random.IntN(3)] = true
	w.trace("away: ledger %t, stream %t, calls %t", w.ledgerAway, w.streamAway, w.callsAway)
}

// recover lets an engine that is away come back before long.
func (w *world) recover() {
	for _, which := range []*bool{&w.ledgerAway, &w.streamAway, &w.callsAway} {
		if *which && w.chance(8) {
			*which = false
		}
	}
	for _, p := range w.proxies {
		if p.trouble != noWrong && w.chance(12) {
			w.trace("%s: its disk is well again", p.name)
			p.mend()
		}
	}
}

func (w *world) changeLimit(a ledger.Account) error {
	if w.chance(3) {
		w.bound(a)
		return nil
	}
	list := w.prices.Limit[a.Owner]
	if len(list) == 0 {
		return nil
	}
	l := list[w.random.IntN(len(list))]
	t := ledger.Target{Account: a, Scope: l.Scope, Owner: l.Owner, Reason: "sim", By: "sim"}
	counter := l.Counter(a, w.clock.Now(), time.UTC)
	w.trace("limit of %s changed", a.Owner)
	switch w.random.IntN(4) {
	case 0:
		return w.store.RaiseLimit(w.ctx, t, counter, ledger.Use{Money: money.FromMicros(2_000_000), Seconds: 120, Calls: 2})
	case 1:
		return w.store.ResetLimit(w.ctx, t, counter)
	case 2:
		return w.store.Suspend(w.ctx, a, true, "sim", "sim")
	}
	return w.store.Suspend(w.ctx, a, false, "sim", "sim")
}

func (w *world) close(a ledger.Account) error {
	till := w.clock.Now().Truncate(ledger.SlotLength)
	state, err := w.store.State(w.ctx, a)
	if err != nil || till.Before(state.ClosedTill) {
		return err
	}
	w.trace("books of %s closed till %s", a.Owner, till.Format(time.RFC3339))
	_, err = w.store.Close(w.ctx, ledger.Closing{Account: a, Till: till, Reason: "sim", By: "sim"})
	if errors.Is(err, ledger.ErrClosing) {
		w.trace("that is refused: %v", err)
		return nil
	}
	return err
}

// changePrices puts other tariffs in force; calls in progress were promised the old ones.
func (w *world) changePrices() error {
	fresh, err := NewPrices(w.random, w.chance(2))
	if err != nil {
		return err
	}
	w.trace("other prices")
	fresh.Limit, fresh.AtOnce = w.prices.Limit, w.prices.AtOnce
	w.prices = fresh
	return nil
}
