package wire

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"

	"trunkline/internal/clock"
)

// What is refused before anybody looks at it.
var (
	errMissing  = errors.New("a header that every message needs is missing (RFC 3261, section 8.1.1)")
	errTwice    = errors.New("a header stands twice that may stand once")
	errMismatch = errors.New("the CSeq names another method")
	errVersion  = errors.New("not SIP/2.0")
	errScheme   = errors.New("a URI of this scheme cannot be reached")
	errHeaders  = errors.New("the Request-URI carries headers (RFC 3261, section 19.1.1)")
)

// judge holds a message that could be parsed against what everything else relies on.
func judge(msg sip.Message) error {
	var callID, cseq, from, to, via, single int
	headed, ok := msg.(interface{ Headers() []sip.Header })
	if !ok {
		return errMissing
	}
	for _, h := range headed.Headers() {
		switch h := h.(type) {
		case *sip.CallIDHeader:
			callID++
		case *sip.CSeqHeader:
			cseq++
		case *sip.FromHeader:
			from++
			trim(h.Params)
		case *sip.ToHeader:
			to++
			trim(h.Params)
		case *sip.ViaHeader:
			via++
			trim(h.Params)
		case *sip.MaxForwardsHeader:
			single++
		case *sip.ContentLengthHeader:
			single += 1 << 8
		}
	}
	switch {
	case callID == 0 || cseq == 0 || from == 0 || to == 0 || via == 0:
		return errMissing
	case callID > 1 || cseq > 1 || from > 1 || to > 1 || single&0xff > 1 || single>>8 > 1:
		return errTwice
	}
	if req, ok := msg.(*sip.Request); ok {
		return judgeRequest(req)
	}
	return nil
}

// trim takes the blanks off that may stand around "=" (RFC 3261, section 7.3.1): the parser leaves them on.
func trim(params sip.HeaderParams) {
	for i := range params {
		p := &params[i]
		if strings.ContainsAny(p.K, " \t") || strings.ContainsAny(p.V, " \t") {
			p.K, p.V = strings.TrimSpace(p.K), strings.TrimSpace(p.V)
		}
	}
}

func judgeRequest(req *sip.Request) error {
	switch {
	case req.SipVersion != "SIP/2.0":
		return errVersion
	case !strings.EqualFold(string(req.CSeq().MethodName), string(req.Method)): // The parser writes one of both in capitals.
		return errMismatch
	case !reachable(req.Recipient.Scheme), strings.EqualFold(req.Recipient.Scheme, "urn") && !distress(req.Recipient.Raw()):
		return errScheme
	case len(req.Recipient.Headers) > 0:
		return errHeaders
	}
	return nil
}

func reachable(scheme string) bool {
	return strings.EqualFold(scheme, "urn") || strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips") || strings.EqualFold(scheme, "tel")
}

// distress reports whether a URN is of an emergency service, the only ones that are called here (RFC 5031).
func distress(urn string) bool {
	const sos = "service:sos"
	return len(urn) >= len(sos) && strings.EqualFold(urn[:len(sos)], sos)
}

const statusUnsupportedScheme = 416

// statusOf is the answer to a request that is refused.
func statusOf(err error) (status int, reason string) {
	switch {
	case errors.Is(err, errVersion):
		return sip.StatusVersionNotSupported, "Version Not Supported"
	case errors.Is(err, errScheme):
		return statusUnsupportedScheme, "Unsupported URI Scheme"
	}
	return sip.StatusBadRequest, "Bad Request"
}

// maxRefusals bounds the answers to malformed requests in a second: their sources may be forged.
const maxRefusals = 100

// maxBindings bounds the answers to keep-alives by STUN in a second: 20,000 phones ask every 24 to 29 seconds.
const maxBindings = 2000

// budget counts the answers of this second.
type budget struct {
	clock  clock.Clock
	mu     sync.Mutex
	second int64
	spent  int
}

func (b *budget) take(most int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if second := b.clock.Now().Unix(); second != b.second {
		b.second, b.spent = second, 0
	}
	b.spent++
	return b.spent <= most
}

// refusal answers a request that cannot be used, with the headers that the answer needs copied letter by letter (RFC 3261,
// sections 8.2.6.2 and 18.3); nil: it is no request, or not enough of one to be answered. A request is never refused with
// more bytes than it had, so that nobody can make us shout at others.
func refusal(data []byte, err error) []byte {
	head, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	first := strings.TrimRight(lines[0], " ")
	if strings.HasPrefix(first, "SIP/") || !strings.Contains(first, " SIP/") || strings.HasPrefix(first, string(sip.ACK)) {
		return nil
	}
	if scheme, _, ok := strings.Cut(uriOf(first), ":"); ok && isWord(scheme) && !reachable(scheme) {
		err = errScheme
	}
	copied, vias := copyHeaders(lines[1:])
	if vias == 0 {
		return nil
	}
	status, reason := statusOf(err)
	answer := "SIP/2.0 " + strconv.Itoa(status) + " " + reason + "\r\n" + copied + "Content-Length: 0\r\n\r\n"
	if len(answer) > max(len(data), 256) {
		return nil
	}
	return []byte(answer)
}

// uriOf is the Request-URI of a request's first line.
func uriOf(first string) string {
	_, rest, _ := strings.Cut(first, " ")
	uri, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	return uri
}

func isWord(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}

// copyHeaders returns the lines of the headers that an answer repeats, with those that continue them.
func copyHeaders(lines []string) (copied string, vias int) {
	var b strings.Builder
	keep := false
	for _, line := range lines {
		if line != "" && (line[0] == ' ' || line[0] == '\t') {
			if keep {
				b.WriteString(line + "\r\n")
			}
			continue
		}
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "via", "v":
			vias++
			keep = true
		case "from", "f", "to", "t", "call-id", "i", "cseq":
			keep = true
		default:
			keep = false
		}
		if keep {
			b.WriteString(line + "\r\n")
		}
	}
	return b.String(), vias
}
