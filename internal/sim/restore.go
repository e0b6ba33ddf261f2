package sim

import (
	"slices"

	"trunkline/cdr"
	"trunkline/internal/sim/memory"
	"trunkline/ledger"
)

// kept is a backup of all stores.
type kept struct {
	ledger *memory.Snapshot
	calls  *memory.CallsBackup
	stream [][]cdr.Message
	id     int
}

// backUp makes a backup, or puts the last one back: of one store or of several.
func (w *world) backUp() error {
	if w.options.Fault == LostToken {
		return nil // A repair would mend it.
	}
	if w.kept == nil || w.chance(3) {
		w.kept = &kept{ledger: w.store.Backup(), calls: w.calls.Backup(), id: w.stream.id}
		for _, p := range w.stream.parts {
			w.kept.stream = append(w.kept.stream, slices.Clone(p))
		}
		w.trace("a backup is made")
		return nil
	}
	if !w.chance(3) {
		return nil
	}
	which := 1 + w.random.IntN(7)
	if which&1 != 0 {
		if err := w.restoreLedger(); err != nil {
			return err
		}
	}
	if which&2 != 0 {
		w.trace("the store of calls is put back")
		w.calls.Restore(w.kept.calls, w.chance(2))
	}
	if which&4 != 0 {
		w.restoreStream()
	}
	return nil
}

// restoreLedger puts the ledger back; an operator enters again what people had paid since.
func (w *world) restoreLedger() error {
	w.trace("the ledger is put back")
	w.lost = true
	for _, p := range w.store.Restore(w.kept.ledger) {
		account := p.Credit
		if account.Kind != ledger.TenantAccount {
			account = p.Debit
		}
		_, err := w.store.Post(w.ctx, ledger.Entry{Account: account, Purpose: p.Purpose, Amount: p.Amount, At: p.Slot, Key: p.Key, Reason: p.Reason})
		if err != nil {
			return err
		}
	}
	return nil
}

// restoreStream puts the topic back, or makes it anew of what the proxies and the backup still have. What was on it and was not read
// is brought again by whoever has it: here by the spools, which had sent it.
func (w *world) restoreStream() {
	w.trace("the topic is put back")
	if w.chance(2) {
		w.stream.id++
	} else {
		w.stream.id = w.kept.id
	}
	for _, r := range w.readers { // The broker was stopped for it, and no reader's connection outlives that.
		*r = reader{w: w}
	}
	for i := range w.stream.parts {
		w.stream.parts[i] = slices.Clone(w.kept.stream[i])
	}
	for _, p := range w.proxies {
		for _, value := range p.brought {
			w.stream.bring(value)
		}
	}
}

// agree is what a worker does before it reads.
func (w *world) agree() error {
	if w.options.Fault == NoRepair || w.options.Fault == LostToken {
		return nil
	}
	if w.ledgerAway || w.callsAway {
		return errAway
	}
	_, err := w.repair.Look(w.ctx)
	return err
}

func (w *world) blindMarks() bool { return w.options.Fault == BlindMark }
