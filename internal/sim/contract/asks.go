package contract

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating/worker"
)

func (r *run) amount(most int64) money.Amount {
	return money.FromMicros(r.random.Int64N(most*10) * 100_000)
}

func (r *run) owner() (ledger.Scope, string) {
	switch r.random.IntN(3) {
	case 0:
		return ledger.TenantScope, ""
	case 1:
		return ledger.BranchScope, "main"
	}
	return ledger.ExtensionScope, strconv.Itoa(101 + r.random.IntN(2))
}

// caps are of one measure.
func (r *run) caps(most int64) ledger.Caps {
	n := r.random.Int64N(most)
	switch r.random.IntN(3) {
	case 0:
		amount := money.FromMicros(n * 1_000_000)
		return ledger.Caps{Money: &amount}
	case 1:
		n *= 60
		return ledger.Caps{Seconds: &n}
	}
	return ledger.Caps{Calls: &n}
}

func (r *run) limits() []ledger.Limit {
	seen := make(map[string]bool)
	var out []ledger.Limit
	for range r.random.IntN(4) {
		scope, owner := r.owner()
		l := ledger.Limit{Scope: scope, Owner: owner, Period: ledger.Periods()[r.random.IntN(3)]}
		key := string(l.Scope) + l.Owner + string(l.Period)
		if seen[key] {
			continue
		}
		seen[key] = true
		c := r.caps(12)
		l.Money, l.Seconds, l.Calls = c.Money, c.Seconds, c.Calls
		out = append(out, l)
	}
	return out
}

func (r *run) reserve(a ledger.Account) {
	call := r.random.IntN(len(r.calls)) &^ 1 // A call has one account.
	if a == accounts()[1] {
		call++
	}
	request := ledger.HoldRequest{
		Call: r.calls[call], Node: fmt.Sprint("n", r.random.IntN(2)), Account: a, At: r.Clock.Now(), Limits: r.limits(),
		Branch: "main", Extension: strconv.Itoa(101 + r.random.IntN(2)), To: fmt.Sprint(49+r.random.IntN(2), "30"),
	}
	cost, seconds := int64(r.random.IntN(3))*500_000, int64(0)
	for range 1 + r.random.IntN(5) {
		cost += r.random.Int64N(4) * 500_000
		seconds += 1 + r.random.Int64N(120)
		request.Options = append(request.Options, ledger.GrantOption{Seconds: seconds, Cost: money.FromMicros(cost)})
	}
	if r.random.IntN(3) == 0 {
		request.Concurrency = ledger.ConcurrencyCaps{Tenant: r.random.Int64N(5), Branch: r.random.Int64N(4), Extension: r.random.Int64N(3)}
		request.Setup = time.Duration(r.random.IntN(4)) * time.Minute
	}
	if d := r.drawn(call % 2); !d.IsZero() {
		request.Quota, request.Drawn = uuid.UUID(d.Quota), ledger.Use{Money: d.Money, Seconds: d.Seconds}
		if r.random.IntN(2) == 0 {
			request.Call = calls.IDAt(r.Clock.Now(), r.random.Uint64()).Bytes()
		}
	}
	for range 1 + r.random.IntN(2) { // A repetition has the same answer.
		answer, err := r.Ledger.Reserve(r.ctx, request)
		r.say("reserve %v of %v: %+v %s", request.Call, request.Options, answer, word(err))
	}
}

// end says of calls that they are over, or gives back what is held for one.
func (r *run) end() {
	call := r.calls[r.random.IntN(len(r.calls))]
	if r.random.IntN(2) == 0 {
		r.say("release %s", word(r.Ledger.Release(r.ctx, call)))
		return
	}
	r.say("end %s", word(r.Ledger.End(r.ctx, []uuid.UUID{call, r.calls[r.random.IntN(len(r.calls))]})))
}

func (r *run) entry(a ledger.Account) {
	e := ledger.Entry{
		Account: a, Purpose: ledger.TopUp, Amount: r.amount(8), Key: fmt.Sprint("k", r.random.IntN(12)),
		At: r.Clock.Now().Add(-time.Duration(r.random.IntN(4)) * time.Hour),
	}
	if r.random.IntN(3) == 0 {
		e.Purpose, e.Amount, e.Reason = ledger.Adjustment, r.amount(3).Neg(), "why"
	}
	if e.Amount.IsZero() {
		return
	}
	p, err := r.Ledger.Post(r.ctx, e)
	if err != nil {
		p = ledger.Posting{}
	}
	r.say("post %s %s %s: %s %s", e.Purpose, e.Amount, e.Key, p.Amount, word(err))
}

func (r *run) limit(a ledger.Account) {
	t := ledger.Target{Account: a, Reason: "why", By: "test"}
	t.Scope, t.Owner = r.owner()
	l := ledger.Limit{Scope: t.Scope, Owner: t.Owner, Period: ledger.Periods()[r.random.IntN(3)]}
	counter := l.Counter(a, r.Clock.Now(), time.UTC)
	switch r.random.IntN(7) {
	case 0, 1:
		caps := r.caps(12)
		r.say("set %s %s", caps, word(r.Ledger.SetLimit(r.ctx, t, l.Period, caps)))
	case 2:
		r.say("clear %s", word(r.Ledger.SetLimit(r.ctx, t, l.Period, ledger.Caps{})))
	case 3:
		r.say("raise %s", word(r.Ledger.RaiseLimit(r.ctx, t, counter, ledger.Use{Money: r.amount(3), Seconds: r.random.Int64N(60), Calls: r.random.Int64N(2)})))
	case 4:
		r.say("reset %s", word(r.Ledger.ResetLimit(r.ctx, t, counter)))
	case 5:
		if r.random.IntN(2) == 0 {
			t.Scope, t.Owner = ledger.DestinationScope, "49"
		}
		r.say("block %s", word(r.Ledger.Block(r.ctx, t, r.random.IntN(3) == 0)))
	case 6:
		r.say("suspend %s", word(r.Ledger.Suspend(r.ctx, a, r.random.IntN(3) == 0, "why", "test")))
	}
}

func (r *run) expire() {
	name := fmt.Sprint("n", r.random.IntN(2))
	r.register(name)
	clean := r.sequences[r.random.IntN(len(r.sequences))]
	r.beat(ledger.Life{Node: name, Life: r.lives[name], Former: []string{"before"}}, clean)
	if r.random.IntN(4) == 0 {
		r.strangers(name, clean)
	}
	nodes, err := r.Ledger.Nodes(r.ctx)
	for _, n := range nodes {
		r.say("node %s after %d beats, disputed %t", n.Name, n.Beats, !n.Disputed.IsZero()) // How far it is clean shows when holds expire: engines skip numbers.
	}
	r.say("settled %s %s", word(err), word(r.Ledger.Settled(r.ctx, nodes)))
	n, err := r.Ledger.Expire(r.ctx)
	r.say("expire %d %s", n, word(err))
}

// register starts a proxy anew, or says again that it was started.
func (r *run) register(name string) {
	life := ledger.Life{Node: name, Name: name, Life: cmp.Or(r.lives[name], "life")}
	if r.random.IntN(3) == 0 {
		life.Former, life.Life = []string{"before", life.Life}, fmt.Sprint("life", len(r.lines))
	}
	standing, err := r.Ledger.Register(r.ctx, life)
	r.say("register %s: %d beats, disputed %t", word(err), standing.Beats, standing.Disputed)
	r.lives[name] = life.Life
	r.sequences = append(r.sequences, standing.Sequence)
}

func (r *run) beat(life ledger.Life, clean int64) {
	standing, err := r.Ledger.Beat(r.ctx, life, clean)
	r.say("beat %s: %d beats, disputed %t", word(err), standing.Beats, standing.Disputed)
}

// strangers are processes that are not the proxy whose name or identity they say.
func (r *run) strangers(name string, clean int64) {
	switch r.random.IntN(5) {
	case 0:
		_, err := r.Ledger.Register(r.ctx, ledger.Life{Node: "other", Name: name, Life: "one", New: true})
		r.say("a namesake: %s", word(err))
	case 1:
		_, err := r.Ledger.Register(r.ctx, ledger.Life{Node: name, Name: name, Life: "copy", Former: []string{"before"}})
		r.say("a copy: %s", word(err))
	case 2:
		r.beat(ledger.Life{Node: "nobody", Life: "one"}, clean)
	case 3: // The ledger was restored from a backup of before the last start.
		r.beat(ledger.Life{Node: name, Life: "later", Former: []string{"before", r.lives[name]}}, clean)
	case 4:
		if r.random.IntN(4) == 0 {
			r.beat(ledger.Life{Node: name, Life: "copy", Former: []string{"before"}}, clean)
		}
	}
}

// retry loses the tariff, or has it found and all legs rated again that could not be.
func (r *run) retry() {
	if r.random.IntN(2) == 0 {
		r.Lose(true)
		return
	}
	r.Lose(r.random.IntN(4) == 0)
	batch, err := r.Retry(r.ctx)
	r.say("retry: %d records %s", len(batch.Records), word(err))
	for i := range batch.Records {
		rec := &batch.Records[i]
		r.say("record %s sale %s cost %s slot %s note %q", rec.ID(), rec.Sale, rec.Cost, rec.Slot.Format(time.RFC3339), rec.Note)
	}
}

// leg is one of a call whose money is held, or of another.
func (r *run) leg() cdr.Leg {
	if len(r.legs) > 0 && r.random.IntN(4) == 0 {
		return r.legs[r.random.IntN(len(r.legs))] // It comes again.
	}
	n := r.random.IntN(len(r.calls))
	call := r.calls[n]
	if r.random.IntN(2) == 0 {
		call = calls.IDAt(r.Clock.Now(), r.random.Uint64()).Bytes()
	}
	id, err := calls.IDFromBytes(call[:])
	if err != nil {
		r.say("%v", err)
	}
	at := r.Clock.Now().Add(-time.Duration(r.random.IntN(7200)) * time.Second)
	l := cdr.Leg{
		Call: id, Kind: cdr.Ingress, Direction: calls.Outbound, Tenant: accounts()[n%2].Owner, Branch: "main",
		Extension: strconv.Itoa(101 + r.random.IntN(2)), To: e164.MustParse("4930123456"), Setup: at, Reserved: r.random.IntN(3) > 0,
		Connect: at.Add(time.Second), Disconnect: at.Add(time.Duration(1+r.random.IntN(300)) * time.Second), Node: "n0",
	}
	if l.Reserved {
		l.Draw = r.drawn(n % 2)
	}
	if r.random.IntN(3) == 0 {
		l.Kind, l.Seq, l.Carrier, l.Reserved = cdr.Egress, 1, "c", false
	}
	r.legs = append(r.legs, l)
	return l
}

func (r *run) deliver() {
	d := &worker.Delivery{Source: "legs"}
	for range 1 + r.random.IntN(4) {
		d.Legs = append(d.Legs, r.leg())
	}
	from := r.next
	if r.random.IntN(6) == 0 {
		from = r.random.Int64N(r.next + 1) // Another was faster, or the mark moved.
	}
	d.Steps = []worker.Step{{Part: 2, From: from, Next: from + int64(len(d.Legs))}}
	batch, err := r.Books.Post(r.ctx, d, r.Rate)
	if err == nil {
		r.next = from + int64(len(d.Legs))
	}
	r.say("deliver %d from %d: %d records %d dead %s", len(d.Legs), from, len(batch.Records), len(batch.DeadLetters), word(err))
	for i := range batch.Records {
		rec := &batch.Records[i]
		r.say("record %s sale %s cost %s slot %s note %q", rec.ID(), rec.Sale, rec.Cost, rec.Slot.Format(time.RFC3339), rec.Note)
	}
	marks, err := r.Books.Marks(r.ctx, "legs", []int{0, 2})
	r.say("marks %v %s", marks, word(err))
	waiting, err := r.Books.Waiting(r.ctx, 0, 3)
	r.say("waiting %d %s", len(waiting), word(err))
	if batch.ID != 0 && r.random.IntN(2) == 0 {
		r.say("stored %s", word(r.Books.Stored(r.ctx, batch)))
	}
}
