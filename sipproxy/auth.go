package sipproxy

import (
	"crypto/subtle"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"trunkline/routing"
	"trunkline/sipproxy/guard"
	"trunkline/sipproxy/number"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

// challengeKind is as whom we challenge (RFC 3261, section 22): as the registrar, or on the way of a call.
type challengeKind uint8

const (
	serverChallenge challengeKind = iota + 1
	proxyChallenge
)

func (k challengeKind) headers() (challenge, credentials string, status int) {
	if k == serverChallenge {
		return "WWW-Authenticate", "Authorization", sip.StatusUnauthorized
	}
	return "Proxy-Authenticate", "Proxy-Authorization", sip.StatusProxyAuthRequired
}

// dummyHA1 makes the check of an unknown login take as long as that of a known one.
const dummyHA1 = "d41d8cd98f00b204e9800998ecf8427e"

// identify tells who sends a request: by digest credentials, or by the source address for trunks and gateways.
// When it returns false the request has been answered. An unknown login and a wrong password are answered alike.
func (s *shard) identify(req *sip.Request, flow wire.Flow, tx *txn.Server, kind challengeKind) (routing.Caller, bool) {
	source := flow.Remote().Addr()
	cred := s.credentials(req)
	if cred == nil {
		if caller, ok := s.bySource(req, flow); ok {
			flow.Prove()
			return caller, true
		}
		if s.guard.Blocked(source, req.From().Address.User) {
			tx.Reply(sip.StatusForbidden, "Forbidden")
			return routing.Caller{}, false
		}
		s.challenge(tx, kind, source, false)
		return routing.Caller{}, false
	}
	switch {
	case s.guard.Blocked(source, cred.Username):
		tx.Reply(sip.StatusForbidden, "Forbidden")
		return routing.Caller{}, false
	case !asksFor(cred, req):
		tx.Reply(sip.StatusBadRequest, "Credentials Of Another Request") // RFC 7616, section 3.4.6.
		return routing.Caller{}, false
	}
	switch s.nonces.Use(cred.Nonce, cred.Nc, source, s.clock.Now()) {
	case guard.NonceStale:
		s.challenge(tx, kind, source, true)
		return routing.Caller{}, false
	case guard.NonceForged, guard.NonceReplayed:
		s.challenge(tx, kind, source, false)
		return routing.Caller{}, false
	case guard.NonceFresh:
	}
	caller, known := s.router.Login(cred.Username)
	if !proves(cred, caller, string(req.Method)) || !known {
		s.failed(source, cred.Username)
		s.challenge(tx, kind, source, false)
		return routing.Caller{}, false
	}
	s.guard.Passed(source, caller.Login)
	flow.Prove()
	if !caller.MayBeAt(source) {
		s.log.Warn("outside of the networks of the extension", "login", caller.Login, "source", source, "method", req.Method.String())
		tx.Reply(sip.StatusForbidden, "Forbidden")
		return routing.Caller{}, false
	}
	return caller, true
}

// failed counts a wrong password. The line of a lock is what a firewall may be told by: it names the source of strangers only.
func (s *shard) failed(source netip.Addr, login string) {
	s.metrics.authFailures.Inc()
	_, provisioned := s.router.Source(source)
	lock, made := s.guard.Failed(source, login, provisioned)
	switch {
	case !made:
	case provisioned:
		s.log.Warn("SIP login locked, from a provisioned address", "address", source, "login", lock.Login, "failures", lock.Failures, "until", lock.Until)
	default:
		s.log.Warn("SIP source locked", "source", source, "login", lock.Login, "failures", lock.Failures, "until", lock.Until)
	}
}

// asksFor reports whether credentials are those of this request: made for the number that it dials. Proxies on the way may have
// rewritten the host, as phones behind a session border controller find every day, and some phones name no number at all.
func asksFor(cred *digest.Credentials, req *sip.Request) bool {
	var uri sip.Uri
	if sip.ParseUri(cred.URI, &uri) != nil || uri.User == "" || req.Method == sip.REGISTER {
		return true
	}
	return number.User(&uri) == number.User(&req.Recipient)
}

// bySource tells the trunk or gateway that a request without credentials comes from. A registered phone on the same host is none.
func (s *shard) bySource(req *sip.Request, flow wire.Flow) (routing.Caller, bool) {
	if req.Method == sip.REGISTER {
		return routing.Caller{}, false
	}
	caller, ok := s.router.Source(flow.Remote().Addr())
	return caller, ok && !s.registrar.speaksFrom(flow.Remote().String()) && !s.saysItIsOurs(req)
}

// saysItIsOurs reports whether a request claims to be of one of our phones, which proves it then: it shares a host with a gateway.
func (s *shard) saysItIsOurs(req *sip.Request) bool {
	from := &req.From().Address
	if !strings.EqualFold(from.Host, s.cfg.Realm()) {
		return false
	}
	_, ours := s.router.Login(from.User)
	return ours
}

// credentials finds the credentials for our realm; phones send those for other realms too.
func (s *shard) credentials(req *sip.Request) *digest.Credentials {
	realm := s.cfg.Realm()
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for h := range named(req, name) {
			cred, err := digest.ParseCredentials(h.Value())
			if err == nil && cred.Realm == realm {
				return cred
			}
		}
	}
	return nil
}

// proves checks the response (RFC 7616, section 3.4.1). The URI is the one of the credentials: proxies on the way may
// have rewritten that of the request, as phones behind a session border controller find every day.
func proves(cred *digest.Credentials, caller routing.Caller, method string) bool {
	ha1 := caller.HA1MD5
	if strings.EqualFold(cred.Algorithm, "SHA-256") {
		ha1 = caller.HA1SHA256
	}
	known := ha1 != ""
	if !known {
		ha1 = dummyHA1
	}
	challenge := &digest.Challenge{Realm: cred.Realm, Nonce: cred.Nonce, Algorithm: cred.Algorithm, Opaque: cred.Opaque}
	if cred.QOP != "auth" {
		return false // We offer nothing else, so that every nonce can be counted.
	}
	challenge.QOP = []string{"auth"}
	want, err := digest.Digest(challenge, digest.Options{
		Method: method, URI: cred.URI, Username: cred.Username, A1: ha1, Cnonce: cred.Cnonce, Count: cred.Nc,
	})
	if err != nil {
		return false
	}
	equal := subtle.ConstantTimeCompare([]byte(want.Response), []byte(cred.Response)) == 1
	return equal && known
}

// challenge asks for credentials, in one header for each algorithm, the preferred one first (RFC 8760, section 2.4).
func (s *shard) challenge(tx *txn.Server, kind challengeKind, source netip.Addr, stale bool) {
	name, _, status := kind.headers()
	nonce := s.nonces.Mint(source, s.clock.Now())
	headers := make([]sip.Header, 0, 2)
	for _, algorithm := range s.cfg.Digest {
		c := digest.Challenge{
			Realm: s.cfg.Realm(), Nonce: nonce, Algorithm: algorithm, QOP: []string{"auth"}, Stale: stale,
		}
		headers = append(headers, sip.NewHeader(name, c.String()))
	}
	reason := "Unauthorized"
	if kind == proxyChallenge {
		reason = "Proxy Authentication Required"
	}
	tx.Reply(status, reason, headers...)
}

// challenged answers a carrier's challenge to our INVITE, where the gateway has a login.
func (a *attempt) challenged(res *sip.Response) bool {
	if a.gaveUp || a.target.Gateway == nil {
		return false
	}
	headers := a.dialog.prove(a.client.Request(), &a.round, res)
	if headers == nil {
		return false
	}
	a.invite(headers)
	return true
}
