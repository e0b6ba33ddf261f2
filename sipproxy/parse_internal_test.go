package sipproxy

import (
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"
)

func TestParseReplaces(t *testing.T) {
	t.Parallel()
	require.Equal(t, &replaced{"a@b", "1", "2"}, parseReplaces("a@b;to-tag=1;from-tag=2"))
	require.Equal(t, &replaced{"a@b", "1", "2"}, parseReplaces(" a@b ; From-Tag=2;early-only; TO-TAG=1"))
	for _, bad := range []string{"", "a", "a;to-tag=1", ";to-tag=1;from-tag=2", "a;to-tag=;from-tag=2"} {
		require.Nil(t, parseReplaces(bad), bad)
	}
}

func TestParseReferTo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]referTarget{
		"Refer-To: <sip:102@pbx.example>":                                            {user: "102"},
		"r: sip:102@pbx.example":                                                     {user: "102"},
		"Refer-To: <sips:+4930123456@pbx.example;user=phone;method=INVITE>":          {user: "+4930123456"},
		"Refer-To: <tel:+4930123456;phone-context=x>":                                {user: "+4930123456"},
		"Refer-To: <sip:pbx.example?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2&x=y>": {replaces: &replaced{"a@b", "1", "2"}},
		"Refer-To: <sip:pbx.example>":                                                {},
		"Refer-To: <sip:1@pbx.example?Replaces=a>":                                   {},
		"Refer-To: <sip:1@pbx.example;method=SUBSCRIBE>":                             {},
		"Refer-To: <http://pbx.example>":                                             {},
		"Refer-To: <sip:1@pbx.example>\r\nRefer-To: <sip:2@pbx.example>":             {},
		"X: y": {},
	} {
		msg, err := sip.ParseMessage([]byte("REFER sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP z;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n" +
			"Call-ID: e\r\nCSeq: 1 REFER\r\n" + text + "\r\nContent-Length: 0\r\n\r\n"))
		require.NoError(t, err, text)
		req, isRequest := msg.(*sip.Request)
		require.True(t, isRequest)
		got, ok := parseReferTo(req)
		require.Equal(t, want != referTarget{}, ok, text)
		if ok {
			require.Equal(t, want, got, text)
		}
	}
}

func FuzzReplaces(f *testing.F) {
	f.Add("a@b;to-tag=1;from-tag=2")
	f.Fuzz(func(t *testing.T, text string) {
		if r := parseReplaces(text); r != nil {
			require.NotEmpty(t, r.callID)
			require.NotEmpty(t, r.toTag)
			require.NotEmpty(t, r.fromTag)
		}
	})
}
