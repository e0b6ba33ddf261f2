package auth

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
	"github.com/stretchr/testify/require"

	"trunkline/routing"
)

func phoneOf(login, realm, password string) routing.Caller {
	text := []byte(login + ":" + realm + ":" + password)
	short, long := md5.Sum(text), sha256.Sum256(text)
	return routing.Caller{Login: login, HA1MD5: hex.EncodeToString(short[:]), HA1SHA256: hex.EncodeToString(long[:])}
}

// TestProof: the response is checked by the algorithm that it was made with, and proves nothing of an unknown login, without a count of
// nonces or for another method (RFC 7616, section 3.4.1).
func TestProof(t *testing.T) {
	t.Parallel()
	phone := phoneOf("acme-101", "pbx.test", "secret")
	for _, c := range []struct {
		name, algorithm, password, method string
		caller                            routing.Caller
		qop                               []string
		want                              bool
	}{
		{"MD5", "MD5", "secret", "INVITE", phone, []string{"auth"}, true},
		{"SHA-256", "SHA-256", "secret", "INVITE", phone, []string{"auth"}, true},
		{"wrong password", "MD5", "Secret", "INVITE", phone, []string{"auth"}, false},
		{"another method", "MD5", "secret", "BYE", phone, []string{"auth"}, false},
		{"no count", "MD5", "secret", "INVITE", phone, nil, false},
		{"unknown login", "MD5", "secret", "INVITE", routing.Caller{}, []string{"auth"}, false},
		{"no hash of that algorithm", "SHA-256", "secret", "INVITE", routing.Caller{HA1MD5: phone.HA1MD5}, []string{"auth"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cred, err := digest.Digest(&digest.Challenge{Realm: "pbx.test", Nonce: "n", Algorithm: c.algorithm, QOP: c.qop}, digest.Options{
				Method: c.method, URI: "sip:102@pbx.test", Username: "acme-101", Password: c.password, Count: 1,
			})
			require.NoError(t, err)
			require.Equal(t, c.want, proves(cred, c.caller, "INVITE"))
		})
	}
}

// TestCredentialsOfAnotherRequest: credentials are good for the number that they were made for (RFC 7616, section 3.4.6), whatever the host.
func TestCredentialsOfAnotherRequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method sip.RequestMethod
		uri    string
		want   bool
	}{
		{sip.INVITE, "sip:102@pbx.test", true},
		{sip.INVITE, "sip:102@192.0.2.1;transport=tcp", true},
		{sip.INVITE, "sip:pbx.test", true},
		{sip.INVITE, "sip:900@pbx.test", false},
		{sip.REGISTER, "sip:900@pbx.test", true},
	} {
		req := sip.NewRequest(c.method, sip.Uri{Scheme: "sip", User: "102", Host: "pbx.test"})
		require.Equal(t, c.want, asksFor(&digest.Credentials{URI: c.uri}, req), c)
	}
}
