package sipproxy

import (
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

const (
	watchEvery    = time.Second
	registerFor   = 10 * time.Minute
	registerRetry = 30 * time.Second
)

// watchGateways keeps an eye on the gateways: it resolves their names, probes those that ask for it with OPTIONS, and
// keeps us registered where a carrier wants that.
func (p *Proxy) watchGateways() {
	renew := make(map[string]time.Time)
	for {
		gateways := p.router.Gateways()
		for _, g := range p.health.refresh(p.lifetime, gateways) {
			p.probe(g)
		}
		now := p.clock.Now()
		for _, g := range gateways {
			if g.Register && !g.Inactive && !now.Before(renew[g.ID]) {
				renew[g.ID] = now.Add(registerRetry)
				p.registerAt(g, func(granted time.Duration) {
					p.log.Info("registered at the carrier", "gateway", g.ID, "seconds", int64(granted.Seconds()))
				})
			}
			if granted, ok := p.health.registration(g.ID); ok {
				renew[g.ID] = granted
			}
		}
		if clock.Sleep(p.lifetime, p.clock, watchEvery) != nil {
			return
		}
	}
}

// ownShard is the shard that speaks with a gateway outside of calls.
func (p *Proxy) ownShard(id string) *shard {
	return p.shardOf(id)
}

// outside makes a request of our own to a gateway, outside of any call.
func (s *shard) outside(method sip.RequestMethod, g provision.Gateway, user string, flow wire.Flow, seq uint32) *sip.Request {
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
	if id, err := cdr.NewCallID(); err == nil {
		callID := sip.CallIDHeader(mintCallID(uint8(s.index), id, 0)) //nolint:gosec // At most 256 shards.
		req.AppendHeader(&callID)
	}
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	req.AppendHeader(ourContact(flow, user))
	req.AppendHeader(sip.NewHeader("User-Agent", agentName))
	return req
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
		s.txn.Send(s.outside(sip.OPTIONS, g, "probe", flow, 1), flow, txn.ClientEvents{
			Response: func(res *sip.Response) {
				if res.StatusCode == sip.StatusServiceUnavailable {
					p.health.failed(g.ID, "OPTIONS 503")
				} else if !res.IsProvisional() {
					p.health.heard(g.ID)
				}
			},
			Silence: func() { p.health.failed(g.ID, "OPTIONS unanswered") },
		})
	})
}

// registerAt registers us with a carrier (RFC 3261, section 10.2) and notes when to do so again.
func (p *Proxy) registerAt(g provision.Gateway, done func(time.Duration)) {
	hop, ok := p.health.address(g.ID)
	if !ok {
		return
	}
	s := p.ownShard(g.ID)
	s.post(func() {
		flow, err := p.wire.To(hop.Transport, hop.Remote, hop.Host)
		if err != nil {
			p.log.Warn("no way to register at the carrier", "gateway", g.ID, "error", err)
			return
		}
		s.sendRegister(g, flow, 1, nil, done)
	})
}

func (s *shard) sendRegister(g provision.Gateway, flow wire.Flow, seq uint32, credentials sip.Header, done func(time.Duration)) {
	req := s.outside(sip.REGISTER, g, g.Login, flow, seq)
	req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(int(registerFor.Seconds()))))
	if credentials != nil {
		req.AppendHeader(credentials)
	}
	s.txn.Send(req, flow, txn.ClientEvents{
		Response: func(res *sip.Response) { s.registerAnswered(g, flow, seq, res, done) },
		Silence:  func() { s.log.Warn("the carrier's registrar does not answer", "gateway", g.ID) },
	})
}

func (s *shard) registerAnswered(g provision.Gateway, flow wire.Flow, seq uint32, res *sip.Response, done func(time.Duration)) {
	switch {
	case res.IsProvisional():
	case res.IsSuccess():
		granted := registerFor
		if c := res.Contact(); c != nil {
			if text, ok := c.Params.Get("expires"); ok {
				if n, err := strconv.Atoi(text); err == nil && n > 0 {
					granted = time.Duration(n) * time.Second
				}
			}
		}
		s.health.registered(g.ID, s.clock.Now().Add(granted*8/10))
		done(granted)
	case seq == 1:
		host, port := splitAddress(g.Address)
		header := answerChallenge(res, sip.REGISTER, sip.Uri{Scheme: "sip", Host: host, Port: port}, g.Login, g.Password)
		if header != nil {
			s.sendRegister(g, flow, seq+1, header, done)
			return
		}
		s.log.Warn("the carrier refuses the registration", "gateway", g.ID, "status", res.StatusCode)
	default:
		s.log.Warn("the carrier refuses the registration: check login and password", "gateway", g.ID, "status", res.StatusCode)
	}
}
