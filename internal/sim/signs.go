package sim

import (
	"errors"

	"github.com/google/uuid"

	"trunkline/internal/calls"
	"trunkline/ledger"
	"trunkline/sipproxy/holds"
	"trunkline/sipproxy/journal"
)

// life is the start of the process, as the ledger is told.
func (p *proxy) life() ledger.Life {
	n := len(p.lives) - 1
	return ledger.Life{Node: p.id, Name: p.name, Life: p.lives[n], Former: p.lives[:n]}
}

func (p *proxy) register() error {
	standing, err := p.w.store.Register(p.w.ctx, p.life())
	if err != nil {
		return err
	}
	p.beats = standing.Beats
	p.order.Told(standing.Sequence)
	return nil
}

// tellOf notes that a call is over, for the ledger.
func (p *proxy) tellOf(id calls.ID) { p.ended = append(p.ended, id) }

// tell tells the ledger which calls are over; an answer may be lost. What it does not hear is in the journal.
func (p *proxy) tell() error {
	w := p.w
	if len(p.ended) == 0 {
		return nil
	}
	away := w.ledgerAway || w.chance(6)
	if !away {
		calls := make([]uuid.UUID, len(p.ended))
		for i, id := range p.ended {
			calls[i] = id.Bytes()
		}
		if err := w.store.End(w.ctx, calls); err != nil {
			return err
		}
		away = w.chance(6)
	}
	for _, id := range p.ended {
		key := endPrefix + id.String()
		switch {
		case !away:
			_ = p.journal.Remove(key)
		case !p.journal.Has(key):
			_ = p.journal.Write(journal.Change{Key: key, Value: []byte{1}})
		}
	}
	p.noteWritten()
	if !away {
		p.ended = nil
	}
	return nil
}

// clean is up to which hold all calls of the proxy are over, with their legs in the stream. sent tells whether the stream has all that was recorded.
func (p *proxy) clean() (clean int64, sent bool) {
	damaged, err := p.spool.Damaged()
	whole := damaged == 0 && p.journal.Stats().Damaged == 0 || p.w.options.Fault == CleanInSpite
	if err != nil || !whole || p.spool.Stats().Waiting > 0 {
		return holds.Unknown, false
	}
	return p.order.Clean(), true
}

// beat tells the ledger that the proxy is there. Where it has not counted the signs of life one by one, it has gone back in time.
func (p *proxy) beat() error {
	clean, sent := p.clean()
	finished := p.pool.Finished(p.recorded, clean != holds.Unknown || p.w.options.Fault == EarlyQuota)
	standing, err := p.w.store.Beat(p.w.ctx, p.life(), clean)
	if errors.Is(err, ledger.ErrNoNode) {
		standing, err = p.w.store.Register(p.w.ctx, p.life())
		standing.Beats = 0
	}
	if p.twice = errors.Is(err, ledger.ErrNodeTwice); p.twice {
		return nil
	}
	if err != nil || p.w.chance(12) { // The answer is lost.
		return err
	}
	if standing.Beats != p.beats+1 {
		p.order.Unsure()
	}
	p.beats = standing.Beats
	p.order.Told(standing.Sequence)
	if sent && standing.Beats > 0 {
		_ = p.pool.Finish(p.w.ctx, finished, standing.Beats) // It is said again with the next.
	}
	return nil
}

// namesake starts another process that says it is this proxy: one with the name and an identity of its own, or one on a copy of its folder that was
// not started last. Where the ledger takes it, it says that all its calls are over: it has none.
func (p *proxy) namesake() error {
	w := p.w
	if w.ledgerAway || p.dead {
		return nil
	}
	life := ledger.Life{Node: "another", Name: p.name, Life: "first", New: true}
	if w.chance(2) {
		life.Node, life.New = p.id, false
	}
	standing, err := w.store.Register(w.ctx, life)
	w.trace("%s: another process says it is this one: %v", p.name, err)
	if err != nil {
		return nil //nolint:nilerr // That is as it should be.
	}
	if _, err = w.store.Beat(w.ctx, life, standing.Sequence); err != nil {
		return err
	}
	return w.settle()
}
