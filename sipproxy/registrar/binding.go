package registrar

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/contact"
	"trunkline/sipproxy/wire"
)

// Binding is one phone of a login: where it is and until when (RFC 3261, section 10), or one of several ways to one phone
// (RFC 5626).
type Binding struct {
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

	URI    sip.Uri   `json:"-"` // Of Contact.
	Routes []sip.Uri `json:"-"` // Of Path.

	flow wire.Flow
}

// errFlowGone is why a phone cannot be reached whose connection is over: it is for the phone to make a new one.
var errFlowGone = errors.New("its connection is over")

// parse reads the URIs of a binding that was written down.
func (b *Binding) parse() error {
	if err := sip.ParseUri(b.Contact, &b.URI); err != nil {
		return err
	}
	for _, text := range b.Path {
		var uri sip.Uri
		if err := sip.ParseUri(text, &uri); err != nil {
			return err
		}
		b.Routes = append(b.Routes, uri)
	}
	return nil
}

// same reports whether a REGISTER for one is one for the other: of the same way of one phone (RFC 5626, section 6), or of the
// same address.
func (b *Binding) same(other *Binding) bool {
	if b.RegID != 0 && other.RegID != 0 {
		return b.Instance == other.Instance && b.RegID == other.RegID
	}
	return b.Contact == other.Contact
}

// header is the Contact that tells a phone what is known of it.
func (b *Binding) header(now time.Time) *sip.ContactHeader {
	left := int(b.Expires.Sub(now).Round(time.Second).Seconds())
	h := &sip.ContactHeader{Address: b.URI, Params: sip.HeaderParams{{K: "expires", V: strconv.Itoa(left)}}}
	if b.RegID != 0 {
		h.Params = append(h.Params, sip.HeaderKV{K: "+sip.instance", V: b.Instance},
			sip.HeaderKV{K: "reg-id", V: strconv.FormatUint(uint64(b.RegID), 10)})
	}
	return h
}

// Flow is the way to a phone: the one its REGISTER came on, so that routers in between let us through.
func (b *Binding) Flow(sockets *wire.Wire) (wire.Flow, error) {
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
	flow, err := sockets.To(b.Transport, source, "")
	if err == nil && !flow.Alive() {
		err = errFlowGone
	}
	return flow, err
}

// Origin is the flow that its last REGISTER came on, which is not alive after a restart.
func (b *Binding) Origin() wire.Flow { return b.flow }

// ByPhone puts together the ways that lead to one phone, the latest first: only one of them is tried at a time (RFC 5626,
// section 7).
func ByPhone(bindings []Binding) [][]Binding {
	var out [][]Binding
	at := make(map[string]int)
	for _, b := range bindings {
		if b.RegID == 0 {
			out = append(out, []Binding{b})
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
		slices.SortStableFunc(same, func(a, b Binding) int { return b.At.Compare(a.At) })
	}
	return out
}

// Judge tells why nothing may be sent to a phone, by its Contact and by the proxies on the way to it: neither may lead to a
// carrier. Within are the networks where it may be reached beside where it speaks from. Nil: it may be reached.
func (b *Binding) Judge(p *contact.Policy, within []netip.Prefix) error {
	source, err := netip.ParseAddrPort(b.Source)
	if err != nil {
		return err
	}
	if err := p.Judge(&b.URI, source, within); err != nil {
		return err
	}
	if len(b.Routes) > 0 {
		return p.Judge(&b.Routes[0], source, within)
	}
	return nil
}
