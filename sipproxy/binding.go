package sipproxy

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/wire"
)

// binding is one phone of a login: where it is and until when (RFC 3261, section 10), or one of several ways to one phone
// (RFC 5626).
type binding struct {
	Contact   string    `json:"contact"` // The URI as the phone gave it.
	Transport string    `json:"transport"`
	Source    string    `json:"source"` // Where its REGISTER came from: the way through its router.
	CallID    string    `json:"call_id"`
	CSeq      uint32    `json:"cseq"`
	At        time.Time `json:"at,omitzero"` // Of its last REGISTER.
	Expires   time.Time `json:"expires"`
	Path      []string  `json:"path,omitempty"`     // The proxies on the way to it, the nearest one first (RFC 3327).
	Instance  string    `json:"instance,omitempty"` // Which phone it is, whatever its address.
	RegID     uint32    `json:"reg_id,omitempty"`   // Which of its ways; 0: it does not keep ways open by RFC 5626.

	uri    sip.Uri
	routes []sip.Uri
	flow   wire.Flow
}

// errFlowGone is why a phone cannot be reached whose connection is over: it is for the phone to make a new one.
var errFlowGone = errors.New("its connection is over")

// parse reads the URIs of a binding that was written down.
func (b *binding) parse() error {
	if err := sip.ParseUri(b.Contact, &b.uri); err != nil {
		return err
	}
	for _, text := range b.Path {
		var uri sip.Uri
		if err := sip.ParseUri(text, &uri); err != nil {
			return err
		}
		b.routes = append(b.routes, uri)
	}
	return nil
}

// same reports whether a REGISTER for one is one for the other: of the same way of one phone (RFC 5626, section 6), or of the
// same address.
func (b *binding) same(other *binding) bool {
	if b.RegID != 0 && other.RegID != 0 {
		return b.Instance == other.Instance && b.RegID == other.RegID
	}
	return b.Contact == other.Contact
}

// header is the Contact that tells a phone what is known of it.
func (b *binding) header(now time.Time) *sip.ContactHeader {
	left := int(b.Expires.Sub(now).Round(time.Second).Seconds())
	h := &sip.ContactHeader{Address: b.uri, Params: sip.HeaderParams{{K: "expires", V: strconv.Itoa(left)}}}
	if b.RegID != 0 {
		h.Params = append(h.Params, sip.HeaderKV{K: "+sip.instance", V: b.Instance},
			sip.HeaderKV{K: "reg-id", V: strconv.FormatUint(uint64(b.RegID), 10)})
	}
	return h
}

// flowTo is the way to a phone: the one its REGISTER came on, so that routers in between let us through.
func (s *shard) flowTo(b *binding) (wire.Flow, error) {
	if b.flow.Alive() {
		return b.flow, nil
	}
	if b.RegID != 0 && len(b.Path) == 0 && !strings.EqualFold(b.Transport, wire.UDP) {
		return wire.Flow{}, errFlowGone // The phone will have noticed, and makes a new one.
	}
	source, err := netip.ParseAddrPort(b.Source)
	if err != nil {
		return wire.Flow{}, err
	}
	flow, err := s.wire.To(b.Transport, source, "")
	if err == nil && !flow.Alive() {
		err = errFlowGone
	}
	return flow, err
}

// ways puts together the ways that lead to one phone, the latest first: only one of them is tried at a time (RFC 5626,
// section 7).
func ways(bindings []binding) [][]binding {
	var out [][]binding
	at := make(map[string]int)
	for _, b := range bindings {
		if b.RegID == 0 {
			out = append(out, []binding{b})
			continue
		}
		i, ok := at[b.Instance]
		if !ok {
			i = len(out)
			at[b.Instance] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], b)
	}
	for _, same := range out {
		slices.SortStableFunc(same, func(a, b binding) int { return b.At.Compare(a.At) })
	}
	return out
}

// pathOf reads the Path of a REGISTER, in order (RFC 3327, section 4).
func pathOf(req *sip.Request) (texts []string, uris []sip.Uri, err error) {
	for _, h := range req.GetHeaders("Path") {
		for _, one := range splitAddresses(h.Value()) {
			var uri sip.Uri
			if _, err := sip.ParseAddressValue(one, &uri, &sip.HeaderParams{}); err != nil {
				return nil, nil, err
			}
			texts, uris = append(texts, uri.String()), append(uris, uri)
		}
	}
	return texts, uris, nil
}

// splitAddresses splits a list of addresses at the commas that stand outside of brackets and quotes.
func splitAddresses(list string) []string {
	var out []string
	inside, quoted, from := false, false, 0
	for i, c := range list {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<', c == '>':
			inside = c == '<'
		case c == ',' && !inside:
			out, from = append(out, strings.TrimSpace(list[from:i])), i+1
		}
	}
	return append(out, strings.TrimSpace(list[from:]))
}
