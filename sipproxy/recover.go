package sipproxy

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/callstate"
)

// recover takes back what the journal kept over a restart: registrations, and the calls that were in progress. A call
// that was answered goes on under our control; one that was still being set up is over, and is recorded as that.
func (p *Proxy) recover() {
	ids := 0
	entries := p.journal.Entries()
	for key, value := range entries {
		if login, ok := callstate.LoginOf(key); ok {
			if err := p.registrar.restore(login, value); err != nil {
				p.log.Warn("a registration could not be restored", "login", login, "error", err)
			}
			continue
		}
		if text, ok := callstate.ReleaseOf(key); ok {
			if id, err := calls.ParseID(text); err == nil {
				p.releases.add(id)
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
	sh := p.shardOf(kept.Near.CallID)
	c, err := sh.restore(id, kept, entries)
	if err != nil {
		return err
	}
	sh.calls[id] = c
	p.inProgress.Add(1)
	sh.post(func() { c.goOn() })
	return nil
}

func (s *shard) restore(id calls.ID, m *callstate.Call, entries map[string][]byte) (*call, error) {
	c := &call{
		sh: s, id: id, log: s.log.With("call", id.String()), from: m.Caller, state: stateHunting,
		dialled: m.Dialled, callerID: m.CallerID, setup: m.Setup.Time(), progress: m.Progress.Time(), connect: m.Connect.Time(),
		grant: Grant{Granted: m.Granted, Final: m.Final, Lent: m.Lent}, reserved: m.Reserved, decided: decided{text: entries[callstate.DecisionKey(id)]},
	}
	last, err := callstate.DecodeLastHeard(entries[callstate.LastHeardKey(id)])
	if err != nil {
		s.log.Warn("what was last heard of a call cannot be read; what was known before counts", "call", id.String(), "error", err)
	}
	c.kept = true
	c.goOnFrom(m, last)
	c.route = s.router.Route(m.Caller, m.Dialled, m.CallerID, m.Setup.Time())
	if err := errors.Join(c.restoreForward(m.Forward, entries), c.restoreForward(m.Second, entries)); err != nil {
		return nil, err
	}
	for _, f := range c.onward {
		s.order.Restore(f.id)
	}
	if c.caller, err = s.restoreDialog(&m.Near); err != nil {
		return nil, err
	}
	c.caller.call = c
	c.caller.form = s.formOf(m.Caller.Gateway)
	if m.Caller.Kind != routing.CallerGateway {
		who, _ := s.router.Login(m.Caller.Login)
		c.caller.confine(who.Contacts)
	}
	for i := range m.Tries {
		a, err := s.restoreTry(c, &m.Tries[i], i == m.Winner)
		if err != nil {
			return nil, err
		}
		c.attempts = append(c.attempts, a)
		if i == m.Winner {
			c.winner, c.state = a, stateAnswered
			c.caller.heard, a.dialog.heard = later(m.Heard, last.Near), later(m.Heard, last.Far)
		}
	}
	c.restoreBridge(m.Joint)
	if last.Over != nil {
		c.wasOver(last.Over)
		return c, nil
	}
	c.holdAgain()
	return c, nil
}

// restoreBridge notes which side of the call talks, and registers those that may be heard of. The other call is found once all
// are taken back.
func (c *call) restoreBridge(m *callstate.Bridge) {
	if m == nil {
		c.caller.register()
		if c.winner != nil {
			c.caller.shareVoice(c.winner.dialog)
		}
		return
	}
	own, gone := c.winner.dialog, c.caller
	if m.Near {
		own, gone = c.caller, c.winner.dialog
		gone.forget()
		own.register()
	}
	gone.byeSent = true
	c.bridge, c.bridgedWith = &bridge{own: own}, m.Call
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
			c.bridge.own.shareVoice(c.bridge.theirs)
		} else if other != nil && other.state == stateAnswered { // Killed while the two were being joined: both are over.
			other.bridge = &bridge{own: other.winner.dialog}
		}
	}
}

func (s *shard) restoreTry(c *call, m *callstate.Attempt, winner bool) (*attempt, error) {
	a := &attempt{
		call: c, seq: m.Seq, setup: m.Setup.Time(), progress: m.Progress.Time(), connect: m.Connect.Time(), disconnect: m.End.Time(),
		status: m.Status, cause: m.Cause, side: m.Side, reason: m.Reason, remote: m.Far.Source, done: !winner,
		target: routing.Target{Deck: m.Deck, Base: m.Base, ToSent: m.ToSent, FromSent: m.FromSent, Login: m.Login, Extension: m.Phone},
	}
	a.done = a.done || !a.disconnect.IsZero() // It was released when the call was transferred.
	if m.Gateway != "" {
		a.target.Gateway = &provision.Gateway{ID: m.Gateway, Carrier: m.Carrier}
		a.target.Carrier = &provision.Carrier{ID: m.Carrier}
		if strings.HasPrefix(m.Gateway, "trunk/") {
			a.target.Trunk, a.target.Carrier = &provision.Trunk{ID: m.Gateway[strings.LastIndexByte(m.Gateway, '/')+1:]}, nil
		}
	}
	var err error
	if a.dialog, err = s.restoreDialog(&m.Far); err != nil {
		return nil, err
	}
	a.dialog.call = c
	a.dialog.form = s.formOf(m.Gateway)
	if m.Gateway == "" {
		who, _ := s.router.Login(m.Login)
		a.dialog.confine(who.Contacts)
	}
	if winner {
		a.dialog.register()
	} else if a.disconnect.IsZero() {
		a.disconnect, a.side, a.cause, a.reason = c.now(), cdr.SideFault, causeTemporaryFailure, reasonRestart
	}
	return a, nil
}

// holdAgain takes the capacity of a call that goes on, whatever the limits say by now: the call is there.
func (c *call) holdAgain() {
	if c.state != stateAnswered {
		return
	}
	limits := c.route.Capacities
	for _, f := range c.onward {
		limits = slices.Concat(limits, f.route.Capacities)
	}
	c.slots = c.sh.slots.keep(limits)
	if c.winner.target.Gateway != nil {
		c.winner.slots = c.sh.slots.keep(bounds(&c.winner.target))
	}
}

// later is the later of two moments.
func later(a, b callstate.Instant) time.Time { return max(a, b).Time() }

// goOnFrom has the time in the call go on. While the machine lives its clock tells how long the call lasts, whatever the wall was set to
// meanwhile. After its death the wall has to, and it may not go back behind what is known.
func (c *call) goOnFrom(m *callstate.Call, last callstate.LastHeard) {
	if m.Boot != "" && m.Boot == c.sh.boot {
		c.began = m.Began
		return
	}
	known := max(m.Setup, m.Connect, m.Heard, last.Near, last.Far)
	for i := range m.Tries {
		known = max(known, m.Tries[i].End, m.Tries[i].Connect)
	}
	since := max(c.sh.clock.Now().Sub(c.setup), known.Time().Sub(c.setup))
	c.began = c.sh.clock.Elapsed() - since
}

// wasOver brings a call to the end that it had before the restart. Attempts whose last answer was awaited had their outcome with it.
func (c *call) wasOver(m *callstate.Release) {
	answered := c.state == stateAnswered
	c.state, c.endedAt = stateOver, m.At.Time()
	c.finished = ending{side: m.Side, cause: m.Cause, reason: m.Reason, status: m.Status}
	for _, a := range c.attempts {
		if a.reason == reasonRestart {
			a.lost = true
			a.disconnect, a.side, a.cause, a.reason, a.status = c.endedAt, m.Side, m.Cause, m.Reason, sip.StatusRequestTerminated
		}
	}
	if w := c.winner; answered && w != nil && w.disconnect.IsZero() {
		w.disconnect, w.side, w.cause, w.reason = c.endedAt, m.Side, m.Cause, m.Reason
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
		if a.reason == reasonRestart {
			a.cancelAgain()
		}
	}
	c.end(ending{side: cdr.SideFault, cause: causeTemporaryFailure, reason: reasonRestart, status: 503})
}

// goneBefore records a call that was over before the restart, and hangs up once more: the ends may not have heard it.
func (c *call) goneBefore() {
	for _, a := range c.attempts {
		if a.lost {
			a.cancelAgain()
		}
	}
	if c.winner != nil {
		for _, d := range c.ends() {
			d.sendBYE(reasonHeader(c.finished.cause, causeText(c.finished.cause)))
		}
	}
	for _, a := range c.attempts {
		a.done = true
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
