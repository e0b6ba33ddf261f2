package sipproxy

import (
	"context"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/sdp/v3"

	"trunkline/cdr"
	"trunkline/provision"
	"trunkline/routing"
)

// Settings keeps what somebody sets at his phone with a code.
type Settings interface {
	// Set sets it for the extension of a caller. It may block, and be repeated.
	Set(ctx context.Context, caller routing.Caller, set provision.Setting) error
}

// settingHeard is how long the phone shows that its code was taken, before we hang up.
const settingHeard = time.Second

// apply sets what the caller has dialled the code of. A phone whose code was taken sees an answered call that is over in a moment; nobody
// is called, and nothing is paid.
func (c *call) apply(set provision.Setting) {
	if c.sh.settings == nil || c.tx == nil || !describes(c.invite) {
		c.refuse("setting", sip.StatusNotImplemented)
		return
	}
	from := c.from
	c.sh.async(func(ctx context.Context) func() {
		err := c.sh.settings.Set(ctx, from, set)
		return func() { c.applied(set, err) } //nolint:contextcheck // What an ending sets off outlives the question.
	})
}

// applied goes on when it is kept, or is not.
func (c *call) applied(set provision.Setting, err error) {
	switch {
	case c.state == stateOver:
	case err != nil:
		c.log.Error("what a phone has set is not kept", "login", c.from.Login, "error", err)
		c.refuse("setting", sip.StatusInternalServerError)
	default:
		c.log.Info("set by the phone", "login", c.from.Login, "forward", set.Forward, "to", set.To)
		c.confirm()
	}
}

// confirm answers the call without voice, and hangs up.
func (c *call) confirm() {
	tx, seq := c.tx, c.invite.CSeq().SeqNo
	res := tx.NewResponse(sip.StatusOK, "OK")
	res.AppendHeader(ourContact(c.caller.flow, ""))
	kind := sip.ContentTypeHeader(sdpType)
	res.AppendHeader(&kind)
	res.SetBody(voiceless(c.invite.Body()))
	heard := *c.caller // The call is over for the books; this is what the phone still hears.
	d := &heard
	d.call, d.answered, d.answeredSeq = nil, tx, seq
	tx.OnUnheard(func() { d.answered = nil })
	tx.Respond(res)
	c.end(ending{side: cdr.SideRouting, cause: causeNormal, reason: "setting", status: sip.StatusOK})
	d.register()
	c.sh.after(settingHeard, func() {
		if d.answered != nil {
			d.answered.Acked()
			d.answered = nil
		}
		d.sendBYE(nil)
		d.forget()
	})
}

// voiceless answers an offer without taking any of it (RFC 3264, section 6).
func voiceless(offer []byte) []byte {
	var d sdp.SessionDescription
	if d.Unmarshal(offer) != nil {
		return nil
	}
	for _, m := range d.MediaDescriptions {
		m.MediaName.Port.Value = 0
		m.Attributes = nil
	}
	out, err := d.Marshal()
	if err != nil {
		return nil
	}
	return out
}
