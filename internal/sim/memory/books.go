package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
)

// books are what legs were accounted for by.
type books struct {
	marks   map[markKey]cdr.Mark
	claimed map[worker.LegID]bool
	dead    map[worker.LegID]worker.DeadLetter
	letters []worker.LegID // Those that are dead, in their order, and some that are not any more.
	batches []worker.Batch
	stored  map[int64]bool
	used    map[useKey]int64
	skip    int64 // New batches have higher ids.
}

type markKey struct {
	topic string
	part  int
}

type useKey struct {
	tenant, tariff string
	rating.Counter
}

func newBooks() books {
	return books{
		marks: make(map[markKey]cdr.Mark), claimed: make(map[worker.LegID]bool), dead: make(map[worker.LegID]worker.DeadLetter),
		stored: make(map[int64]bool), used: make(map[useKey]int64),
	}
}

// waits reports whether a leg of a call waits to be rated.
func (b *books) waits(call uuid.UUID) bool {
	for id := range b.dead {
		if id.Call.Bytes() == call {
			return true
		}
	}
	return false
}

// waitsOn reports whether a leg that draws on a quota waits to be rated.
func (b *books) waitsOn(q cdr.QuotaID) bool {
	for _, d := range b.dead {
		if d.Leg.Draw.Quota == q && d.Leg.Kind == cdr.Ingress && d.Leg.Reserved {
			return true
		}
	}
	return false
}

// claimedCall reports whether the caller's leg of a call was accounted for.
func (b *books) claimedCall(call uuid.UUID) bool {
	for id := range b.claimed {
		if id.Seq == 0 && id.Call.Bytes() == call {
			return true
		}
	}
	return false
}

// unratedBefore reports whether legs of an account wait to be rated that count before the end of what is closed.
func (b *books) unratedBefore(c ledger.Closing) bool {
	for _, d := range b.dead {
		owner := d.Leg.Tenant
		if c.Account.Kind == ledger.CarrierAccount {
			owner = d.Leg.Carrier
		}
		if owner == c.Account.Owner && cdr.SlotOf(d.Leg).Before(c.Till) {
			return true
		}
	}
	return false
}

// Books is the side of a store that accounts for legs.
type Books struct{ *Store }

// Books returns it.
func (s *Store) Books() *Books { return &Books{s} }

// Marks implements worker.Books.
func (b *Books) Marks(_ context.Context, topic string, parts []int) ([]cdr.Mark, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]cdr.Mark, 0, len(parts))
	for _, p := range slices.Sorted(slices.Values(parts)) {
		m := b.books.marks[markKey{topic, p}]
		m.Part = p
		out = append(out, m)
	}
	return out, nil
}

// Post implements worker.Books.
func (b *Books) Post(_ context.Context, d *worker.Delivery, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, step := range d.Steps {
		if at := b.books.marks[markKey{d.Source, step.Part}]; at.Next != step.From || at.Topic != "" && at.Topic != step.Topic {
			return worker.Batch{}, fmt.Errorf("%w: part %d stands at %d, not at %d", worker.ErrMoved, step.Part, at.Next, step.From)
		}
	}
	legs := b.claim(d.Legs)
	var batch worker.Batch
	if len(legs) > 0 || len(d.Broken) > 0 {
		out, err := rate(b.fresh(legs))
		if err != nil {
			return worker.Batch{}, err
		}
		out.DeadLetters = append(out.DeadLetters, d.Broken...)
		if batch, err = b.write(&out); err != nil {
			return worker.Batch{}, err
		}
	}
	for _, l := range legs {
		if b.faults.claims {
			break
		}
		b.books.claimed[worker.LegID{Call: l.Call, Seq: l.Seq}] = true
	}
	for _, step := range d.Steps {
		b.books.marks[markKey{d.Source, step.Part}] = cdr.Mark{Part: step.Part, Next: step.Next, Topic: step.Topic, Last: step.Last}
	}
	return batch, nil
}

// claim returns the legs that nobody has accounted for, each once.
func (b *Books) claim(legs []cdr.Leg) []*cdr.Leg {
	seen := make(map[worker.LegID]bool)
	var out []*cdr.Leg
	for i := range legs {
		id := worker.LegID{Call: legs[i].Call, Seq: legs[i].Seq}
		if !seen[id] && !b.books.claimed[id] {
			out = append(out, &legs[i])
		}
		seen[id] = true
	}
	return out
}

func (b *Books) fresh(legs []*cdr.Leg) worker.Fresh {
	f := worker.Fresh{Legs: legs, Holds: make(map[calls.ID]money.Amount), Closed: make(map[ledger.Account]time.Time)}
	for _, l := range legs {
		if h, ok := b.holds[l.Call.Bytes()]; ok && !h.closed && l.Reserved && l.Kind == cdr.Ingress && h.Account.Owner == l.Tenant {
			f.Holds[l.Call] = h.Amount
		}
	}
	f.Quotas = make(map[cdr.QuotaID]bool)
	for _, l := range legs {
		if q, ok := b.quotas[uuid.UUID(l.Draw.Quota)]; ok && !q.closed && q.account.Owner == l.Tenant {
			f.Quotas[l.Draw.Quota] = true
		}
	}
	for a, s := range b.accounts {
		if !s.ClosedTill.IsZero() {
			f.Closed[a] = s.ClosedTill
		}
	}
	f.Counters = func(tenant, tariff string) rating.Counters { return counters{b.books.used, tenant, tariff} }
	return f
}

type counters struct {
	used           map[useKey]int64
	tenant, tariff string
}

// Used implements rating.Counters.
func (c counters) Used(of rating.Counter) int64 { return c.used[useKey{c.tenant, c.tariff, of}] }

// write puts an outcome down: all of it, or, with an error, nothing.
func (b *Books) write(out *worker.Outcome) (worker.Batch, error) {
	id := b.lastBatch() + 1
	for i := range out.Postings {
		out.Postings[i].Batch = id
	}
	if err := b.post(out.Postings); err != nil {
		return worker.Batch{}, err
	}
	b.batchKeys++
	for i := range out.Records {
		out.Records[i].Batch, out.Records[i].BatchKey = id, b.batchKeys
	}
	batch := worker.Batch{ID: id, Key: b.batchKeys, Records: out.Records, DeadLetters: out.DeadLetters}
	b.books.batches = append(b.books.batches, batch)
	for _, d := range out.DeadLetters {
		if d.Leg != nil {
			id := worker.LegID{Call: d.Leg.Call, Seq: d.Leg.Seq}
			b.books.dead[id] = d
			b.books.letters = append(b.books.letters, id)
		}
	}
	for _, u := range out.Uses {
		b.books.used[useKey{u.Tenant, u.Tariff, u.Counter}] += u.Amount
	}
	return batch, b.settle(out)
}

// settle counts in limits what calls used, and ends their holds.
func (b *Books) settle(out *worker.Outcome) error {
	for _, settled := range out.Settled {
		if !settled.Draw.IsZero() {
			if err := b.settleDraw(settled); err != nil {
				return err
			}
			continue
		}
		h, ok := b.holds[settled.Call.Bytes()]
		if !ok || h.closed {
			continue
		}
		for _, c := range h.limits {
			if err := b.use(c, settled.Use); err != nil {
				return err
			}
		}
		if err := b.end(h.Call); err != nil {
			return err
		}
	}
	for c, use := range out.Limits {
		if err := b.use(c, use); err != nil {
			return err
		}
	}
	return nil
}

// settleDraw gives back what a call has drawn on a quota.
func (b *Books) settleDraw(settled worker.Settled) error {
	q, ok := b.quotas[uuid.UUID(settled.Draw.Quota)]
	if !ok || q.closed {
		return nil
	}
	for _, c := range q.limits {
		if err := b.use(c, settled.Use); err != nil {
			return err
		}
	}
	return b.lessen(q, ledger.Use{Money: settled.Draw.Money, Seconds: settled.Draw.Seconds, Calls: 1})
}

func (b *Books) use(c ledger.Counter, use ledger.Use) (err error) {
	g := b.gauge(c)
	g.Used, err = g.Used.Add(use)
	return err
}

// Waiting implements worker.Books.
func (b *Books) Waiting(_ context.Context, after int64, limit int) ([]worker.Batch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []worker.Batch
	for _, batch := range b.books.batches {
		if batch.ID > after && !b.books.stored[batch.ID] && len(out) < limit {
			out = append(out, batch)
		}
	}
	return out, nil
}

// Stored implements worker.Books.
func (b *Books) Stored(_ context.Context, batch worker.Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, known := range b.books.batches {
		if known.ID == batch.ID && known.Key == batch.Key {
			b.books.stored[batch.ID] = true
			return nil
		}
	}
	return worker.ErrForeign
}

// Restart implements worker.Books.
func (b *Books) Restart(_ context.Context, topic string, breaks []cdr.Break) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range breaks {
		if at := b.books.marks[markKey{topic, s.Part}]; at.Next != s.Next {
			return worker.ErrMoved
		}
	}
	for _, s := range breaks {
		b.books.marks[markKey{topic, s.Part}] = s.Now
	}
	return nil
}

// DeadCount returns how many legs could not be rated.
func (b *Books) DeadCount() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.books.dead)
}
