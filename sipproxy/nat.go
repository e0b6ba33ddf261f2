package sipproxy

import (
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/sdp/v3"

	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/wire"
)

// callerBehindNAT reports whether the voice of a caller has to go through a relay: as it is set up, or because the address that he
// wants to be spoken to at is not the one that he speaks from.
func (s *shard) callerBehindNAT(caller routing.Caller, invite *sip.Request, flow wire.Flow) bool {
	if caller.Media != "" || caller.Kind != routing.CallerExtension || !s.detectsNAT() || flow.Web() {
		return caller.Media == provision.MediaRelay
	}
	return elsewhere(mediaAddress(invite), flow.Remote().Addr())
}

// targetBehindNAT is the same for one who is called. Of a phone its Contact is known beside where it registered from.
func (s *shard) targetBehindNAT(t *routing.Target, way *binding) bool {
	if t.Gateway != nil {
		return t.Gateway.Media == provision.MediaRelay
	}
	phone, _ := s.router.Login(t.Login)
	if phone.Media != "" || way == nil || !s.detectsNAT() || len(way.Path) > 0 {
		return phone.Media == provision.MediaRelay
	}
	source, err := netip.ParseAddrPort(way.Source)
	return err == nil && elsewhere(way.uri.Host, source.Addr())
}

func (s *shard) detectsNAT() bool { return s.cfg.RelayAuto && len(s.cfg.Relays) > 0 }

// elsewhere reports whether a host is a literal address and another one. Names, and addresses that mean none, tell nothing.
func elsewhere(host string, source netip.Addr) bool {
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && !addr.IsUnspecified() && addr.Unmap() != source.Unmap()
}

// mediaAddress is where a session description wants the voice to be sent; empty: it does not say.
func mediaAddress(msg sip.Message) string {
	var d sdp.SessionDescription
	if !describes(msg) || d.Unmarshal(msg.Body()) != nil {
		return ""
	}
	for _, m := range d.MediaDescriptions {
		if c := m.ConnectionInformation; c != nil && c.Address != nil {
			return c.Address.Address
		}
	}
	if c := d.ConnectionInformation; c != nil && c.Address != nil {
		return c.Address.Address
	}
	return ""
}
