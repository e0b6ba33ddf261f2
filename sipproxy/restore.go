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

func (s *shard) restore(id calls.ID, m *callstate.Call, entries map[string][]byte) (*call, error) {
	c := &call{
		sh: s, id: id, log: s.log.With("call", id.String()), from: m.Caller, state: stateHunting,
		dialled: m.Dialled, callerID: m.CallerID, setup: m.Setup.Time(), progress: m.Progress.Time(), connect: m.Connect.Time(),
		grant: Grant{Granted: m.Granted, Final: m.Final, Lent: m.Lent, Draw: m.Draw.Draw()}, reserved: m.Reserved, decided: decided{text: entries[callstate.DecisionKey(id)]},
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
	for i := range m.Attempts {
		a, err := s.restoreAttempt(c, &m.Attempts[i], i == m.Winner)
		if err != nil {
			return nil, err
		}
		c.attempts = append(c.attempts, a)
		if i == m.Winner {
			c.winner, c.state = a, stateAnswered
			c.caller.heard, a.dialog.heard = later(m.Heard, last.Near), later(m.Heard, last.Far)
		}
	}
	c.restoreBridge(m.Bridge)
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
			c.caller.shareMedia(c.winner.dialog)
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

func (s *shard) restoreAttempt(c *call, m *callstate.Attempt, winner bool) (*attempt, error) {
	a := &attempt{
		call: c, seq: m.Seq, setup: m.Setup.Time(), progress: m.Progress.Time(), connect: m.Connect.Time(), disconnect: m.End.Time(),
		status: m.Status, cause: m.Cause, side: m.Side, reason: m.Reason, remote: m.Far.Source, state: attemptSettled,
		target: routing.Target{Deck: m.Deck, Base: m.Base, ToSent: m.ToSent, FromSent: m.FromSent, Login: m.Login, Extension: m.Phone},
	}
	switch {
	case !a.disconnect.IsZero(): // The one that took the call was released when the call was transferred.
	case winner:
		a.state = attemptAnswered
	default:
		a.state = attemptInterrupted
	}
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
	}
	if a.state == attemptInterrupted {
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
	for i := range m.Attempts {
		known = max(known, m.Attempts[i].End, m.Attempts[i].Connect)
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
		if a.state == attemptInterrupted {
			a.disconnect, a.side, a.cause, a.reason, a.status = c.endedAt, m.Side, m.Cause, m.Reason, sip.StatusRequestTerminated
		}
	}
	if w := c.winner; answered && w != nil && w.disconnect.IsZero() {
		w.disconnect, w.side, w.cause, w.reason = c.endedAt, m.Side, m.Cause, m.Reason
	}
}
