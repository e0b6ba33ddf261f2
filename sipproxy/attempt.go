package sipproxy

import (
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/challenge"
	"trunkline/sipproxy/number"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

// attempt is one try to reach the called party: a dialog of its own at one gateway or phone.
type attempt struct {
	call   *call
	seq    int
	target routing.Target
	dialog *dialog
	client *txn.Client
	slots  []string // Capacity of gateway and carrier that the attempt holds.

	way       *binding    // Of a phone.
	offer     sip.Message // What the relay has made of the caller's offer.
	tag       string      // Of the early dialog that the caller has with it; empty: he was given no description of it.
	diverted  diversion   // Why the call was sent there.
	otherWays []binding   // To the same phone, which are tried when this one leads nowhere.

	setup      time.Time
	progress   time.Time
	connect    time.Time
	disconnect time.Time
	status     int
	cause      uint8
	side       cdr.Side
	reason     string
	remote     string

	silence clock.Timer
	ringing clock.Timer
	round   challenge.Round // Answers to the challenges of its INVITE.
	gaveUp  bool            // We do not want it any more.
	lost    bool            // Its last answer was awaited when the process ended.
	hunted  bool            // The hunting went on because of it.
	done    bool            // Its last answer has come.
}

// begin sends an INVITE to a gateway.
func (c *call) begin(target routing.Target, uri sip.Uri, flow wire.Flow, held []string) {
	c.start(&attempt{target: target, slots: held}, uri, flow)
}

// beginOn sends an INVITE to a phone, by the proxies on the way to it.
func (c *call) beginOn(target routing.Target, way *binding, flow wire.Flow, others []binding, held []string) {
	uri := way.uri
	if t := target.Trunk; t != nil && t.RequestURI != provision.NameLogin { // It has many numbers, and registers one contact.
		uri.User = target.ToSent
	}
	c.start(&attempt{target: target, way: way, otherWays: others, slots: held}, uri, flow)
}

func (c *call) start(a *attempt, uri sip.Uri, flow wire.Flow) {
	if c.state == stateOver { // It could not be kept when another phone was to ring.
		c.sh.slots.release(a.slots)
		return
	}
	target := a.target
	a.call, a.seq, a.setup, a.remote = c, len(c.attempts)+1, c.now(), flow.Remote().String()
	c.attempts = append(c.attempts, a)
	host, _ := flow.Advertised()
	a.dialog = &dialog{
		sh: c.sh, call: c, flow: flow, target: uri, callID: mintCallID(spreadOf(c.caller.callID), c.id, a.seq),
		local:  c.shownTo(&target, host),
		remote: sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: uri.User, Host: uri.Host, Port: uri.Port}},
	}
	if uri.Host == "" {
		a.dialog.remote.Address = uri
	}
	if t := target.Trunk; t != nil {
		a.dialog.remote.Address.User = target.ToSent
		if t.To == provision.NameLogin {
			a.dialog.remote.Address.User = t.Login
		}
		a.dialog.confine(t.Networks())
	}
	a.diverted = c.diversion(&target)
	a.dialog.form = formFor(&target)
	a.dress()
	if a.way != nil {
		a.dialog.routes = slices.Clone(a.way.routes)
	}
	if target.Gateway != nil {
		a.dialog.routes = slices.Clone(c.sh.members.route(target.Gateway.ID, a.setup))
	}
	a.dialog.web, a.dialog.behind, a.dialog.far = flow.Web(), c.sh.targetBehindNAT(&target, a.way), true
	if target.Gateway == nil && target.Trunk == nil {
		phone, _ := c.sh.router.Login(target.Login)
		a.dialog.confine(phone.Contacts)
	}
	near := c.caller
	if c.transferLeg != nil {
		near = c.transferLeg.rest // With whom the target is to talk.
	}
	a.dialog.voice = c.sh.newVoice(a.dialog.callID, near, a.dialog)
	a.dialog.register()
	c.sh.flows.Link(a.setup, c.id.String(), a.dialog.callID)
	for _, f := range c.onward {
		c.sh.flows.Link(a.setup, f.id.String(), a.dialog.callID)
	}
	if err := c.keep(); !c.mayBegin(err) { // Before the carrier hears of the call: its record is then sure.
		a.drop(sip.StatusServiceUnavailable, cdr.SideFault, causeTemporaryFailure, reasonJournal)
		c.refuse(reasonJournal, sip.StatusServiceUnavailable)
		return
	}
	a.invite(nil)
	c.log.Info("attempt", "seq", a.seq, "gateway", a.gatewayID(), "to", target.ToSent, "remote", a.remote)
}

// await begins to wait for answers.
func (a *attempt) await() {
	c, target := a.call, &a.target
	wait := c.sh.cfg.Silence
	if target.Gateway != nil && target.Gateway.Silence > 0 {
		wait = target.Gateway.Silence
	}
	a.silence = c.sh.after(wait, a.silent)
	if a.ringing != nil {
		return // It was challenged: the time that it may ring runs already.
	}
	ring := c.sh.cfg.RingTime
	if target.RingTime > 0 {
		ring = target.RingTime
	}
	a.ringing = c.sh.after(ring, a.rangTooLong)
}

// shownTo is the From header that a target sees; an anonymous caller's as RFC 3323, section 4.1.1.3 has it.
func (c *call) shownTo(t *routing.Target, host string) sip.FromHeader {
	from := sip.FromHeader{
		DisplayName: c.displayName(), Address: sip.Uri{Scheme: "sip", User: t.FromSent, Host: host},
		Params: sip.HeaderParams{{K: "tag", V: sip.GenerateTagN(12)}},
	}
	if t.Anonymous {
		from.DisplayName, from.Address.User, from.Address.Host = "Anonymous", "anonymous", "anonymous.invalid"
	}
	return from
}

// displayName passes the caller's display name on to phones of the house only.
func (c *call) displayName() string {
	if c.route.Direction != calls.Internal {
		return ""
	}
	return c.invite.From().DisplayName
}

func (a *attempt) gatewayID() string {
	if a.target.Gateway != nil {
		return a.target.Gateway.ID
	}
	return ""
}

// invite sends the INVITE, by way of the media relay where there is one.
func (a *attempt) invite(credentials []sip.Header) {
	if a.dialog.voice == nil || a.offer != nil {
		a.send(credentials)
		return
	}
	a.offer = carrier(a.call.invite)
	a.dialog.voice.pass(a.call.sh, false, a.offer, partOffer, func(ok bool) {
		switch {
		case a.done: // It was given up meanwhile.
		case !ok:
			a.drop(sip.StatusServiceUnavailable, cdr.SideFault, causeNoCircuit, "media")
			a.call.end(ending{side: cdr.SideFault, cause: causeNoCircuit, reason: "media", status: sip.StatusServiceUnavailable})
		default:
			a.send(credentials)
		}
	})
}

// send sends the INVITE, built anew from the caller's, with credentials if there are any.
func (a *attempt) send(credentials []sip.Header) {
	d := a.dialog
	req := d.request(sip.INVITE, d.nextSeq())
	forwards := uint32(70)
	if mf := a.call.invite.MaxForwards(); mf != nil {
		forwards = mf.Val() - 1
	}
	req.ReplaceHeader(maxForwards(forwards))
	d.proof = credentials
	for _, h := range credentials {
		req.AppendHeader(h)
	}
	a.identify(req)
	req.AppendHeader(d.allow())
	a.locate(req)
	a.offerReliable(req)
	pass(a.call.invite, req)
	if a.offer != nil {
		req.SetBody(a.offer.Body())
	}
	if d.timed() || a.call.caller.timed() {
		untimed(req)
	}
	d.askSession(req)
	c := a.call
	c.sh.headers.Pass(c.invite, req, c.caller.rulesOf(), identityPasses(d))
	c.sh.headers.Apply(req, d.rulesOf(), c.values(a.route()))
	a.client = d.beginAs(branchOf(d.callID, req.CSeq().SeqNo), req, txn.ClientEvents{Response: a.response, Silence: a.unanswered})
	a.await()
}

// identify tells a gateway what it may know of the caller beside the From header.
func (a *attempt) identify(req *sip.Request) {
	host, _ := a.dialog.flow.Advertised()
	a.assertIdentity(req, host)
	if a.target.Anonymous {
		req.AppendHeader(sip.NewHeader("Privacy", "id"))
	}
	if by := a.target.Diversion; by != "" {
		req.AppendHeader(sip.NewHeader("Diversion", "<sip:"+by+"@"+host+">;reason="+a.diverted.word()))
	}
	a.called(req, host)
}

// locate tells who helps where the call comes from (RFC 6442): as the phone says it, else as the site is provisioned.
func (a *attempt) locate(req *sip.Request) {
	route := a.route()
	if !route.Emergency || a.target.Gateway == nil {
		return
	}
	told := false
	for _, name := range []string{"Geolocation", "Geolocation-Routing", "Priority", "Resource-Priority", "P-Access-Network-Info"} {
		for h := range named(a.call.invite, name) {
			req.AppendHeader(sip.NewHeader(name, h.Value()))
			told = told || name == "Geolocation"
		}
	}
	if !told && route.Location != "" {
		req.AppendHeader(sip.NewHeader("Geolocation", "<"+route.Location+">"))
	}
}

// route is that of the call that the attempt is of: what it was forwarded as, once it is.
func (a *attempt) route() *routing.Route {
	for _, f := range slices.Backward(a.call.onward) {
		if a.seq > f.first {
			return f.route
		}
	}
	return a.call.route
}

func (a *attempt) stopTimers() {
	for _, t := range []clock.Timer{a.silence, a.ringing} {
		if t != nil {
			t.Stop()
		}
	}
}

// response takes an answer to the INVITE.
func (a *attempt) response(res *sip.Response) {
	a.silence.Stop()
	switch {
	case res.IsProvisional():
		a.provisional(res)
	case res.IsSuccess():
		a.answered(res)
	case a.challenged(res):
	default:
		a.failed(res)
	}
}

func (a *attempt) provisional(res *sip.Response) {
	if a.gaveUp {
		return
	}
	if res.StatusCode == sip.StatusTrying {
		if a.progress.IsZero() {
			a.silence = a.call.sh.after(a.call.sh.cfg.ProgressTime, a.stalled)
		}
		return
	}
	if a.progress.IsZero() {
		a.progress = a.call.now()
		a.call.sh.health.heard(a.gatewayID())
	}
	a.call.progressed(a, res)
}

// silent is told when nothing at all has come back from the gateway.
func (a *attempt) silent() {
	if a.done || a.gaveUp || a.client.Heard() {
		return
	}
	a.giveUpSilent("silent")
}

// stalled is told when the gateway has taken the call and has not said what became of it.
func (a *attempt) stalled() {
	if a.done || a.gaveUp || !a.progress.IsZero() {
		return
	}
	a.giveUpSilent("stalled")
}

// giveUpSilent gives up a gateway that says nothing, and hunts on.
func (a *attempt) giveUpSilent(why string) {
	a.call.sh.health.failed(a.gatewayID(), why)
	a.drop(sip.StatusRequestTimeout, cdr.SideTimer, causeNoRouteDestination, why)
	if !a.client.Heard() {
		a.settle() // Nothing was heard, so nothing is expected; a late answer is hung up on all the same.
	}
	a.call.huntOn(a, failure{status: sip.StatusRequestTimeout, silent: true})
}

// rangTooLong is told when it rang and nobody answered in time.
func (a *attempt) rangTooLong() {
	if a.done || a.gaveUp {
		return
	}
	a.drop(sip.StatusRequestTimeout, cdr.SideTimer, causeNoAnswer, "no_answer")
	a.call.huntOn(a, failure{status: sip.StatusTemporarilyUnavailable, cause: causeNoAnswer})
}

// unanswered is told by the transaction when no final answer came at all.
func (a *attempt) unanswered() {
	if a.gaveUp {
		a.settle()
		return
	}
	a.call.sh.health.failed(a.gatewayID(), "timeout")
	a.drop(sip.StatusRequestTimeout, cdr.SideTimer, causeNoRouteDestination, "silent")
	a.settle()
	a.call.huntOn(a, failure{status: sip.StatusRequestTimeout, silent: true})
}

// drop gives the attempt up: it is cancelled, its outcome is noted, and its last answer will not count any more.
func (a *attempt) drop(status int, side cdr.Side, cause uint8, reason string) {
	if a.gaveUp || a.done {
		return
	}
	a.gaveUp = true
	a.status, a.side, a.cause, a.reason = status, side, cause, reason
	a.disconnect = a.call.now()
	a.stopTimers()
	if a.client == nil { // It was not sent yet.
		a.settle()
		return
	}
	if a.client.Pending() {
		if cause == causeAnsweredElsewhere { // By this a phone knows that it is no missed call (RFC 3326, section 2).
			a.client.Cancel(sip.NewHeader("Reason", `SIP;cause=200;text="Call completed elsewhere"`), reasonHeader(cause, causeText(cause)))
			return
		}
		a.client.Cancel(reasonHeader(cause, causeText(cause)))
	}
}

// cancel gives the attempt up because the whole call is.
func (a *attempt) cancel(e ending) {
	a.drop(sip.StatusRequestTerminated, e.side, e.cause, e.reason)
}

// failed takes a final answer that is not a 2xx.
func (a *attempt) failed(res *sip.Response) {
	if a.gaveUp {
		a.settle()
		return
	}
	if a.longerSession(res) {
		return
	}
	a.stopTimers()
	a.status = res.StatusCode
	a.side = cdr.SideCallee
	a.cause = causeOf(res)
	told := a.cause != 0
	if !told {
		a.cause = causeOfStatus(res.StatusCode)
	}
	a.disconnect = a.call.now()
	a.settle()
	if lcr.CarrierFault(res.StatusCode) {
		a.call.sh.health.failed(a.gatewayID(), statusText(res.StatusCode))
	} else {
		a.call.sh.health.heard(a.gatewayID())
	}
	f := failure{status: res.StatusCode, cause: a.cause, told: told, text: res.Reason}
	if contact := res.Contact(); contact != nil && res.IsRedirection() {
		f.moved = number.User(&contact.Address)
	}
	if h := res.GetHeader("Min-SE"); h != nil {
		f.minSE = h.Value()
	}
	a.call.huntOn(a, f)
}

// answered takes a 2xx. One that comes after we gave the attempt up, or after another phone answered, made a call all
// the same, so it is acknowledged and hung up on (RFC 3261, section 9.1), and recorded as what it was.
func (a *attempt) answered(res *sip.Response) {
	d := a.dialog
	if !a.connect.IsZero() {
		d.repeatACK(res)
		return
	}
	now := a.call.now()
	a.connect = now
	d.establish(res)
	if a.gaveUp || a.call.winner != nil || a.call.state == stateOver {
		a.crossed(res)
		return
	}
	a.stopTimers()
	a.status = res.StatusCode
	d.ackSeq = res.CSeq().SeqNo
	a.call.sh.health.heard(a.gatewayID())
	d.agreeSession(res)
	a.call.answered(a, res)
}

// crossed ends a call at once that the other end has answered while we gave it up. To a carrier it was a call, which it charges from its
// answer until it hears our BYE, and for a second at least: so it stands in the record.
func (a *attempt) crossed(res *sip.Response) {
	d := a.dialog
	a.gaveUp, a.status, a.disconnect = true, res.StatusCode, a.connect
	d.sendACK(res.CSeq().SeqNo, nil)
	d.sendBYEThen(reasonHeader(causeNormal, "Call completed elsewhere"), func() {
		a.disconnect = a.connect
		if a.target.Gateway != nil && a.target.Trunk == nil {
			a.disconnect = a.connect.Add(max(a.call.now().Sub(a.connect), time.Second))
		}
		a.settle()
	})
}

// longerSession tries again with the session that the gateway asks for, once, where the timer is ours (RFC 4028, section 7.4).
func (a *attempt) longerSession(res *sip.Response) bool {
	d := a.dialog
	least := minSessionOf(res)
	if res.StatusCode != statusIntervalTooSmall || !d.timed() || least <= d.session.every || d.session.every > 0 {
		return false
	}
	d.session.every = least
	a.invite(d.proof)
	return true
}

// over notes the end of the attempt that took the call.
func (a *attempt) over(at time.Time, e ending) {
	if a.done { // It was released when the call was transferred.
		return
	}
	a.disconnect = at
	a.side, a.cause, a.reason = e.side, e.cause, e.reason
	a.settle()
}

// settle notes that nothing more will come, and lets the call be recorded when it was the last.
func (a *attempt) settle() {
	if a.done {
		return
	}
	a.done = true
	a.stopTimers()
	a.call.sh.slots.release(a.slots)
	if a.call.winner != a {
		a.dialog.voice.end()
	}
	a.call.finish()
}
