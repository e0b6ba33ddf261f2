package sipproxy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/registrar"
	"trunkline/sipproxy/wire"
)

// agentName is the User-Agent and Server of what we send.
const agentName = "Trunkline"

const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, PRACK"

func allow() sip.Header { return sip.NewHeader("Allow", allowed) }

// allow names what an end may ask of us within the dialog: phones may transfer calls where that is set up.
func (d *dialog) allow() sip.Header {
	if !d.sh.cfg.FollowRefer {
		return allow()
	}
	if _, ok := d.party(); ok {
		return sip.NewHeader("Allow", allowed+", REFER")
	}
	return allow()
}

func retryAfter(d time.Duration) sip.Header {
	return sip.NewHeader("Retry-After", strconv.Itoa(int(d.Seconds())))
}

// reasonHeader tells why a request or answer was sent (RFC 3326).
func reasonHeader(cause uint8, text string) sip.Header {
	return sip.NewHeader("Reason", fmt.Sprintf("Q.850;cause=%d;text=%q", cause, text))
}

// ourContact is our address on a flow, as the target of requests within a dialog.
func ourContact(flow wire.Flow, user string) *sip.ContactHeader {
	host, port := flow.Advertised()
	uri := sip.Uri{Scheme: "sip", User: user, Host: host, Port: port}
	switch {
	case flow.Web(): // One word for both (RFC 7118, section 5.2.4).
		uri.UriParams = sip.HeaderParams{{K: "transport", V: "ws"}}
	case flow.Reliable():
		uri.UriParams = sip.HeaderParams{{K: "transport", V: strings.ToLower(flow.Transport())}}
	}
	return &sip.ContactHeader{Address: uri}
}

func maxForwards(n uint32) sip.Header {
	h := sip.MaxForwardsHeader(n)
	return &h
}

// carried reports whether a header passes from one side of the call to the other as it is. Every other one stays on its side: it
// would tell of the other one, or speak of a dialog that does not exist here.
func carried(h sip.Header) bool {
	for _, name := range [...]string{
		"Content-Type", "Content-Disposition", "Content-Encoding", "Content-Language",
		"Session-Expires", "Min-SE", "Warning", "Alert-Info", "Subject", "Info-Package", "Accept",
	} {
		if headers.Is(h, name) {
			return true
		}
	}
	return false
}

// pass copies the carried headers and the body.
func pass(from, to sip.Message) {
	if headed, ok := from.(interface{ Headers() []sip.Header }); ok {
		for _, h := range headed.Headers() {
			if carried(h) {
				to.AppendHeader(h)
			}
		}
	}
	if headers.HasOption(from, "Supported", "timer") || headers.HasOption(from, "k", "timer") {
		to.AppendHeader(sip.NewHeader("Supported", "timer"))
	}
	if headers.HasOption(from, "Require", "timer") {
		to.AppendHeader(sip.NewHeader("Require", "timer"))
	}
	to.SetBody(from.Body())
}

// carries reports whether pass copies anything of a message.
func carries(msg sip.Message) bool {
	headed, ok := msg.(interface{ Headers() []sip.Header })
	return len(msg.Body()) > 0 || ok && slices.ContainsFunc(headed.Headers(), func(h sip.Header) bool {
		return carried(h) || headers.Is(h, "Supported") || headers.Is(h, "k") || headers.Is(h, "Require")
	})
}

// describe copies a session description.
func describe(from, to sip.Message) {
	if from == nil {
		to.SetBody(nil)
		return
	}
	for _, name := range []string{"Content-Type", "Content-Disposition", "Content-Encoding"} {
		for h := range headers.Named(from, name) {
			to.AppendHeader(h)
		}
	}
	to.SetBody(from.Body())
}

// unsupported lists what a request requires of us and we do not have, as an answer names it (RFC 3261, section 8.2.2.3).
func unsupported(req *sip.Request) []sip.Header {
	var missing []sip.Header
	for h := range headers.Named(req, "Require") {
		for option := range strings.SplitSeq(h.Value(), ",") {
			option = strings.TrimSpace(option)
			known := req.Method == sip.REGISTER && (strings.EqualFold(option, registrar.PathOption) || strings.EqualFold(option, registrar.OutboundOption))
			relayed := known || strings.EqualFold(option, "timer") || strings.EqualFold(option, reliableOption)
			if option != "" && !relayed {
				missing = append(missing, sip.NewHeader("Unsupported", option))
			}
		}
	}
	return missing
}

// methodLabel bounds the values of a metric's label to the methods that exist.
func methodLabel(m sip.RequestMethod) string {
	switch m {
	case sip.INVITE, sip.ACK, sip.BYE, sip.CANCEL, sip.REGISTER, sip.OPTIONS, sip.INFO, sip.UPDATE, sip.MESSAGE,
		sip.SUBSCRIBE, sip.NOTIFY, sip.REFER, sip.PRACK, sip.PUBLISH:
		return string(m)
	default:
		return "other"
	}
}
