package contact_test

import (
	"net/netip"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/contact"
)

func uri(t *testing.T, text string) *sip.Uri {
	t.Helper()
	var u sip.Uri
	require.NoError(t, sip.ParseUri(text, &u))
	return &u
}

func policy() contact.Policy {
	return contact.Policy{
		Peer: func(at netip.AddrPort) string {
			switch at.String() {
			case "198.51.100.1:5060":
				return "gateway alfa"
			case "203.0.113.1:5060":
				return "a listener of this proxy"
			}
			return ""
		},
		Range: func(addr netip.Addr) (string, bool) {
			switch addr.String() {
			case "198.51.100.1", "198.51.100.2", "10.1.1.1":
				return "gateway alfa", false
			case "192.0.2.50":
				return "trunk pbx", true
			}
			return "", false
		},
		Domain: func(host string) string {
			if host == "sip.alfa.example" {
				return "gateway alfa"
			}
			return ""
		},
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, uri, source, within string
		refused                   bool
	}{
		{"where it speaks from", "sip:anna@192.0.2.7:5062", "192.0.2.7:5062", "", false},
		{"another port of the same host", "sip:anna@192.0.2.7", "192.0.2.7:40000", "", false},
		{"behind a router", "sip:anna@192.168.1.20:5060", "192.0.2.7:31002", "", false},
		{"behind a carrier's router", "sip:anna@100.64.3.4", "192.0.2.7:31002", "", false},
		{"a private address that is a gateway's too, in a network of its own", "sip:anna@10.1.1.1", "192.0.2.7:31002", "", false},
		{"a browser", "sip:anna@df7jal23ls0d.invalid;transport=ws", "192.0.2.7:31002", "", false},
		{"another host: it is spoken to where it speaks from", "sip:anna@192.0.2.99", "192.0.2.7:5060", "", false},
		{"a gateway", "sip:+19001234567@198.51.100.1:5060", "192.0.2.7:5060", "", true},
		{"a gateway without its port", "sip:+19001234567@198.51.100.1", "192.0.2.7:5060", "", true},
		{"another port of a gateway's host", "sip:+19001234567@198.51.100.1:5080", "192.0.2.7:5060", "", true},
		{"where a gateway's calls come from", "sip:+19001234567@198.51.100.2", "192.0.2.7:5060", "", true},
		{"a gateway, as an address of IPv6", "sip:+19001234567@[::ffff:198.51.100.1]", "192.0.2.7:5060", "", true},
		{"a gateway by its name", "sip:+19001234567@sip.alfa.example", "192.0.2.7:5060", "", true},
		{"a gateway of the same private network", "sip:anna@10.1.1.1", "10.1.1.7:5060", "", true},
		{"a trunk", "sip:anna@192.0.2.50", "192.0.2.7:5060", "", true},
		{"a trunk that shares its router with the phone", "sip:anna@192.0.2.50:31002", "192.0.2.50:31002", "", false},
		{"a trunk, where the extension may be", "sip:anna@192.0.2.50", "192.0.2.7:5060", "192.0.2.48/29", false},
		{"another port of a gateway's host, where the extension may be: never", "sip:anna@198.51.100.1:5080", "192.0.2.7:5060", "198.51.100.0/24", true},
		{"it speaks from a gateway", "sip:anna@192.0.2.7", "198.51.100.1:5060", "", true},
		{"this proxy", "sip:anna@203.0.113.1", "192.0.2.7:5060", "", true},
		{"this host", "sip:anna@127.0.0.1:5060", "192.0.2.7:5060", "", true},
		{"this host, from this host", "sip:anna@127.0.0.1:5070", "127.0.0.1:5070", "", false},
		{"no host", "sip:anna@0.0.0.0", "192.0.2.7:5060", "", true},
		{"no host of IPv6", "sip:anna@[::]", "[2001:db8::7]:5060", "", true},
		{"many hosts", "sip:anna@224.0.1.75", "192.0.2.7:5060", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := policy()
			err := p.Judge(uri(t, c.uri), netip.MustParseAddrPort(c.source), networks(c.within))
			if c.refused {
				require.ErrorIs(t, err, contact.ErrForbidden)
				return
			}
			require.NoError(t, err)
		})
	}
}

func networks(text string) []netip.Prefix {
	if text == "" {
		return nil
	}
	return []netip.Prefix{netip.MustParsePrefix(text)}
}

func TestHop(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ uri, source, within, want string }{
		{"sip:anna@192.0.2.7:5062", "192.0.2.7:40000", "", "192.0.2.7:5062"},
		{"sip:anna@192.0.2.7", "192.0.2.7:40000", "", "192.0.2.7:5060"},
		{"sip:anna@192.0.2.99", "192.0.2.7:40000", "", "192.0.2.7:40000"},
		{"sip:anna@192.0.2.99:5070", "192.0.2.7:40000", "192.0.2.96/28", "192.0.2.99:5070"},
		{"sip:anna@192.168.1.20", "192.0.2.7:40000", "", "192.0.2.7:40000"},
		{"sip:anna@phone.example", "192.0.2.7:40000", "", "192.0.2.7:40000"},
		{"sip:anna@[2001:db8::7]", "[2001:db8::7]:40000", "", "[2001:db8::7]:5060"},
	} {
		require.Equal(t, c.want, contact.Hop(uri(t, c.uri), netip.MustParseAddrPort(c.source), networks(c.within)).String(), c.uri)
	}
}
