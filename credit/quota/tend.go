package quota

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"trunkline/internal/calls"
	"trunkline/ledger"
)

// Tend does what is due, and is to be called several times a second: it asks the ledger whether anything was changed by hand, gives back what is not
// needed, and draws what calls will ask for. While there is nothing to do it asks once a minute, for what an answer that was lost has left there. An error is that of the ledger; it is tried again with the next call.
func (p *Pool) Tend(ctx context.Context) error {
	p.tending.Lock()
	defer p.tending.Unlock()
	p.age()
	if p.idle() {
		return nil
	}
	if err := p.confirm(ctx); err != nil {
		return err
	}
	if err := p.giveBack(ctx); err != nil {
		return err
	}
	return p.drawAll(ctx)
}

// lookAnyway is how often the ledger is asked for quotas that we do not know of.
const lookAnyway = time.Minute

// age begins another part of the window of what is asked for, whether or not the ledger answers.
func (p *Pool) age() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, d := range p.demands {
		if d.next(); d.sum() == (ledger.Use{}) && p.open[k] == nil {
			delete(p.demands, k)
		}
	}
}

// idle reports whether there is nothing that the ledger is to be asked about.
func (p *Pool) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked > 0 && p.clock.Elapsed()-p.asked < lookAnyway && len(p.open) == 0 && len(p.retired) == 0 && len(p.unknown) == 0 && len(p.demands) == 0
}

// confirm asks the ledger for our quotas, and retires those that are to be given back.
func (p *Pool) confirm(ctx context.Context) error {
	start := p.clock.Elapsed()
	list, err := p.from.Quotas(ctx, p.life)
	if err != nil {
		return err
	}
	known := make(map[uuid.UUID]*ledger.Quota, len(list))
	for i := range list {
		known[list[i].ID] = &list[i]
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = max(start, 1)
	now := p.clock.Now()
	for _, k := range p.keys() {
		l := p.open[k]
		q := known[l.id]
		l.lost = q == nil
		if q == nil || q.Retired || q.Version != q.Rules || !now.Before(l.until) || start-l.used > p.terms.Idle || start-l.made > p.terms.Longest || p.demands[k] != nil && p.demands[k].scope != l.scope {
			p.retire(k, l)
		} else {
			l.confirmed = start
		}
		delete(known, l.id)
	}
	for _, l := range p.retired {
		l.lost = known[l.id] == nil
		delete(known, l.id)
	}
	p.unknown = p.unknown[:0]
	for i := range list {
		if id := list[i].ID; known[id] != nil {
			p.unknown = append(p.unknown, id)
		}
	}
	return nil
}

// giveBack tells the ledger what of retired quotas no call has drawn.
func (p *Pool) giveBack(ctx context.Context) error {
	p.mu.Lock()
	due := slices.DeleteFunc(slices.Clone(p.retired), func(l *lot) bool { return l.returned || l.lost })
	p.mu.Unlock()
	for _, l := range due { // No call draws on it any more.
		if err := p.from.RetireQuota(ctx, l.id, l.drawn); err != nil {
			return err
		}
		p.mu.Lock()
		l.returned = true
		p.mu.Unlock()
	}
	return nil
}

// drawing is what is to be asked for.
type drawing struct {
	key     key
	request ledger.QuotaRequest
	scope   *Scope
}

// drawAll draws what is needed.
func (p *Pool) drawAll(ctx context.Context) error {
	for _, d := range p.needs() {
		start := p.clock.Elapsed()
		answer, err := p.from.DrawQuota(ctx, d.request)
		if err != nil {
			return err
		}
		p.granted(&d, answer, start)
	}
	return nil
}

// needs are the scopes that want more.
func (p *Pool) needs() []drawing {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Elapsed()
	var out []drawing
	if p.closed {
		return nil
	}
	for _, k := range slices.SortedFunc(maps.Keys(p.demands), key.compare) {
		d := p.demands[k]
		need, l := d.sum(), p.open[k]
		if now < d.pause || l == nil && need.Calls < p.terms.Busy || l != nil && l.scope != d.scope {
			continue
		}
		var had, free ledger.Use
		id := uuid.Nil
		if l != nil {
			had, free, id = l.granted, l.free(), l.id
		}
		more, atLeast, want := wanted(need, free, p.terms.Ordinary)
		if !want {
			continue
		}
		if id == uuid.Nil {
			id = p.ids()
		}
		out = append(out, drawing{k, ledger.QuotaRequest{
			ID: id, Node: p.life.Node, Life: p.life.Life, Account: k.account, Branch: k.branch, Extension: k.extension, Limits: d.scope.Limits, Zone: d.scope.Zone,
			At: p.clock.Now(), Concurrency: d.scope.Concurrency, Had: had, More: more, Least: atLeast, Share: p.terms.Share, Reach: p.terms.Reach,
		}, d.scope})
	}
	return out
}

// granted takes the ledger's answer.
func (p *Pool) granted(d *drawing, a ledger.QuotaAnswer, start time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.open[d.key]
	if a.Refusal != "" {
		if demand := p.demands[d.key]; demand != nil {
			demand.pause = start + afterRefusal
		}
		if l != nil && a.Refusal == ledger.QuotaRetired {
			p.retire(d.key, l)
		}
		return
	}
	if l == nil && d.request.Had.Calls > 0 {
		return // It was called back meanwhile: what no call has drawn goes back.
	}
	if l == nil {
		l = &lot{id: d.request.ID, scope: d.scope, calls: make(map[calls.ID]bool), until: endOfDay(d.scope, d.request.At), made: start, used: start}
		p.open[d.key] = l
	}
	l.granted, l.confirmed = a.Granted, start
}

// Finished returns the quotas whose calls are all recorded. What was recorded is to be in the stream before Finish is called. clean says that of no
// call of an earlier life the record is missing.
func (p *Pool) Finished(recorded func(...calls.ID) bool, clean bool) []uuid.UUID {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []uuid.UUID
	for _, l := range p.open {
		l.forget(recorded)
	}
	for _, l := range p.retired {
		if l.forget(recorded); len(l.calls) == 0 && (l.returned || l.lost) {
			out = append(out, l.id)
		}
	}
	if clean {
		out = append(out, p.unknown...)
	}
	return out
}

// Finish tells the ledger that quotas are finished, as Finished says, by a sign of life.
func (p *Pool) Finish(ctx context.Context, ids []uuid.UUID, beat int64) error {
	if len(ids) == 0 {
		return nil
	}
	if err := p.from.FinishQuotas(ctx, p.life, ids, beat); err != nil {
		return err
	}
	done := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		done[id] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.retired[:0]
	for _, l := range p.retired {
		if !done[l.id] || len(l.calls) > 0 {
			kept = append(kept, l)
		}
	}
	clear(p.retired[len(kept):])
	p.retired = kept
	p.unknown = nil
	return nil
}
