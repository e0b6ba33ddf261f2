package headers

import (
	"iter"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Named yields the headers of a message with a name. GetHeaders does the same and writes every name out in small letters
// first; here that is done some dozens of times a call.
func Named(msg sip.Message, name string) iter.Seq[sip.Header] {
	return func(yield func(sip.Header) bool) {
		headed, ok := msg.(interface{ Headers() []sip.Header })
		if !ok {
			return
		}
		for _, h := range headed.Headers() {
			if Is(h, name) && !yield(h) {
				return
			}
		}
	}
}

// Is reports whether a header has a name (RFC 3261, section 7.3.1).
func Is(h sip.Header, name string) bool {
	own := h.Name()
	return len(own) == len(name) && strings.EqualFold(own, name)
}

// HasOption looks for an option tag in a list header (RFC 3261, section 19.2).
func HasOption(msg sip.Message, header, tag string) bool {
	for h := range Named(msg, header) {
		for option := range strings.SplitSeq(h.Value(), ",") {
			if strings.EqualFold(strings.TrimSpace(option), tag) {
				return true
			}
		}
	}
	return false
}

// SplitAddresses splits a list of addresses at the commas that stand outside of brackets and quotes.
func SplitAddresses(list string) []string {
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
