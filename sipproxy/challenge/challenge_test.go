package challenge_test

import (
	"crypto/md5"
	"encoding/hex"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/challenge"
)

func answer(status int, headers ...string) *sip.Response {
	res := sip.NewResponse(status, "Challenge")
	name := "WWW-Authenticate"
	if status == 407 {
		name = "Proxy-Authenticate"
	}
	for _, h := range headers {
		res.AppendHeader(sip.NewHeader(name, h))
	}
	return res
}

func account() challenge.Account {
	return challenge.Account{Login: "Mufasa", Password: "Circle of Life"}
}

func parse(t *testing.T, h sip.Header) *digest.Credentials {
	t.Helper()
	c, err := digest.ParseCredentials(h.Value())
	require.NoError(t, err)
	return c
}

func TestProxyAndCalledEnd(t *testing.T) {
	t.Parallel()
	var a challenge.Answers
	var r challenge.Round
	out, err := a.Answer(&r, answer(407, `Digest realm="car", nonce="n1", qop="auth"`), sip.INVITE, "sip:1@car", account())
	require.NoError(t, err)
	require.Len(t, out, 1)
	require.Equal(t, "Proxy-Authorization", out[0].Name())
	out, err = a.Answer(&r, answer(407, `Digest realm="car", nonce="n2", stale=TRUE, qop="auth"`), sip.INVITE, "sip:1@car", account())
	require.NoError(t, err, "an old nonce is no wrong password")
	require.Equal(t, "n2", parse(t, out[0]).Nonce)
	out, err = a.Answer(&r, answer(401, `Digest realm="uas", nonce="z", qop="auth"`), sip.INVITE, "sip:1@car", account())
	require.NoError(t, err)
	require.Len(t, out, 2, "who asked before asks again")
	_, err = a.Answer(&r, answer(401, `Digest realm="uas", nonce="y", qop="auth"`), sip.INVITE, "sip:1@car", account())
	require.ErrorIs(t, err, challenge.ErrRefused)

	// Another request of the same dialog: the nonce is used again, and counted.
	var next challenge.Round
	out, err = a.Answer(&next, answer(407, `Digest realm="car", nonce="n2", qop="auth"`), sip.BYE, "sip:1@car", account())
	require.NoError(t, err)
	require.Equal(t, 3, parse(t, out[0]).Nc)
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	var a challenge.Answers
	var r challenge.Round
	n := 0
	for {
		n++
		if _, err := a.Answer(&r, answer(407, `Digest realm="car", nonce="`+string(rune('a'+n))+`", stale=true, qop="auth"`), sip.INVITE, "sip:1", account()); err != nil {
			require.ErrorIs(t, err, challenge.ErrRefused)
			break
		}
	}
	require.Equal(t, 5, n)
}

func TestSessionKey(t *testing.T) {
	t.Parallel()
	var a challenge.Answers
	var r challenge.Round
	out, err := a.Answer(&r, answer(401, `Digest realm="car", nonce="n1", algorithm=MD5-sess, qop="auth-int, auth"`), sip.REGISTER, "sip:car", account())
	require.NoError(t, err)
	c := parse(t, out[0])
	require.Equal(t, "MD5-sess", c.Algorithm)
	h := func(s string) string { m := md5.Sum([]byte(s)); return hex.EncodeToString(m[:]) }
	a1 := h(h("Mufasa:car:Circle of Life") + ":n1:" + c.Cnonce)
	require.Equal(t, h(a1+":n1:00000001:"+c.Cnonce+":auth:"+h("REGISTER:sip:car")), c.Response)
}

func TestWhatIsNotSupported(t *testing.T) {
	t.Parallel()
	for text, res := range map[string]*sip.Response{
		"the challenge is not supported: qop auth-int without auth": answer(401, `Digest realm="car", nonce="n", qop="auth-int"`),
		"the challenge is not supported: algorithm AKAv1-MD5":       answer(401, `Digest realm="car", nonce="n", algorithm=AKAv1-MD5`),
		"the challenge is not supported: none is there":             answer(401),
		"no challenge": answer(403),
	} {
		_, err := new(challenge.Answers).Answer(new(challenge.Round), res, sip.INVITE, "sip:1", account())
		require.EqualError(t, err, text)
	}
	_, err := new(challenge.Answers).Answer(new(challenge.Round), answer(401, `Digest realm="car", nonce="n"`), sip.INVITE, "sip:1", challenge.Account{})
	require.ErrorIs(t, err, challenge.ErrUnsupported)
	out, err := new(challenge.Answers).Answer(new(challenge.Round), answer(401, `Digest realm="car", nonce="n", algorithm=SHA-512`, `Digest realm="car", nonce="n", algorithm=MD5`),
		sip.INVITE, "sip:1", account())
	require.NoError(t, err)
	require.Equal(t, "MD5", parse(t, out[0]).Algorithm)
}
