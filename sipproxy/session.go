package sipproxy

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/txn"
)

const (
	sessionLeast = 90 * time.Second // The shortest interval that we take (RFC 4028, section 5).
	sessionGrace = 32 * time.Second // How long before its end a session that was not refreshed is over, at most (section 10).
)

// session is a session timer of our own with one end of a call (RFC 4028). Between it and the other end none is passed on.
type session struct {
	every   time.Duration
	ours    bool   // We refresh; else the other end does.
	updates bool   // It takes UPDATE.
	said    []byte // The last description that it was given, for refreshing with INVITE.
	timer   clock.Timer
}

// timed reports whether the end of a dialog has a session timer of its own with us.
func (d *dialog) timed() bool { return d.form != nil && d.form.SessionTimer > 0 }

// refreshing is the refresher as the parameter of a message says: the one who sent the request, or the one who answers.
func refreshing(uac bool) string {
	if uac {
		return "uac"
	}
	return "uas"
}

// askSession asks in a request of ours for a session timer.
func (d *dialog) askSession(req *sip.Request) {
	if !d.timed() {
		return
	}
	untimed(req)
	every, ours := max(d.session.every, d.form.SessionTimer), d.form.Refresher != "theirs"
	if d.session.timer != nil {
		every, ours = d.session.every, d.session.ours
	}
	req.AppendHeader(sip.NewHeader("Session-Expires", seconds(every)+";refresher="+refreshing(ours)))
	req.AppendHeader(sip.NewHeader("Min-SE", seconds(sessionLeast)))
	req.AppendHeader(sip.NewHeader("Supported", "timer"))
	d.remember(req)
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// untimed takes out what the other side of the call says of a session timer.
func untimed(msg sip.Message) {
	if m, ok := msg.(interface{ RemoveHeader(name string) bool }); ok {
		m.RemoveHeader("Session-Expires")
		m.RemoveHeader("Min-SE")
	}
}

// agreeSession takes what the answer to a request of ours says of the timer. An end that says nothing has none: then we refresh, if we may.
func (d *dialog) agreeSession(res *sip.Response) {
	if !d.timed() {
		return
	}
	d.notes(res)
	every, refresher := sessionOf(res)
	ours := refresher != "uas"
	if every == 0 {
		every, ours = d.form.SessionTimer, true
	}
	d.runSession(every, ours)
}

// grantSession says in an answer to a request of theirs what the timer is, and begins it.
func (d *dialog) grantSession(req *sip.Request, res *sip.Response) {
	if !d.timed() {
		return
	}
	untimed(res)
	d.notes(req)
	every, refresher := sessionOf(req)
	able := headers.HasOption(req, "Supported", "timer") || headers.HasOption(req, "k", "timer")
	if most := max(d.form.SessionTimer, d.session.every); every == 0 || every > most {
		every = max(most, minSessionOf(req))
	}
	theirs := able && (refresher == "uac" || refresher == "" && d.form.Refresher == "theirs")
	res.AppendHeader(sip.NewHeader("Session-Expires", seconds(every)+";refresher="+refreshing(theirs)))
	if theirs {
		res.AppendHeader(sip.NewHeader("Require", "timer"))
	}
	d.remember(res)
	d.runSession(every, !theirs)
}

// sessionOf reads the interval of a message and who refreshes; 0: it says none.
func sessionOf(msg sip.Message) (time.Duration, string) {
	for _, name := range []string{"Session-Expires", "x"} {
		for h := range headers.Named(msg, name) {
			text, params, _ := strings.Cut(h.Value(), ";")
			every, ok := secondsIn(text)
			if !ok {
				continue
			}
			for param := range strings.SplitSeq(params, ";") {
				if key, value, _ := strings.Cut(strings.TrimSpace(param), "="); strings.EqualFold(key, "refresher") {
					return every, strings.ToLower(value)
				}
			}
			return every, ""
		}
	}
	return 0, ""
}

// secondsIn reads delta-seconds (RFC 3261, section 25.1).
func secondsIn(text string) (time.Duration, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	return time.Duration(n) * time.Second, err == nil && n >= 0
}

func minSessionOf(msg sip.Message) time.Duration {
	for h := range headers.Named(msg, "Min-SE") {
		text, _, _ := strings.Cut(h.Value(), ";")
		if least, ok := secondsIn(text); ok {
			return least
		}
	}
	return 0
}

// tooShort refuses a session that is shorter than we take (RFC 4028, section 8.1), and reports whether it has.
func tooShort(req *sip.Request, tx *txn.Server) bool {
	every, _ := sessionOf(req)
	if every == 0 || every >= sessionLeast || !headers.HasOption(req, "Supported", "timer") && !headers.HasOption(req, "k", "timer") {
		return false
	}
	tx.Reply(statusIntervalTooSmall, statusText(statusIntervalTooSmall), sip.NewHeader("Min-SE", seconds(sessionLeast)))
	return true
}

const statusIntervalTooSmall = 422

// notes keeps what an end is able to.
func (d *dialog) notes(msg sip.Message) {
	if headers.HasOption(msg, "Allow", string(sip.UPDATE)) {
		d.session.updates = true
	}
}

// remember keeps the description that an end was given last.
func (d *dialog) remember(msg sip.Message) {
	if d.timed() && describes(msg) {
		d.session.said = append([]byte(nil), msg.Body()...)
	}
}

// runSession begins an interval anew: at half of it we refresh; or by its end the other end must have.
func (d *dialog) runSession(every time.Duration, ours bool) {
	every = max(every, sessionLeast)
	d.session.every, d.session.ours = every, ours
	d.stopSession()
	wait := every / 2
	if !ours {
		wait = every - min(sessionGrace, every/3)
	}
	d.session.timer = d.sh.after(wait, func() {
		switch {
		case d.byeSent || d.call == nil || d.call.state != stateAnswered:
		case ours:
			d.refresh()
		default:
			d.call.end(ending{side: cdr.SideTimer, cause: causeRecovery, reason: "session"})
		}
	})
}

func (d *dialog) stopSession() {
	if d.session.timer != nil {
		d.session.timer.Stop()
	}
}

// refresh tells the other end that the call goes on, with UPDATE where it takes that (RFC 4028, section 7.4).
func (d *dialog) refresh() {
	if d.inviting || d.answered != nil { // A change of the session refreshes it as well.
		d.sh.after(reinviteWait, d.refresh)
		return
	}
	if !d.session.updates && d.session.said != nil {
		offer := sip.NewRequest(sip.INVITE, d.target)
		kind := sip.ContentTypeHeader(sdpType)
		offer.AppendHeader(&kind)
		offer.SetBody(d.session.said)
		d.reinvite(offer, d.refreshed)
		return
	}
	req := d.request(sip.UPDATE, d.nextSeq())
	req.AppendHeader(d.allow())
	d.askSession(req)
	d.send(req, txn.ClientEvents{
		Response: func(res *sip.Response) {
			if !res.IsProvisional() {
				d.refreshed(res)
			}
		},
		Silence: func() { d.refreshed(nil) },
	})
}

// refreshed takes the answer to a refresh; nil: there was none.
func (d *dialog) refreshed(res *sip.Response) {
	if d.byeSent || d.call == nil || d.call.state != stateAnswered {
		return
	}
	switch status := statusOf(res); {
	case status < 300:
		if res.CSeq().MethodName == sip.INVITE {
			d.sendACK(res.CSeq().SeqNo, nil)
		}
		d.heard = d.sh.clock.Now()
		d.agreeSession(res)
	case status == statusIntervalTooSmall:
		d.runSession(max(2*minSessionOf(res), d.session.every), true)
	case status == sip.StatusCallTransactionDoesNotExists, status == sip.StatusRequestTimeout:
		d.call.end(ending{side: cdr.SideTimer, cause: causeRecovery, reason: "session", at: d.heard})
	default:
		d.runSession(max(d.session.every/2, sessionLeast), true) // It does not like the way, and is there.
	}
}

// refreshedBy answers a refresh of the other end that changes nothing else, and reports whether it was one.
func (d *dialog) refreshedBy(req *sip.Request, tx *txn.Server) bool {
	if !d.timed() || req.Method != sip.UPDATE || len(req.Body()) > 0 || d.call == nil || d.call.state != stateAnswered {
		return false
	}
	if tooShort(req, tx) {
		return true
	}
	res := tx.NewResponse(sip.StatusOK, "OK")
	res.AppendHeader(ourContact(d.flow, d.contactUser))
	d.grantSession(req, res)
	tx.Respond(res)
	return true
}

// resumeSession begins the timer again after a restart.
func (d *dialog) resumeSession() {
	if d.timed() {
		d.runSession(d.form.SessionTimer, d.form.Refresher != "theirs")
	}
}
