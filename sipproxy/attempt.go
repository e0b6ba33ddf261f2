package sipproxy

import (
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/challenge"
	"trunkline/sipproxy/registrar"
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

	way       *registrar.Binding  // Of a phone.
	offer     sip.Message         // What the relay has made of the caller's offer.
	tag       string              // Of the early dialog that the caller has with it; empty: the caller was given no description of it.
	diverted  diversion           // Why the call was sent there.
	otherWays []registrar.Binding // To the same phone, which are tried when this one leads nowhere.

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
	state   attemptState
}

// begin sends an INVITE to a gateway.
func (c *call) begin(target routing.Target, uri sip.Uri, flow wire.Flow, held []string) {
	c.start(&attempt{target: target, slots: held}, uri, flow)
}

// beginOn sends an INVITE to a phone, by the proxies on the way to it.
func (c *call) beginOn(target routing.Target, way *registrar.Binding, flow wire.Flow, others []registrar.Binding, held []string) {
	uri := way.URI
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
	a.state = attemptPreparing
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
		a.dialog.routes = slices.Clone(a.way.Routes)
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
	a.dialog.media = c.sh.newMediaSession(a.dialog.callID, near, a.dialog)
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
