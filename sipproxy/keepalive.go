package sipproxy

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/sipproxy/txn"
)

// heard is when both ends of an answered call were last known to be there.
func (c *call) heard() time.Time {
	if c.winner == nil {
		return time.Time{}
	}
	var first time.Time
	for _, d := range c.ends() {
		if first.IsZero() || d.heard.Before(first) {
			first = d.heard
		}
	}
	return first
}

// noteEvery is how far signs of life are apart that the journal is told of.
const noteEvery = time.Second

// alive notes a sign of life of the other end: with the call in the journal, once it is answered. The ACK, and others that follow what
// the journal was told at once, are not worth a write.
func (d *dialog) alive() {
	c := d.call
	if c == nil {
		return
	}
	d.heard, d.proven = c.now(), true
	if c.state == stateAnswered && d.heard.Sub(c.noted) >= noteEvery {
		c.keepLast()
	}
}

// ends are the sides of an answered call that are there: one that was transferred away, or has hung up, is not.
func (c *call) ends() []*dialog {
	out := make([]*dialog, 0, 2)
	for _, d := range []*dialog{c.caller, c.winner.dialog} {
		if !d.byeSent {
			out = append(out, d)
		}
	}
	return out
}

// watchEnds asks an end of an answered call that has been silent for the time of SessionCheck whether it is still there,
// with an OPTIONS within the dialog: session timers (RFC 4028) pass from end to end, and many ends have none. A call whose
// end is gone is over, and lasted until that end gave its last sign of life.
func (c *call) watchEnds(wait time.Duration) {
	if c.sh.cfg.SessionCheck < 0 {
		return
	}
	c.aliveTimer = c.sh.after(wait, func() {
		if c.state != stateAnswered {
			return
		}
		silent := c.now().Add(-c.sh.cfg.SessionCheck)
		for _, d := range c.ends() {
			if !d.heard.After(silent) {
				c.ping(d)
			}
		}
		c.watchEnds(c.sh.cfg.SessionCheck)
	})
}

// ping asks an end whether it is there. Any answer but that it knows no such dialog is a sign of life.
func (c *call) ping(d *dialog) {
	gone := func(reason string) {
		if c.state != stateAnswered {
			return
		}
		c.log.Info("an end of the call is gone", "reason", reason, "last_heard", d.heard)
		d.byeSent = true // There is nobody to hang up on.
		c.end(ending{side: cdr.SideTimer, cause: causeRecovery, reason: reason, at: d.heard})
	}
	d.send(d.request(sip.OPTIONS, d.nextSeq()), txn.ClientEvents{
		Response: func(res *sip.Response) {
			switch {
			case res.IsProvisional():
			case res.StatusCode == sip.StatusCallTransactionDoesNotExists, res.StatusCode == sip.StatusRequestTimeout:
				gone("gone")
			default:
				d.alive()
			}
		},
		Silence: func() { gone("silent") },
	})
}
