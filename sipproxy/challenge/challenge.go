package challenge

import (
	"crypto/md5" //nolint:gosec // Digest authentication is defined over it (RFC 7616).
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// Why a challenge is not answered.
var (
	// ErrNone is returned for an answer that is no challenge.
	ErrNone = errors.New("no challenge")
	// ErrRefused is returned when what we answered was not accepted: the login or the password is wrong.
	ErrRefused = errors.New("login or password is not accepted")
	// ErrUnsupported is returned, wrapped, for a challenge that we have no answer for, such as qop=auth-int alone.
	ErrUnsupported = errors.New("the challenge is not supported")
)

// answersMost bounds the answers to one request: a proxy's, the called end's, and one more of each for old nonces.
const answersMost = 4

// Account is who we are at a carrier.
type Account struct{ Login, Password string }

// Known reports whether there is anything to answer with.
func (a Account) Known() bool { return a.Login != "" }

// Answers are those that were given in one dialog, or to one registrar. The zero value has given none. It is not safe for concurrent use.
type Answers struct {
	given map[key]*answer
}

// key is a protection space as one kind of server has it.
type key struct {
	header string // Authorization or Proxy-Authorization.
	realm  string
}

type answer struct {
	challenge digest.Challenge
	count     int    // Of uses of the nonce.
	cnonce    string // Of the first use, which a session's key is made of.
}

// Round is the answers to one request. The zero value begins with none.
type Round struct {
	tries    int
	answered map[key]string // The nonce.
}

// Answer makes the headers with which a request that was challenged is to be sent again: the answer to this challenge, and those to the
// challenges of others on the way before. uri is the Request-URI as it will be sent.
func (a *Answers) Answer(r *Round, res *sip.Response, method sip.RequestMethod, uri string, acc Account) ([]sip.Header, error) {
	asked, header := "WWW-Authenticate", "Authorization"
	switch res.StatusCode {
	case sip.StatusUnauthorized:
	case sip.StatusProxyAuthRequired:
		asked, header = "Proxy-Authenticate", "Proxy-Authorization"
	default:
		return nil, ErrNone
	}
	if !acc.Known() {
		return nil, fmt.Errorf("%w: no login is set up", ErrUnsupported)
	}
	chosen, err := choose(res.GetHeaders(asked))
	if err != nil {
		return nil, err
	}
	k := key{header, chosen.Realm}
	if before, ok := r.answered[k]; ok && !chosen.Stale || before == chosen.Nonce && ok || r.tries >= answersMost {
		return nil, ErrRefused
	}
	if r.answered == nil {
		r.answered = make(map[key]string)
	}
	r.tries++
	r.answered[k] = chosen.Nonce
	if a.given == nil {
		a.given = make(map[key]*answer)
	}
	if known, ok := a.given[k]; !ok || known.challenge.Nonce != chosen.Nonce {
		a.given[k] = &answer{challenge: *chosen}
	}
	var out []sip.Header
	for k := range r.answered {
		cred, err := a.given[k].credentials(method, uri, acc)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
		}
		out = append(out, sip.NewHeader(k.header, cred))
	}
	return out, nil
}

// choose takes the first challenge that we can answer: its sender prefers those that come first (RFC 8760, section 2.4).
func choose(headers []sip.Header) (*digest.Challenge, error) {
	why := "none is there"
	for _, h := range headers {
		c, err := digest.ParseChallenge(h.Value())
		if err != nil {
			why = err.Error()
			continue
		}
		for i := range c.QOP {
			c.QOP[i] = strings.ToLower(strings.TrimSpace(c.QOP[i]))
		}
		plain, _ := strings.CutSuffix(strings.ToUpper(c.Algorithm), "-SESS")
		switch {
		case plain != "" && plain != "MD5" && plain != "SHA-256":
			why = "algorithm " + c.Algorithm
		case len(c.QOP) > 0 && !c.SupportsQOP("auth"):
			why = "qop " + strings.Join(c.QOP, ",") + " without auth"
		default:
			return c, nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrUnsupported, why)
}

func (a *answer) credentials(method sip.RequestMethod, uri string, acc Account) (string, error) {
	a.count++
	if a.cnonce == "" {
		var b [8]byte
		_, _ = rand.Read(b[:]) // Never fails (crypto/rand).
		a.cnonce = hex.EncodeToString(b[:])
	}
	c := a.challenge
	plain, session := strings.CutSuffix(strings.ToUpper(c.Algorithm), "-SESS")
	o := digest.Options{Method: string(method), URI: uri, Username: acc.Login, Password: acc.Password, Count: a.count, Cnonce: a.cnonce}
	if session { // RFC 7616, section 3.4.2.
		h := newHash(plain)
		o.A1 = sum(h, sum(h, acc.Login+":"+c.Realm+":"+acc.Password)+":"+c.Nonce+":"+a.cnonce)
		c.Algorithm = plain
	}
	cred, err := digest.Digest(&c, o)
	if err != nil {
		return "", err
	}
	cred.Algorithm = a.challenge.Algorithm
	if len(c.QOP) == 0 && !session {
		cred.Cnonce, cred.Nc = "", 0 // RFC 2069 had none.
	}
	return cred.String(), nil
}

func newHash(algorithm string) hash.Hash {
	if algorithm == "SHA-256" {
		return sha256.New()
	}
	return md5.New() //nolint:gosec // As above.
}

func sum(h hash.Hash, text string) string {
	h.Reset()
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}
