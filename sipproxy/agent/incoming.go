package agent

import (
	"context"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Incoming is a call that comes in.
type Incoming struct {
	From    string // User part of the From header.
	To      string // User part of the Request-URI.
	Request *sip.Request
}

// Behaviour is what is done with a call that comes in.
type Behaviour struct {
	Silent  bool          // Say nothing but the 100 that sipgo sends by itself.
	Delay   time.Duration // Before the first sign of ringing.
	NoRing  bool          // Send no 180.
	Ring    time.Duration // From the ringing to the final answer.
	Status  int           // The final answer; 0 rings for ever.
	Talk    time.Duration // After a 200: hang up after so long; 0 waits for the other end.
	Headers []sip.Header  // Added to the final answer.
}

// OnCall sets what is done with calls that come in.
func (a *Agent) OnCall(f func(Incoming) Behaviour) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = f
}

func (a *Agent) invited(req *sip.Request, tx sip.ServerTransaction) {
	if to := req.To(); to != nil && to.Params.Has("tag") {
		a.reinvited(req, tx)
		return
	}
	a.mu.Lock()
	answer := a.answer
	a.mu.Unlock()
	b := Behaviour{Status: sip.StatusTemporarilyUnavailable}
	if answer != nil {
		b = answer(Incoming{From: req.From().Address.User, To: req.Recipient.User, Request: req})
	}
	if b.Silent {
		<-a.life.Done()
		return
	}
	dialog, err := a.dialogs.ReadInvite(req, tx)
	if err != nil {
		a.log.Debug("agent could not take the call", "agent", a.name, "error", err)
		return
	}
	defer dialog.Close()
	a.play(dialog, tx, b)
}

// reinvited accepts a change of the session, such as hold.
func (a *Agent) reinvited(req *sip.Request, tx sip.ServerTransaction) {
	res := sip.NewResponseFromRequest(req, sip.StatusOK, "OK", a.SDP())
	res.AppendHeader(sdpType())
	res.AppendHeader(&a.contact)
	_ = tx.Respond(res)
}

func (a *Agent) play(d *sipgo.DialogServerSession, tx sip.ServerTransaction, b Behaviour) {
	if !a.pause(d.Context(), tx, b.Delay) {
		return
	}
	if !b.NoRing {
		_ = d.Respond(sip.StatusRinging, "Ringing", nil)
	}
	if b.Status == 0 {
		a.pause(d.Context(), tx, time.Hour)
		return
	}
	if !a.pause(d.Context(), tx, b.Ring) {
		return
	}
	if b.Status != sip.StatusOK {
		_ = d.Respond(b.Status, "Refused", nil, b.Headers...)
		return
	}
	if err := d.Respond(sip.StatusOK, "OK", a.SDP(), append(b.Headers, sdpType())...); err != nil {
		a.log.Debug("agent's answer was not taken", "agent", a.name, "error", err)
		return
	}
	a.talk(d, b.Talk)
}

// talk waits for the end of the call, or ends it.
func (a *Agent) talk(d *sipgo.DialogServerSession, talk time.Duration) {
	var end <-chan time.Time
	if talk > 0 {
		t := time.NewTimer(talk)
		defer t.Stop()
		end = t.C
	}
	select {
	case <-a.life.Done():
	case <-d.Context().Done():
	case <-end:
		ctx, cancel := context.WithTimeout(a.life, 5*time.Second)
		defer cancel()
		if err := d.Bye(ctx); err != nil {
			a.log.Debug("agent's BYE was not answered", "agent", a.name, "error", err)
		}
	}
}

// pause waits, and reports false when the call is over before.
func (a *Agent) pause(ctx context.Context, tx sip.ServerTransaction, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-a.life.Done():
		return false
	case <-ctx.Done():
		return false
	case <-tx.Done():
		return false
	case <-t.C:
		return true
	}
}
