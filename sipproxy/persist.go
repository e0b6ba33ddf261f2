package sipproxy

import (
	"errors"

	"trunkline/internal/calls"
	"trunkline/sipproxy/callstate"
	"trunkline/sipproxy/journal"
)

// keep notes how far the call has come, with all that is needed to end it and to record it, and why it goes where it goes. An error says
// that it is not on disk.
func (c *call) keep() error {
	c.sh.order.Begin(c.id)
	for _, f := range c.onward {
		c.sh.order.Begin(f.id)
	}
	data, err := c.snapshot().Encode()
	if err != nil {
		c.log.Error("the call could not be written to the journal", "error", err)
		return err
	}
	this := journal.Change{Key: callstate.CallKey(c.id), Value: data}
	changes := c.decided.changes(c.id, c.trace(c.route, &c.decided))
	for _, f := range c.onward {
		changes = append(changes, f.decided.changes(f.id, c.trace(f.route, &f.decided))...)
	}
	err = c.sh.journal.Write(append(changes, this)...)
	if errors.Is(err, journal.ErrTooLarge) && len(changes) > 0 {
		c.log.Warn("the decision about the call is too large for the journal; after a crash it would be missing", "error", err)
		err = c.sh.journal.Write(this)
	}
	c.kept, c.noted = true, c.now()
	if err != nil {
		c.log.Error("the call is not on disk", "error", err)
	}
	return err
}

// keepFirst notes that there is the call. It may be repeated: one that is kept already is left as it is.
func (c *call) keepFirst() {
	if !c.kept && (!c.costs() || c.sh.halt() == "") {
		_ = c.keep()
	}
}

// changes are what the journal is to be told of a decision: each is kept once.
func (d *decided) changes(id calls.ID, text []byte) []journal.Change {
	if text == nil || d.kept == len(text) {
		return nil
	}
	d.kept = len(text)
	return []journal.Change{{Key: callstate.DecisionKey(id), Value: text}}
}

// keepLast notes the last sign of life of each end of an answered call, or its end: a call that is over does not come back, and one that is
// taken back later is charged for no more than what is known of it.
func (c *call) keepLast() {
	if !c.kept {
		return
	}
	c.noted = c.now()
	m := callstate.LastHeard{Near: callstate.InstantOf(c.caller.heard)}
	if c.winner != nil {
		m.Far = callstate.InstantOf(c.winner.dialog.heard)
	}
	if c.state == stateOver {
		m.Over = &callstate.Release{
			At: callstate.InstantOf(c.endedAt), Side: c.finished.side, Cause: c.finished.cause, Reason: c.finished.reason, Status: c.finished.status,
		}
	}
	data, err := m.Encode()
	if err == nil {
		err = c.sh.journal.Write(journal.Change{Key: callstate.LastHeardKey(c.id), Value: data})
	}
	if err != nil {
		c.log.Error("what was last heard of the call is not on disk", "error", err)
	}
}

// keysOfCall is how many keys of the journal a call of the books may have.
const keysOfCall = 3

// keptKeys are the keys that the journal may have of a call of the books.
func keptKeys(id calls.ID) []string {
	return []string{callstate.LastHeardKey(id), callstate.CallKey(id), callstate.DecisionKey(id)}
}

// costs reports whether money may flow for the call: the caller is charged, or a carrier charges. Emergency calls go through whatever
// they cost, and calls between phones of the house cost nothing.
func (c *call) costs() bool {
	if c.route.Emergency {
		return false
	}
	return c.route.Quote != nil || c.route.Direction != calls.Internal || len(c.onward) > 0
}

// mayBegin reports whether a call may be placed that the journal cannot be told of.
func (c *call) mayBegin(err error) bool { return err == nil || !c.costs() }

const (
	reasonJournal = "journal"
	// refusedWaiting is how many calls that were refused because of the disk wait to be recorded. More are counted and not recorded: the room
	// that is left is for those in progress.
	refusedWaiting = 10_000
)

// JournalErr tells why calls that cost money are refused: the journal cannot be written, or the disk is full. Nil: they are not.
func (p *Proxy) JournalErr() error { return p.journal.Err() }

// JournalStats returns how the journal stands.
func (p *Proxy) JournalStats() journal.Stats { return p.journal.Stats() }
