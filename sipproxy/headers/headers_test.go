package headers_test

import (
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/provision"
	"trunkline/sipproxy/headers"
)

func message(lines ...string) *sip.Request {
	req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", Host: "x"})
	for i := 0; i < len(lines); i += 2 {
		req.AppendHeader(sip.NewHeader(lines[i], lines[i+1]))
	}
	return req
}

func values(req *sip.Request, name string) (out []string) {
	for _, h := range req.GetHeaders(name) {
		out = append(out, h.Value())
	}
	return out
}

func TestPass(t *testing.T) {
	t.Parallel()
	var r headers.Rules
	from := message("X-Account", "1", "X-Secret", "2", "User-to-User", "56a3;encoding=hex", "Identity", "i1", "Identity", "i2", "Route", "<sip:evil>", "X-Trace", "t")
	to := message()
	r.Pass(from, to,
		[]provision.HeaderRule{{Name: "X-Trace", Do: "pass", From: true}, {Name: "X-Account", Do: "pass"}},
		[]provision.HeaderRule{{Name: "X-Secret", Do: "remove"}, {Name: "x-*", Do: "pass"}, {Name: "User-to-User", Do: "pass"}, {Name: "Identity", Do: "pass"}, {Name: "*", Do: "remove"}})
	require.Equal(t, []string{"1"}, values(to, "X-Account"))
	require.Empty(t, values(to, "X-Secret"))
	require.Equal(t, []string{"56a3;encoding=hex"}, values(to, "User-to-User"))
	require.Equal(t, []string{"i1", "i2"}, values(to, "Identity"))
	require.Equal(t, []string{"t"}, values(to, "X-Trace"))
	require.Empty(t, values(to, "Route"), "what makes a dialog is nobody's to pass")
}

func TestApply(t *testing.T) {
	t.Parallel()
	var r headers.Rules
	req := message("P-Asserted-Identity", "<sip:+4930111@10.0.0.1>", "X-Old", "1", "X-Kept", "k", "User-Agent", "Trunkline")
	r.Apply(req, []provision.HeaderRule{
		{Name: "X-Old", Do: "remove"},
		{Name: "User-Agent", Do: "set", Value: "SBC {node}"},
		{Name: "X-Client", Do: "add", Value: "{tenant}"},
		{Name: "P-Asserted-Identity", Do: "rewrite", Match: `sip:(\+\d+)@[^>]*`, Value: "tel:$1"},
		{Name: "Via", Do: "remove"},
		{Name: "X-Kept", Do: "remove", From: true},
	}, headers.Values{"tenant": "alpha\r\nX-Evil: 1", "node": "1"})
	require.Empty(t, values(req, "X-Old"))
	require.Equal(t, []string{"SBC 1"}, values(req, "User-Agent"))
	require.Equal(t, []string{"alphaX-Evil: 1"}, values(req, "X-Client"))
	require.Equal(t, []string{"<tel:+4930111>"}, values(req, "P-Asserted-Identity"))
	require.Equal(t, []string{"k"}, values(req, "X-Kept"))
}
