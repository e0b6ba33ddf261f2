package sipproxy

import (
	"slices"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/routing"
	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/txn"
)

// invite sends the INVITE, by way of the media relay where there is one.
func (a *attempt) invite(credentials []sip.Header) {
	if a.dialog.media == nil || a.offer != nil {
		a.send(credentials)
		return
	}
	a.offer = describing(a.call.invite)
	a.dialog.media.pass(a.call.sh, false, a.offer, partOffer, func(ok bool) {
		switch {
		case a.state != attemptPreparing: // It was given up meanwhile.
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
	c.dressFor(d, req, a.route())
	a.state = attemptInviting
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
		for h := range headers.Named(a.call.invite, name) {
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
