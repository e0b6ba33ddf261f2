package sipproxy

import (
	"time"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/sipproxy/callstate"
)

// recover takes back what the journal kept over a restart: registrations, and the calls that were in progress. A call
// that was answered goes on under our control; one that was still being set up is over, and is recorded as that.
func (p *Proxy) recover() {
	ids := 0
	entries := p.journal.Entries()
	for key, value := range entries {
		if login, ok := callstate.LoginOf(key); ok {
			if err := p.registrar.Restore(login, value); err != nil {
				p.log.Warn("a registration could not be restored", "login", login, "error", err)
			}
			continue
		}
		if text, ok := callstate.ReleaseOf(key); ok {
			if id, err := calls.ParseID(text); err == nil {
				p.releases.Add(id)
			}
			continue
		}
		id, ok := callstate.CallOf(key)
		if !ok {
			continue
		}
		p.restored(id)
		if err := p.recoverCall(id, value, entries); err != nil {
			p.log.Error("a call in progress could not be taken back", "call", id, "error", err)
			continue
		}
		ids++
	}
	p.rebridge()
	if ids > 0 {
		p.log.Info("calls in progress taken back", "calls", ids)
	}
}

// restored notes that the call of a key is not recorded yet: one that cannot be read either, and its hold stays.
func (p *Proxy) restored(text string) {
	id, err := calls.ParseID(text)
	if err != nil {
		p.log.Error("the journal has a call without an id", "key", text)
	}
	p.order.Restore(id)
}

func (p *Proxy) recoverCall(text string, value []byte, entries map[string][]byte) error {
	id, err := calls.ParseID(text)
	if err != nil {
		return err
	}
	kept, err := callstate.DecodeCall(value)
	if err != nil {
		return err
	}
	sh := p.shards.of(kept.Near.CallID)
	c, err := sh.restore(id, kept, entries)
	if err != nil {
		return err
	}
	sh.calls[id] = c
	p.load.inProgress.Add(1)
	sh.post(func() { c.goOn() })
	return nil
}

// rebridge connects the calls again that were joined by transfers. One whose other call is not there any more is over.
func (p *Proxy) rebridge() {
	byID := make(map[string]*call)
	for _, s := range p.shards {
		for _, c := range s.calls {
			byID[c.id.String()] = c
		}
	}
	for _, c := range byID {
		if c.bridge == nil {
			continue
		}
		if other := byID[c.bridgedWith]; other != nil && other.bridge != nil {
			c.bridge.theirs = other.bridge.own
			c.bridge.own.shareMedia(c.bridge.theirs)
		} else if other != nil && other.state == stateAnswered { // Killed while the two were being joined: both are over.
			other.bridge = &bridge{own: other.winner.dialog}
		}
	}
}

const reasonRestart = "restart"

// goOn is the first thing that happens to a call after a restart.
func (c *call) goOn() {
	if c.state == stateOver {
		c.goneBefore()
		return
	}
	if c.bridge != nil && c.bridge.theirs == nil { // What it was joined with was over already.
		at := c.heard()
		c.bridge = nil
		c.end(ending{side: cdr.SideFault, cause: causeTemporaryFailure, reason: reasonRestart, at: at})
		return
	}
	if c.state == stateAnswered {
		c.prove()
		c.runClock()
		c.caller.resumeSession()
		c.winner.dialog.resumeSession()
		c.watchEnds(c.sh.cfg.SessionCheck)
		return
	}
	for _, a := range c.attempts {
		if a.state == attemptInterrupted {
			a.cancelAgain()
		}
	}
	c.end(ending{side: cdr.SideFault, cause: causeTemporaryFailure, reason: reasonRestart, status: 503})
}

// goneBefore records a call that was over before the restart, and hangs up once more: the ends may not have heard it.
func (c *call) goneBefore() {
	for _, a := range c.attempts {
		if a.state == attemptInterrupted {
			a.cancelAgain()
		}
	}
	if c.winner != nil {
		for _, d := range c.ends() {
			d.sendBYE(reasonHeader(c.finished.cause, causeText(c.finished.cause)))
		}
	}
	for _, a := range c.attempts {
		a.state = attemptSettled
	}
	c.releaseHold()
	c.finish()
}

// prove asks the ends of a call that was taken back whether they are there. Until they have said so nothing is known of the call since they
// were last heard: an outage is no talk.
func (c *call) prove() {
	if c.sh.cfg.SessionCheck < 0 {
		return
	}
	for _, d := range c.ends() {
		c.ping(d)
	}
}

// proven is how long the call is known to have lasted by now: until now, or until the end was last heard that has said nothing since the
// restart.
func (c *call) proven() time.Time {
	if c.sh.cfg.SessionCheck < 0 || c.winner == nil {
		return c.now()
	}
	at := c.now()
	for _, d := range c.ends() {
		if d.restored && !d.proven && d.heard.Before(at) {
			at = d.heard
		}
	}
	return at
}
