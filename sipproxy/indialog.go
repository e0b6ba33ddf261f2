package sipproxy

import (
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/challenge"
	"trunkline/sipproxy/contact"
	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

// send sends a request of ours within the dialog. A challenge is answered where there is a login for that: each request may be
// challenged (RFC 3261, section 22.2), and a BYE that is not accepted lets the carrier's side of the call run on.
func (d *dialog) send(req *sip.Request, events txn.ClientEvents) {
	d.deliver(req, new(challenge.Round), events)
}

func (d *dialog) deliver(req *sip.Request, round *challenge.Round, events txn.ClientEvents) {
	told := events.Response
	events.Response = func(res *sip.Response) {
		if again := d.proving(req, round, res); again != nil {
			d.deliver(again, round, txn.ClientEvents{Response: told, Silence: events.Silence})
			return
		}
		told(res)
	}
	d.begin(req, events)
}

// begin sends a request of ours as it is, and leaves its answers to the one who asks.
func (d *dialog) begin(req *sip.Request, events txn.ClientEvents) *txn.Client {
	return d.beginAs(sip.GenerateBranchN(branchLength), req, events)
}

const branchLength = 20

// beginAs is begin with a branch of the sender's.
func (d *dialog) beginAs(branch string, req *sip.Request, events txn.ClientEvents) *txn.Client {
	flow := d.nextHop(req)
	if req.Contact() == nil {
		req.AppendHeader(ourContact(d.flow, d.contactUser))
	}
	if req.GetHeader("User-Agent") == nil {
		req.AppendHeader(sip.NewHeader("User-Agent", agentName))
	}
	return d.sh.txn.SendAs(branch, req, flow, events)
}

// proving makes the request that answers a challenge; nil: the answer is none, or cannot be answered.
func (d *dialog) proving(req *sip.Request, round *challenge.Round, res *sip.Response) *sip.Request {
	if res.StatusCode != sip.StatusUnauthorized && res.StatusCode != sip.StatusProxyAuthRequired {
		return nil
	}
	credentials := d.prove(req, round, res)
	if credentials == nil {
		return nil
	}
	again := sip.NewRequest(req.Method, req.Recipient)
	for _, h := range req.Headers() {
		switch h.(type) {
		case *sip.ViaHeader, *sip.CSeqHeader, *sip.ContactHeader:
			continue
		}
		if !headers.Is(h, "Authorization") && !headers.Is(h, "Proxy-Authorization") && !headers.Is(h, "User-Agent") {
			again.AppendHeader(h)
		}
	}
	if req.Method == sip.INVITE {
		d.proof = credentials
	}
	again.AppendHeader(&sip.CSeqHeader{SeqNo: d.nextSeq(), MethodName: req.Method})
	for _, h := range credentials {
		again.AppendHeader(h)
	}
	again.SetBody(req.Body())
	return again
}

// prove answers a challenge as who we are at the gateway; nil: there is no answer.
func (d *dialog) prove(req *sip.Request, round *challenge.Round, res *sip.Response) []sip.Header {
	if d.answers == nil {
		d.answers = new(challenge.Answers)
	}
	headers, err := d.answers.Answer(round, res, req.Method, req.Recipient.String(), d.account())
	if err != nil && !errors.Is(err, challenge.ErrNone) {
		d.sh.log.Warn("a challenge is not answered", "gateway", d.gateway(), "method", string(req.Method), "call_id", d.callID, "error", err)
	}
	return headers
}

// gateway is the gateway at the other end; empty: a phone or trunk.
func (d *dialog) gateway() string {
	switch {
	case d.call == nil:
		return ""
	case d == d.call.caller:
		return d.call.from.Gateway
	}
	for _, a := range d.call.attempts {
		if a.dialog == d || d.origin == a.dialog {
			return a.gatewayID()
		}
	}
	return ""
}

// account is who we are at the other end, as it is set up now.
func (d *dialog) account() challenge.Account {
	id := d.gateway()
	if id == "" {
		return challenge.Account{}
	}
	gateways := d.sh.router.Gateways()
	for i := range gateways {
		if gateways[i].ID == id {
			return challenge.Account{Login: gateways[i].Login, Password: gateways[i].Password}
		}
	}
	return challenge.Account{}
}

// way is where the other end of a dialog may be reached whose connection is over.
type way struct {
	transport string
	remote    netip.AddrPort
	host      string
	flow      wire.Flow // That is there already.
}

// anew makes a connection for a dialog that has outlived its own (RFC 3261, sections 12.2.1.1 and 18.1.1). Each time it takes another of
// the ways to the other end.
func (d *dialog) anew(uri *sip.Uri) wire.Flow {
	ways := d.ways(uri)
	for range ways {
		w := ways[d.lost%len(ways)]
		d.lost++
		flow, err := w.flow, error(nil)
		if flow.IsZero() {
			flow, err = d.sh.wire.To(w.transport, w.remote, w.host)
		}
		if err == nil && flow.Alive() {
			d.sh.log.Info("a dialog goes on over a new connection", "call_id", d.callID, "remote", flow.Remote())
			d.flow = flow
			break
		}
	}
	return d.flow
}

// ways are where the other end may be reached: where we connected to before, where it says that it is, where the gateway is provisioned,
// and how the phone has registered since.
func (d *dialog) ways(uri *sip.Uri) []way {
	out := d.registeredWays(uri)
	transport, host := d.flow.Transport(), d.flow.Host()
	if d.flow.Ours() {
		out = append(out, way{transport: transport, remote: d.flow.Remote(), host: host})
	}
	id := d.gateway()
	hop, known := d.sh.health.Address(id)
	if known && host == "" {
		host = hop.Host
	}
	if !d.flow.Web() {
		if at, ok := contact.Literal(uri, transport == wire.TLS); ok && (!d.confined || contact.Allowed(at.Addr(), d.flow.Remote().Addr(), d.within)) {
			out = append(out, way{transport: transport, remote: at, host: host})
		}
	}
	if known && strings.EqualFold(hop.Transport, transport) {
		out = append(out, way{transport: hop.Transport, remote: hop.Remote, host: hop.Host})
	}
	return out
}

// registeredWays are those by which the phone has registered since: the same contact, or one from the same address.
func (d *dialog) registeredWays(uri *sip.Uri) []way {
	caller, ok := d.party()
	if !ok || caller.Login == "" {
		return nil
	}
	var out []way
	for _, b := range d.sh.registrar.Contacts(caller.Login, d.sh.clock.Now()) {
		same := b.URI.User == uri.User && strings.EqualFold(b.URI.Host, uri.Host)
		flow := b.Origin()
		if flow.Alive() && (same || flow.Remote().Addr() == d.flow.Remote().Addr()) {
			out = append(out, way{flow: flow})
		}
	}
	return out
}

const (
	byeTries = 5               // How often a BYE is sent again whose connection could not be made.
	byeWait  = 2 * time.Second // Before the first time; twice as long before each other.

	byePatience = 4 * time.Second // How long a BYE over a connection waits for an answer before another is sent; likewise.
)

// sendBYE ends the dialog. It is repeated until it is answered, or for 32 seconds; over a connection that cannot be made it is tried
// again, as the other end may charge for what it does not know to be over.
func (d *dialog) sendBYE(reason sip.Header) { d.sendBYEThen(reason, func() {}) }

// sendBYEThen is sendBYE, and calls then when the other end has answered, or was given up.
func (d *dialog) sendBYEThen(reason sip.Header, then func()) {
	if d.byeSent {
		then()
		return
	}
	d.byeSent = true
	d.bye(reason, 0, then)
}

func (d *dialog) bye(reason sip.Header, try int, then func()) {
	bye := d.request(sip.BYE, d.nextSeq())
	if reason != nil {
		bye.AppendHeader(reason)
	}
	over := false
	again := func(wait time.Duration) {
		d.sh.after(wait, func() {
			if !over {
				over = true
				d.bye(reason, try+1, then)
			}
		})
	}
	d.send(bye, txn.ClientEvents{
		Response: func(res *sip.Response) {
			if !over && !res.IsProvisional() {
				over = true
				then()
			}
		},
		Silence: func() {
			switch {
			case over:
			case try < byeTries && d.flow.Reliable():
				again(byeWait << try)
			default:
				over = true
				then()
			}
		},
	})
	if d.flow.Reliable() && try < byeTries { // A connection may be dead and nobody know it yet: what was written to it is lost.
		again(byePatience << try)
	}
}
