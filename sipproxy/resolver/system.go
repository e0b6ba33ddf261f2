package resolver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// System asks the name servers of the machine. The zero System may be used; it may be asked by many at once.
type System struct {
	net.Resolver

	Servers []string // Addresses with ports; empty: those of /etc/resolv.conf.
}

const (
	resolvConf = "/etc/resolv.conf"
	askFor     = 3 * time.Second // One server.
	maxServers = 3               // As the C library does.
)

// LookupNAPTR asks the name servers in turn. A name that is not there has no records.
func (s *System) LookupNAPTR(ctx context.Context, name string) ([]NAPTR, error) {
	servers := s.Servers
	if len(servers) == 0 {
		conf, err := dns.ClientConfigFromFile(resolvConf)
		if err != nil {
			return nil, fmt.Errorf("name servers: %w", err)
		}
		for _, server := range conf.Servers {
			servers = append(servers, net.JoinHostPort(server, conf.Port))
		}
	}
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeNAPTR).SetEdns0(dns.DefaultMsgSize, false)
	err := errors.New("no name server is set up")
	for _, server := range servers[:min(len(servers), maxServers)] {
		var answer *dns.Msg
		if answer, err = exchange(ctx, question, server); err == nil {
			return records(answer), nil
		}
	}
	return nil, fmt.Errorf("NAPTR of %s: %w", name, err)
}

// exchange asks one server, over TCP where the answer does not fit a datagram (RFC 7766, section 5).
func exchange(ctx context.Context, question *dns.Msg, server string) (*dns.Msg, error) {
	client := dns.Client{Timeout: askFor}
	answer, _, err := client.ExchangeContext(ctx, question, server)
	if err == nil && answer.Truncated {
		client.Net = "tcp"
		answer, _, err = client.ExchangeContext(ctx, question, server)
	}
	if err == nil && answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError {
		err = fmt.Errorf("%s answers %s", server, dns.RcodeToString[answer.Rcode])
	}
	return answer, err
}

func records(answer *dns.Msg) []NAPTR {
	var out []NAPTR
	for _, rr := range answer.Answer {
		if n, ok := rr.(*dns.NAPTR); ok {
			out = append(out, NAPTR{n.Order, n.Preference, n.Flags, n.Service, n.Replacement})
		}
	}
	return slices.Clip(out)
}
