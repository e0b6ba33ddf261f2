package sipproxy

import (
	"iter"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// named yields the headers of a message with a name. GetHeaders does the same and writes every name out in small letters
// first; here that is done some dozens of times a call.
func named(msg sip.Message, name string) iter.Seq[sip.Header] {
	return func(yield func(sip.Header) bool) {
		headed, ok := msg.(interface{ Headers() []sip.Header })
		if !ok {
			return
		}
		for _, h := range headed.Headers() {
			if is(h, name) && !yield(h) {
				return
			}
		}
	}
}

// is reports whether a header has a name (RFC 3261, section 7.3.1).
func is(h sip.Header, name string) bool {
	own := h.Name()
	return len(own) == len(name) && strings.EqualFold(own, name)
}
