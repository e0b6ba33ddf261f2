package number

import (
	"net/url"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Number is what a URI says of whom it names.
type Number struct {
	// Text is the number as it would be dialled, or the user name: without escapes and parameters, a local number whose context
	// makes it a global one as that. Visual separators are left in a SIP URI, where they may be part of a name.
	Text    string
	Routing string // Where the number was ported to (rn, RFC 4694), as it stands there; empty: it does not say.
	Dipped  bool   // Its portability was looked up already (npdi, RFC 4694).
}

// globalDigits is the shortest global number that is made of a context and a local number: shorter ones, such as 112 in the context
// of +49, are numbers of a service, which have no global form (RFC 3966, section 5.1.5).
const globalDigits = 8

// Of reads the user of a SIP URI, or the number of a tel URI.
func Of(uri *sip.Uri) Number {
	user := uri.User
	tel := strings.EqualFold(uri.Scheme, "tel")
	if tel {
		user = uri.Raw()
	}
	text, params, _ := strings.Cut(user, ";")
	n := Number{Text: unescape(text)}
	if tel {
		n.Text = separators(n.Text)
	}
	for param := range strings.SplitSeq(params, ";") {
		n.param(param)
	}
	if context, ok := uri.UriParams.Get("phone-context"); ok && !tel { // Some put it behind the host.
		n.inContext(unescape(context))
	}
	return n
}

// User is the text of a URI's number.
func User(uri *sip.Uri) string {
	if !strings.ContainsAny(uri.User, "%;") && !strings.EqualFold(uri.Scheme, "tel") && !uri.UriParams.Has("phone-context") {
		return uri.User // As nearly all are.
	}
	return Of(uri).Text
}

func (n *Number) param(text string) {
	key, value, _ := strings.Cut(text, "=")
	switch strings.ToLower(strings.TrimSpace(key)) {
	case "phone-context":
		n.inContext(unescape(value))
	case "rn":
		n.Routing = separators(unescape(value))
	case "npdi":
		n.Dipped = true
	}
}

// inContext makes a local number global, if its context is the beginning of global ones (RFC 3966, section 5.1.5). A number that begins
// with a zero is written for dialling within a country, and stays so: whose zeros belong to it only the dial plan knows.
func (n *Number) inContext(context string) {
	prefix := separators(strings.TrimSpace(context))
	local := separators(n.Text)
	if !strings.HasPrefix(prefix, "+") || !digits(prefix[1:]) || !digits(local) || local[0] == '0' ||
		len(prefix)-1+len(local) < globalDigits {
		return
	}
	n.Text = prefix + local
}

// unescape takes escapes out (RFC 3261, section 19.1.2). What would break the line that it is written into stays escaped.
func unescape(s string) string {
	plain, err := url.PathUnescape(s)
	if err != nil || strings.ContainsFunc(plain, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`<>"@`, r) }) {
		return s
	}
	return plain
}

// separators takes the visual separators of RFC 3966 out.
func separators(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-.()", r) {
			return -1
		}
		return r
	}, s)
}

func digits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}
