package resolver_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/resolver"
)

var errNoName = errors.New("no such name")

// zone is a made-up DNS.
type zone struct {
	naptr map[string][]resolver.NAPTR
	srv   map[string][]*net.SRV
	hosts map[string][]netip.Addr
}

func (z *zone) LookupNAPTR(_ context.Context, name string) ([]resolver.NAPTR, error) {
	return z.naptr[name], nil
}

func (z *zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	if service != "" {
		name = "_" + service + "._" + proto + "." + name
	}
	if records := z.srv[name]; records != nil {
		return name, records, nil
	}
	return "", nil, errNoName
}

func (z *zone) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if found := z.hosts[host]; found != nil {
		return found, nil
	}
	return nil, errNoName
}

func ips(texts ...string) []netip.Addr {
	var out []netip.Addr
	for _, text := range texts {
		out = append(out, netip.MustParseAddr(text))
	}
	return out
}

// TestLocate: RFC 3263, sections 4.1 and 4.2.
func TestLocate(t *testing.T) {
	t.Parallel()
	z := &zone{
		naptr: map[string][]resolver.NAPTR{
			"all.example": {
				{Order: 90, Preference: 50, Flags: "s", Service: "SIP+D2T", Goal: "_sip._tcp.all.example."},
				{Order: 100, Preference: 50, Flags: "S", Service: "sip+d2u", Goal: "_sip._udp.all.example."},
				{Order: 50, Preference: 50, Flags: "s", Service: "SIPS+D2T", Goal: "secure.all.example."},
				{Order: 10, Preference: 50, Flags: "s", Service: "SIP+D2S", Goal: "_sip._sctp.all.example."},
				{Order: 10, Preference: 10, Flags: "u", Service: "E2U+sip", Goal: "."},
			},
			"foreign.example": {{Order: 1, Flags: "s", Service: "SIP+D2S", Goal: "_sip._sctp.foreign.example."}},
		},
		srv: map[string][]*net.SRV{
			"_sip._tcp.all.example":     {{Target: "a.all.example.", Port: 5080}},
			"_sip._udp.all.example":     {{Target: "b.all.example.", Port: 5060}, {Target: "gone.all.example."}, {Target: "a.all.example.", Port: 5062}},
			"secure.all.example":        {{Target: "a.all.example.", Port: 5061}},
			"_sip._tcp.stream.example":  {{Target: "a.all.example.", Port: 5060}},
			"_sips._tcp.secure.example": {{Target: "a.all.example.", Port: 5071}},
		},
		hosts: map[string][]netip.Addr{
			"a.all.example": ips("192.0.2.1"), "b.all.example": ips("192.0.2.2", "2001:db8::2"),
			"foreign.example": ips("192.0.2.3"), "plain.example": ips("192.0.2.4"), "all.example": ips("192.0.2.5"),
		},
	}
	for name, c := range map[string]struct {
		host, transport string
		port            int
		want            []string
	}{
		"the domain chooses the transport": {host: "all.example", want: []string{
			"tls 192.0.2.1:5061", "tcp 192.0.2.1:5080", "udp 192.0.2.2:5060", "udp [2001:db8::2]:5060", "udp 192.0.2.1:5062",
		}},
		"a transport that is given is kept to":      {host: "all.example", transport: "TCP", want: []string{"tcp 192.0.2.1:5080"}},
		"a port that is given is kept to":           {host: "all.example", port: 5099, want: []string{"udp 192.0.2.5:5099"}},
		"services that we do not speak":             {host: "foreign.example", want: []string{"udp 192.0.2.3:5060"}},
		"no NAPTR, SRV of TCP alone":                {host: "stream.example", want: []string{"tcp 192.0.2.1:5060"}},
		"no NAPTR, SRV of TLS alone":                {host: "secure.example", want: []string{"tls 192.0.2.1:5071"}},
		"addresses alone":                           {host: "plain.example", want: []string{"udp 192.0.2.4:5060"}},
		"addresses alone, TLS on a port of its own": {host: "plain.example", transport: "tls", want: []string{"tls 192.0.2.4:5061"}},
		"an address is asked of nobody":             {host: "192.0.2.9", want: []string{"udp 192.0.2.9:5060"}},
		"an address over TLS":                       {host: "2001:db8::9", transport: "tls", want: []string{"tls [2001:db8::9]:5061"}},
		"an address with its port":                  {host: "192.0.2.9", port: 5070, transport: "TCP", want: []string{"tcp 192.0.2.9:5070"}},
		"a name that is not there is an error":      {host: "nowhere.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hops, err := resolver.Locate(t.Context(), z, c.host, c.port, c.transport)
			if c.want == nil {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			var got []string
			for _, hop := range hops {
				require.Equal(t, c.host, hop.Host, "whose certificate is wanted")
				got = append(got, hop.Transport+" "+hop.Remote.String())
			}
			require.Equal(t, c.want, got)
		})
	}
}

// TestSystemAsksNameServers: the first server is dead, the second one's answer does not fit a datagram.
func TestSystemAsksNameServers(t *testing.T) {
	t.Parallel()
	records := map[string]string{
		"carrier.example.": `carrier.example. 60 IN NAPTR 50 10 "s" "SIPS+D2T" "" _sips._tcp.carrier.example.`,
	}
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		answer := new(dns.Msg).SetReply(asked)
		switch text, ok := records[asked.Question[0].Name]; {
		case asked.Question[0].Name == "broken.example.":
			answer.Rcode = dns.RcodeServerFailure
		case !ok:
			answer.Rcode = dns.RcodeNameError
		case w.RemoteAddr().Network() == "udp":
			answer.Truncated = true
		default:
			rr, err := dns.NewRR(text)
			if err == nil {
				answer.Answer = append(answer.Answer, rr)
			}
		}
		_ = w.WriteMsg(answer)
	})
	address := serve(t, handler)
	s := &resolver.System{Servers: []string{dead(t), address}}
	got, err := s.LookupNAPTR(t.Context(), "carrier.example")
	require.NoError(t, err)
	require.Equal(t, []resolver.NAPTR{{Order: 50, Preference: 10, Flags: "s", Service: "SIPS+D2T", Goal: "_sips._tcp.carrier.example."}}, got)
	got, err = s.LookupNAPTR(t.Context(), "nowhere.example")
	require.NoError(t, err)
	require.Empty(t, got)
	_, err = s.LookupNAPTR(t.Context(), "broken.example")
	require.ErrorContains(t, err, "SERVFAIL")
}

// dead is a port at which nobody listens.
func dead(t *testing.T) string {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	return conn.LocalAddr().String()
}

// serve runs a name server until the test ends, over UDP and TCP on the same port.
func serve(t *testing.T, handler dns.Handler) string {
	t.Helper()
	var lc net.ListenConfig
	stream, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	packet, err := lc.ListenPacket(t.Context(), "udp", stream.Addr().String())
	require.NoError(t, err)
	for _, server := range []*dns.Server{{Listener: stream, Handler: handler}, {PacketConn: packet, Handler: handler}} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go func() { _ = server.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = server.Shutdown() })
	}
	return stream.Addr().String()
}
