package auth

import (
	"crypto/subtle"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"trunkline/routing"
	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/number"
)

// dummyHA1 makes the check of an unknown login take as long as that of a known one.
const dummyHA1 = "d41d8cd98f00b204e9800998ecf8427e"

// credentials finds the credentials for our realm; phones send those for other realms too.
func (a *Authenticator) credentials(req *sip.Request) *digest.Credentials {
	realm := a.options.Realm()
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for h := range headers.Named(req, name) {
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

// asksFor reports whether credentials are those of this request: made for the number that it dials. Proxies on the way may have
// rewritten the host, as phones behind a session border controller find every day, and some phones name no number at all.
func asksFor(cred *digest.Credentials, req *sip.Request) bool {
	var uri sip.Uri
	if sip.ParseUri(cred.URI, &uri) != nil || uri.User == "" || req.Method == sip.REGISTER {
		return true
	}
	return number.User(&uri) == number.User(&req.Recipient)
}
