package sim

import (
	"errors"
	"time"

	"trunkline/ledger"
	"trunkline/rating/worker"
)

// checkAlways checks what has to hold after each step: nobody is past a limit.
func (w *world) checkAlways() error {
	if w.lost {
		return nil
	}
	for _, a := range w.tenants {
		s, err := w.store.State(w.ctx, a)
		if err != nil {
			return err
		}
		left, err := s.Available()
		if err != nil {
			return err
		}
		if left.Sign() < 0 {
			return w.violated("%s is past its money by %s", a.Owner, left)
		}
		if err := w.checkLimits(a); err != nil {
			return err
		}
	}
	return w.checkRooms()
}

func (w *world) checkLimits(a ledger.Account) error {
	gauges, err := w.store.Gauges(w.ctx, a, time.Time{})
	if err != nil {
		return err
	}
	for _, g := range gauges {
		for _, l := range w.prices.Limit[a.Owner] {
			if l.Scope != g.Scope || l.Owner != g.Owner || l.Period != g.Period {
				continue
			}
			if err := w.checkLimit(a, l, g); err != nil {
				return err
			}
		}
		if g.Held.Money.Sign() < 0 || g.Held.Seconds < 0 || g.Held.Calls < 0 {
			return w.violated("less than nothing is held under a limit of %s: %v", a.Owner, g.Held)
		}
	}
	return nil
}

func (w *world) checkLimit(a ledger.Account, l ledger.Limit, g ledger.Gauge) error {
	taken, err := g.Used.Add(g.Held)
	if err != nil {
		return err
	}
	allowed, err := g.Raised.Add(g.Aside)
	if err != nil {
		return err
	}
	if l.Money != nil {
		bound, err := l.Money.Add(allowed.Money)
		if err != nil {
			return err
		}
		if bound.Less(taken.Money) {
			return w.violated("%s is past its cap of %s in a %s: %s", a.Owner, bound, l.Period, taken.Money)
		}
	}
	if l.Seconds != nil && taken.Seconds > *l.Seconds+allowed.Seconds {
		return w.violated("%s is past its cap of %d seconds in a %s: %d", a.Owner, *l.Seconds+allowed.Seconds, l.Period, taken.Seconds)
	}
	if l.Calls != nil && taken.Calls > *l.Calls+allowed.Calls {
		return w.violated("%s is past its cap of %d calls in a %s: %d", a.Owner, *l.Calls+allowed.Calls, l.Period, taken.Calls)
	}
	return nil
}

// wind lets everything come to its end: engines are there, disks are well, calls end, legs are sent and accounted for.
func (w *world) wind() error {
	w.ledgerAway, w.streamAway, w.callsAway = false, false, false
	for _, p := range w.proxies {
		p.mend()
	}
	for range 100 {
		if err := w.pass(time.Minute); err != nil {
			return err
		}
	}
	if err := w.drain(); err != nil {
		return err
	}
	if err := errors.Join(w.checkDamage(), w.checkWithheld()); err != nil {
		return err
	}
	for _, p := range w.proxies {
		if err := p.settleDamage(); err != nil {
			return err
		}
	}
	if err := w.pass(2 * idleTend); err != nil { // By then the journals have seen it.
		return err
	}
	for range 20 { // The answer to a sign of life may be lost.
		if err := w.settle(); err != nil {
			return err
		}
	}
	return nil
}

// drain brings all legs to the stream, and has them accounted for.
func (w *world) drain() error {
	for _, p := range w.proxies {
		for tries := 0; p.spool.Stats().Waiting > 0 && tries < 1000; tries++ {
			p.send()
		}
	}
	for _, r := range w.readers {
		r.joined = false // What was put back last is noticed at the next joining, or within a minute.
		if err := r.catchUp(); err != nil {
			return err
		}
	}
	if err := w.findTariff(); err != nil {
		return err
	}
	for range 100 {
		if w.worker.Recover(w.ctx) == nil && w.agree() == nil { // The worker compares every minute, too.
			break
		}
	}
	return w.settle()
}

// behind reports whether the books have not got to the end of the stream.
func (w *world) behind() (bool, error) {
	for part := range w.stream.parts {
		marks, err := w.books.Marks(w.ctx, topic, []int{part})
		if err != nil || marks[0].Next < int64(len(w.stream.parts[part])) {
			return true, err
		}
		if _, broken := w.stream.check(marks[0]); broken != nil && !w.blindMarks() {
			return true, nil
		}
	}
	return false, nil
}

// settle is what the keeper of the house does: proxies say how far they are, and what nobody will use is given back.
func (w *world) settle() error {
	if w.ledgerAway {
		return nil
	}
	for _, p := range w.proxies {
		if p.dead {
			continue
		}
		if err := p.beat(); err != nil {
			return err
		}
	}
	nodes, err := w.store.Nodes(w.ctx)
	if err != nil {
		return err
	}
	behind, err := w.behind()
	if err != nil || behind {
		return err
	}
	if err := w.store.Settled(w.ctx, nodes); err != nil {
		return err
	}
	_, err = w.store.Expire(w.ctx)
	return err
}

// checkEnd checks what has to hold when all is over: every leg is there once, calls and postings agree, nothing is held.
func (w *world) checkEnd() error {
	if behind, err := w.behind(); err != nil || behind {
		return errors.Join(err, w.violated("the books do not get to the end of the stream"))
	}
	seen := make(map[worker.LegID]int)
	for _, r := range w.calls.Records() {
		seen[worker.LegID{Call: r.Call, Seq: r.Seq}]++
	}
	for _, p := range w.proxies {
		for _, one := range p.promises {
			id := legID(one.leg)
			if n := seen[id]; n > 1 || n == 0 && !one.struck && !one.lied {
				return w.violated("leg %s is there %d times", one.leg.ID(), n)
			}
			delete(seen, id)
		}
	}
	if len(seen) > 0 {
		return w.violated("%d legs are there that nobody wrote", len(seen))
	}
	differences, err := ledger.Reconcile(w.ctx, w.store, w.calls, time.Unix(0, 0), w.clock.Now().AddDate(1, 0, 0))
	if err != nil {
		return err
	}
	for _, d := range differences {
		if !d.OK() {
			return w.violated("%s: posted %s for %d legs, calls come to %s for %d", d.Account, d.Posted, d.PostedLegs, d.Recorded, d.Legs)
		}
	}
	if err := w.checkFates(); err != nil {
		return err
	}
	return w.checkReturned()
}

// checkReturned checks that no money is held any more, and no place taken.
func (w *world) checkReturned() error {
	for _, a := range w.tenants {
		s, err := w.store.State(w.ctx, a)
		if err != nil {
			return err
		}
		if !s.Pending.IsZero() {
			return w.violated("%s is still held of %s", s.Pending, a.Owner)
		}
		if n := w.store.Placed(a); n != 0 {
			return w.violated("%d places of %s are still taken", n, a.Owner)
		}
	}
	return nil
}
