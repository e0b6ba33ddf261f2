package auth

import (
	"log/slog"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"trunkline/internal/clock"
	"trunkline/routing"
	"trunkline/sipproxy/guard"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

// Kind is as whom this proxy challenges (RFC 3261, section 22): as the registrar, or on the way of a call.
type Kind uint8

// The kinds of challenge.
const (
	Registrar Kind = iota + 1 // WWW-Authenticate, as the registrar.
	Proxy                     // Proxy-Authenticate, on the way of a call.
)

func (k Kind) headers() (challenge, credentials string, status int) {
	if k == Registrar {
		return "WWW-Authenticate", "Authorization", sip.StatusUnauthorized
	}
	return "Proxy-Authenticate", "Proxy-Authorization", sip.StatusProxyAuthRequired
}

// Callers knows who may call.
type Callers interface {
	// Login returns the extension or trunk with a SIP user name.
	Login(user string) (routing.Caller, bool)
	// Source returns the trunk or gateway that sends from an address.
	Source(addr netip.Addr) (routing.Caller, bool)
}

// Options are what an Authenticator works with.
type Options struct {
	Realm      func() string // Digest realm, as it is provisioned now.
	Digest     []string      // The algorithms offered, the preferred one first: MD5, SHA-256.
	Callers    Callers
	Guard      *guard.Guard
	Nonces     *guard.Nonces
	SpeaksFrom func(source string) bool // Whether a registered phone speaks from an address and port.
	Failed     func()                   // Counts wrong credentials.
	Clock      clock.Clock
	Log        *slog.Logger
}

// Authenticator tells who sends a request. It is safe for concurrent use.
type Authenticator struct{ options Options }

// New returns an authenticator.
func New(o Options) *Authenticator { return &Authenticator{o} }

// Identify tells who sends a request: by digest credentials, or by the source address for trunks and gateways.
// When it returns false the request has been answered. An unknown login and a wrong password are answered alike.
func (a *Authenticator) Identify(req *sip.Request, flow wire.Flow, tx *txn.Server, kind Kind) (routing.Caller, bool) {
	source := flow.Remote().Addr()
	cred := a.credentials(req)
	if cred == nil {
		if caller, ok := a.bySource(req, flow); ok {
			flow.Prove()
			return caller, true
		}
		if a.options.Guard.Blocked(source, req.From().Address.User) {
			tx.Reply(sip.StatusForbidden, "Forbidden")
			return routing.Caller{}, false
		}
		a.challenge(tx, kind, source, false)
		return routing.Caller{}, false
	}
	switch {
	case a.options.Guard.Blocked(source, cred.Username):
		tx.Reply(sip.StatusForbidden, "Forbidden")
		return routing.Caller{}, false
	case !asksFor(cred, req):
		tx.Reply(sip.StatusBadRequest, "Credentials Of Another Request") // RFC 7616, section 3.4.6.
		return routing.Caller{}, false
	}
	switch a.options.Nonces.Use(cred.Nonce, cred.Nc, source, a.options.Clock.Now()) {
	case guard.NonceStale:
		a.challenge(tx, kind, source, true)
		return routing.Caller{}, false
	case guard.NonceForged, guard.NonceReplayed:
		a.challenge(tx, kind, source, false)
		return routing.Caller{}, false
	case guard.NonceFresh:
	}
	caller, known := a.options.Callers.Login(cred.Username)
	if !proves(cred, caller, string(req.Method)) || !known {
		a.failed(source, cred.Username)
		a.challenge(tx, kind, source, false)
		return routing.Caller{}, false
	}
	a.options.Guard.Passed(source, caller.Login)
	flow.Prove()
	if !caller.MayBeAt(source) {
		a.options.Log.Warn("outside of the networks of the extension", "login", caller.Login, "source", source, "method", req.Method.String())
		tx.Reply(sip.StatusForbidden, "Forbidden")
		return routing.Caller{}, false
	}
	return caller, true
}

// failed counts a wrong password. The line of a lock is what a firewall may be told by: it names the source of strangers only.
func (a *Authenticator) failed(source netip.Addr, login string) {
	a.options.Failed()
	_, provisioned := a.options.Callers.Source(source)
	lock, made := a.options.Guard.Failed(source, login, provisioned)
	switch {
	case !made:
	case provisioned:
		a.options.Log.Warn("SIP login locked, from a provisioned address", "address", source, "login", lock.Login, "failures", lock.Failures, "until", lock.Until)
	default:
		a.options.Log.Warn("SIP source locked", "source", source, "login", lock.Login, "failures", lock.Failures, "until", lock.Until)
	}
}

// bySource tells the trunk or gateway that a request without credentials comes from. A registered phone on the same host is none.
func (a *Authenticator) bySource(req *sip.Request, flow wire.Flow) (routing.Caller, bool) {
	if req.Method == sip.REGISTER {
		return routing.Caller{}, false
	}
	caller, ok := a.options.Callers.Source(flow.Remote().Addr())
	return caller, ok && !a.options.SpeaksFrom(flow.Remote().String()) && !a.saysItIsOurs(req)
}

// saysItIsOurs reports whether a request claims to be of one of our phones, which proves it then: it shares a host with a gateway.
func (a *Authenticator) saysItIsOurs(req *sip.Request) bool {
	from := &req.From().Address
	if !strings.EqualFold(from.Host, a.options.Realm()) {
		return false
	}
	_, ours := a.options.Callers.Login(from.User)
	return ours
}

// challenge asks for credentials, in one header for each algorithm, the preferred one first (RFC 8760, section 2.4).
func (a *Authenticator) challenge(tx *txn.Server, kind Kind, source netip.Addr, stale bool) {
	name, _, status := kind.headers()
	nonce := a.options.Nonces.Mint(source, a.options.Clock.Now())
	answers := make([]sip.Header, 0, 2)
	for _, algorithm := range a.options.Digest {
		c := digest.Challenge{
			Realm: a.options.Realm(), Nonce: nonce, Algorithm: algorithm, QOP: []string{"auth"}, Stale: stale,
		}
		answers = append(answers, sip.NewHeader(name, c.String()))
	}
	reason := "Unauthorized"
	if kind == Proxy {
		reason = "Proxy Authentication Required"
	}
	tx.Reply(status, reason, answers...)
}
