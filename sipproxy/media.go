package sipproxy

import (
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/sdp/v3"

	"trunkline/provision"
)

// sdpType is the content type of session descriptions.
const sdpType = "application/sdp"

// offer is what a call offers to talk by: what a gateway may demand of it. The zero value is a call whose INVITE has no
// offer, or one that cannot be read: nothing is known, and it is for the gateway to judge.
type offer struct {
	known  bool
	secure bool     // Encrypted media are offered (RFC 3711).
	codecs []string // Names in lower case.
}

// newOffer reads the session description of an INVITE (RFC 8866).
func newOffer(contentType string, body []byte) offer {
	if kind, _, _ := strings.Cut(contentType, ";"); len(body) == 0 || !strings.EqualFold(strings.TrimSpace(kind), sdpType) {
		return offer{}
	}
	var d sdp.SessionDescription
	if err := d.Unmarshal(body); err != nil {
		return offer{}
	}
	o := offer{known: true}
	for _, m := range d.MediaDescriptions {
		if m.MediaName.Media != "audio" || m.MediaName.Port.Value == 0 {
			continue
		}
		o.secure = o.secure || slices.Contains(m.MediaName.Protos, "SAVP") || slices.Contains(m.MediaName.Protos, "SAVPF")
		for _, format := range m.MediaName.Formats {
			if name := codecName(m, format); name != "" {
				o.codecs = append(o.codecs, name)
			}
		}
	}
	return o
}

// codecName is the name of a payload type: as the description maps it, or as it is assigned for good (RFC 3551, section 6).
func codecName(m *sdp.MediaDescription, format string) string {
	for _, a := range m.Attributes {
		if payload, codec, ok := strings.Cut(a.Value, " "); a.Key == "rtpmap" && ok && payload == format {
			name, _, _ := strings.Cut(strings.TrimSpace(codec), "/")
			return strings.ToLower(name)
		}
	}
	switch format {
	case "0":
		return "pcmu"
	case "3":
		return "gsm"
	case "4":
		return "g723"
	case "8":
		return "pcma"
	case "9":
		return "g722"
	case "15":
		return "g728"
	case "18":
		return "g729"
	}
	return ""
}

// takes reports whether a gateway can carry a call. What it offers is read only where the gateway demands something.
func takes(g *provision.Gateway, invite *sip.Request) bool {
	if !g.SRTP && len(g.Codecs) == 0 {
		return true
	}
	kind := ""
	if h := invite.ContentType(); h != nil {
		kind = h.Value()
	}
	o := newOffer(kind, invite.Body())
	switch {
	case !o.known:
		return true
	case g.SRTP && !o.secure:
		return false
	}
	return len(g.Codecs) == 0 || slices.ContainsFunc(g.Codecs, func(name string) bool {
		return slices.Contains(o.codecs, strings.ToLower(name))
	})
}
