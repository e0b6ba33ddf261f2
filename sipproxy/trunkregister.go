package sipproxy

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/provision"
	"trunkline/sipproxy/challenge"
	"trunkline/sipproxy/resolver"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

const (
	registerFor   = 10 * time.Minute // What we ask for, unless the carrier wants more.
	registerRetry = 30 * time.Second // After a registration that was refused or not answered.
	registerMost  = 24 * time.Hour   // The longest that a carrier may want.
)

// members are our registrations at the carriers that want one. Shards share it.
type members struct {
	mu   sync.Mutex
	byID map[string]*member
}

// member is our registration at one gateway. Its requests have one Call-ID (RFC 3261, section 10.2.4), and belong to one shard.
type member struct {
	callID  string
	tag     string
	seq     uint32
	expires time.Duration // What we ask for.
	answers challenge.Answers

	next  time.Time // When it is to be renewed.
	until time.Time // It holds so long.
	route []sip.Uri // By which our calls are to go (RFC 3608).
	hop   netip.AddrPort
}

func newMembers() *members { return &members{byID: make(map[string]*member)} }

// refresh registers where it is time to.
func (m *members) refresh(p *Proxy, gateways []provision.Gateway) {
	for _, begin := range m.due(p, gateways) {
		begin()
	}
}

// due are the registrations that are to begin, which take the lock in their turn.
func (m *members) due(p *Proxy, gateways []provision.Gateway) (begin []func()) {
	now := p.clock.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	wanted := make(map[string]bool, len(m.byID))
	for i := range gateways {
		g := &gateways[i]
		if !g.Register || g.Inactive {
			continue
		}
		wanted[g.ID] = true
		hop, ok := p.health.address(g.ID)
		one := m.byID[g.ID]
		if one == nil {
			one = &member{tag: sip.GenerateTagN(12), expires: registerFor}
			m.byID[g.ID] = one
		}
		if !ok || now.Before(one.next) && hop.Remote == one.hop {
			continue
		}
		one.next, one.hop = now.Add(registerRetry), hop.Remote
		gateway, s := *g, p.ownShard(g.ID)
		begin = append(begin, func() { s.post(func() { s.enrol(&gateway, one, hop) }) })
	}
	for id := range m.byID {
		if !wanted[id] {
			delete(m.byID, id)
		}
	}
	return begin
}

// route is by which proxies calls to a gateway are to go, as it told when we registered (RFC 3608, section 6.1).
func (m *members) route(id string, now time.Time) []sip.Uri {
	m.mu.Lock()
	defer m.mu.Unlock()
	if one := m.byID[id]; one != nil && now.Before(one.until) {
		return one.route
	}
	return nil
}

// enrol registers us with a carrier (RFC 3261, section 10.2).
func (s *shard) enrol(g *provision.Gateway, one *member, hop resolver.Hop) {
	flow, err := s.wire.To(hop.Transport, hop.Remote, hop.Host)
	if err != nil {
		s.log.Warn("no way to register at the carrier", "gateway", g.ID, "error", err)
		return
	}
	s.sendRegister(g, one, flow, new(challenge.Round))
}

func (s *shard) sendRegister(g *provision.Gateway, one *member, flow wire.Flow, round *challenge.Round, proof ...sip.Header) {
	req := s.outside(sip.REGISTER, g, g.Login, flow)
	req.From().Params = sip.HeaderParams{{K: "tag", V: one.tag}}
	s.members.mu.Lock()
	if one.callID == "" {
		one.callID = s.ownCallID()
	}
	one.seq++
	numbered(req, one.callID, one.seq)
	expires := one.expires
	s.members.mu.Unlock()
	req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(int(expires.Seconds()))))
	req.AppendHeader(sip.NewHeader("Supported", pathOption))
	for _, h := range proof {
		req.AppendHeader(h)
	}
	s.txn.Send(req, flow, txn.ClientEvents{
		Response: func(res *sip.Response) { s.registerAnswered(g, one, flow, req, res, round) },
		Silence:  func() { s.log.Warn("the carrier's registrar does not answer", "gateway", g.ID) },
	})
}

func (s *shard) registerAnswered(g *provision.Gateway, one *member, flow wire.Flow, req *sip.Request, res *sip.Response, round *challenge.Round) {
	switch {
	case res.IsProvisional():
		return
	case res.IsSuccess():
		s.enrolled(g, one, req, res)
		return
	case res.StatusCode == sip.StatusIntervalToBrief && s.longer(one, res):
		s.sendRegister(g, one, flow, new(challenge.Round))
		return
	}
	account := challenge.Account{Login: g.Login, Password: g.Password}
	proof, err := one.answers.Answer(round, res, sip.REGISTER, req.Recipient.String(), account)
	switch {
	case err == nil:
		s.sendRegister(g, one, flow, round, proof...)
	case errors.Is(err, challenge.ErrNone):
		s.log.Warn("the carrier refuses the registration", "gateway", g.ID, "status", res.StatusCode)
	default:
		s.log.Warn("the carrier refuses the registration: check login and password", "gateway", g.ID, "status", res.StatusCode, "error", err)
	}
}

// longer takes the shortest registration that the carrier grants (RFC 3261, section 10.2.8); false: it is no other than was asked for.
func (s *shard) longer(one *member, res *sip.Response) bool {
	h := res.GetHeader("Min-Expires")
	if h == nil {
		return false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(h.Value()), 10, 31)
	least := time.Duration(n) * time.Second
	s.members.mu.Lock()
	defer s.members.mu.Unlock()
	if err != nil || least <= one.expires || least > registerMost {
		return false
	}
	one.expires = least
	return true
}

// enrolled notes how long the registration holds, and by which way calls are to go.
func (s *shard) enrolled(g *provision.Gateway, one *member, req *sip.Request, res *sip.Response) {
	granted := grantedTo(req.Contact(), res)
	var route []sip.Uri
	for _, h := range res.GetHeaders("Service-Route") {
		for _, text := range splitAddresses(h.Value()) {
			var uri sip.Uri
			if _, err := sip.ParseAddressValue(text, &uri, &sip.HeaderParams{}); err == nil && len(route) < maxPath {
				route = append(route, uri)
			}
		}
	}
	s.members.mu.Lock()
	defer s.members.mu.Unlock()
	if granted <= 0 {
		granted = one.expires
	}
	now := s.clock.Now()
	one.next, one.until, one.route = now.Add(granted*8/10), now.Add(granted), route
	s.log.Info("registered at the carrier", "gateway", g.ID, "seconds", int64(granted.Seconds()))
}

// grantedTo reads for how long our contact is registered: a registrar lists all that it has for the login (RFC 3261, section 10.2.4).
func grantedTo(ours *sip.ContactHeader, res *sip.Response) time.Duration {
	seconds := func(text string) time.Duration {
		n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
		if err != nil {
			return 0
		}
		return time.Duration(n) * time.Second
	}
	var other time.Duration
	for h := range named(res, "Contact") {
		c, ok := h.(*sip.ContactHeader)
		if !ok {
			continue
		}
		text, ok := c.Params.Get("expires")
		if !ok {
			continue
		}
		if ours != nil && c.Address.User == ours.Address.User && strings.EqualFold(c.Address.Host, ours.Address.Host) && c.Address.Port == ours.Address.Port {
			return seconds(text)
		}
		other = seconds(text)
	}
	if h := res.GetHeader("Expires"); other == 0 && h != nil {
		return seconds(h.Value())
	}
	return other
}
