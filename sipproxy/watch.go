package sipproxy

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/sipproxy/challenge"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

const (
	probeEvery = time.Second
)

// probeGateways keeps an eye on the gateways: it resolves their names, probes those that ask for it with OPTIONS, and
// keeps us registered where a carrier wants that.
func (p *Proxy) probeGateways() {
	for {
		gateways := p.router.Gateways()
		for _, g := range p.health.refresh(p.lifetime, gateways) {
			p.probe(g)
		}
		p.members.refresh(p, gateways)
		if clock.Sleep(p.lifetime, p.clock, probeEvery) != nil {
			return
		}
	}
}

// ownShard is the shard that speaks with a gateway outside of calls.
func (p *Proxy) ownShard(id string) *shard {
	return p.shardOf(id)
}

// outside makes a request of our own to a gateway, outside of any call.
func (s *shard) outside(method sip.RequestMethod, g *provision.Gateway, user string, flow wire.Flow) *sip.Request {
	host, port := splitAddress(g.Address)
	target := sip.Uri{Scheme: "sip", Host: host, Port: port}
	req := sip.NewRequest(method, target)
	self, _ := flow.Advertised()
	req.AppendHeader(maxForwards(70))
	identity := sip.Uri{Scheme: "sip", User: user, Host: self}
	if method == sip.REGISTER {
		identity = sip.Uri{Scheme: "sip", User: user, Host: host, Port: port}
	}
	req.AppendHeader(&sip.FromHeader{Address: identity, Params: sip.HeaderParams{{K: "tag", V: sip.GenerateTagN(12)}}})
	to := identity
	if method == sip.OPTIONS {
		to = target
	}
	req.AppendHeader(&sip.ToHeader{Address: to})
	req.AppendHeader(ourContact(flow, user))
	req.AppendHeader(sip.NewHeader("User-Agent", agentName))
	return req
}

// numbered gives a request of our own the Call-ID and number that it has.
func numbered(req *sip.Request, callID string, seq uint32) {
	id := sip.CallIDHeader(callID)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: req.Method})
}

// ownCallID makes the Call-ID of requests of our own, whose answers come to this shard.
func (s *shard) ownCallID() string {
	id, err := calls.NewID()
	if err != nil { // Never: it is made of the clock and of chance.
		return callIDPrefix + sip.GenerateTagN(20)
	}
	return mintCallID(uint8(s.index), id, 0) //nolint:gosec // At most 256 shards.
}

// probe asks a gateway whether it is there. Any answer but 503 says that it is.
func (p *Proxy) probe(g provision.Gateway) {
	hop, ok := p.health.address(g.ID)
	if !ok {
		return
	}
	s := p.ownShard(g.ID)
	s.post(func() {
		flow, err := p.wire.To(hop.Transport, hop.Remote, hop.Host)
		if err != nil {
			p.log.Warn("gateway cannot be probed", "gateway", g.ID, "error", err)
			return
		}
		s.ask(g, flow, s.ownCallID(), 1, new(challenge.Answers), new(challenge.Round))
	})
}

// ask sends the OPTIONS of a probe. A carrier that challenges it is there; it is answered all the same, as some lock out who does not.
func (s *shard) ask(g provision.Gateway, flow wire.Flow, callID string, seq uint32, answers *challenge.Answers, round *challenge.Round, proof ...sip.Header) {
	req := s.outside(sip.OPTIONS, &g, "probe", flow)
	numbered(req, callID, seq)
	for _, h := range proof {
		req.AppendHeader(h)
	}
	s.txn.Send(req, flow, txn.ClientEvents{
		Response: func(res *sip.Response) {
			if res.IsProvisional() {
				return
			}
			if res.StatusCode == sip.StatusServiceUnavailable {
				s.health.failed(g.ID, "OPTIONS 503")
				return
			}
			s.health.heard(g.ID)
			account := challenge.Account{Login: g.Login, Password: g.Password}
			if proof, err := answers.Answer(round, res, sip.OPTIONS, req.Recipient.String(), account); err == nil {
				s.ask(g, flow, callID, seq+1, answers, round, proof...)
			}
		},
		Silence: func() { s.health.failed(g.ID, "OPTIONS unanswered") },
	})
}
