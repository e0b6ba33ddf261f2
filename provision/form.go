package provision

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Form is how a gateway or trunk wants to be spoken to, beyond the numbers.
type Form struct {
	// Headers are rules for the headers of calls. Of those that let pass or take away, the first that fits decides.
	Headers []HeaderRule `yaml:"headers,omitempty" access:"open"`
	// UserPhone adds user=phone to the URIs that name numbers (RFC 3261, section 19.1.1).
	UserPhone   bool   `yaml:"user_phone,omitempty" access:"open"`
	FromDomain  string `yaml:"from_domain,omitempty" access:"open"`  // The host of From, and of the identities; our address if empty.
	FromUser    string `yaml:"from_user,omitempty" access:"open"`    // number (the default), login, or the very user of From; the number is asserted beside.
	ContactUser string `yaml:"contact_user,omitempty" access:"open"` // As FromUser, of Contact; none if empty.
	// Identity says in which header the caller's number is asserted: pai (P-Asserted-Identity, the default), ppi (P-Preferred-Identity),
	// rpid (Remote-Party-ID) or none.
	Identity    string `yaml:"identity,omitempty" access:"open"`
	HistoryInfo bool   `yaml:"history_info,omitempty" access:"open"` // It is told by whom a call was forwarded and why (RFC 7044).
	// SessionTimer is the interval of a session timer of our own with it (RFC 4028); 0: the ends agree on theirs.
	SessionTimer time.Duration `yaml:"session_timer,omitempty" access:"open"`
	Refresher    string        `yaml:"refresher,omitempty" access:"open"` // Who refreshes: ours (the default), or theirs, if it is able to.
}

// HeaderRule says what becomes of a header.
type HeaderRule struct {
	Name  string `yaml:"name" access:"open"` // Its name; a star at the end stands for anything: "X-*".
	Do    string `yaml:"do" access:"open"`   // pass, remove, set, add or rewrite.
	Value string `yaml:"value,omitempty" access:"open"`
	Match string `yaml:"match,omitempty" access:"open"` // Of rewrite: a regular expression (RE2); value may name its groups, $1.
	From  bool   `yaml:"from,omitempty" access:"open"`  // Of messages that come from there, toward the other side; else of those that go there.
}

// What HeaderRule.Do may be.
const (
	HeaderPass    = "pass"
	HeaderRemove  = "remove"
	HeaderSet     = "set"
	HeaderAdd     = "add"
	HeaderRewrite = "rewrite"
)

// FixedHeader reports whether a header makes the message what it is, so that no rule may touch it.
func FixedHeader(name string) bool {
	switch strings.ToLower(name) {
	case "via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "contact", "m", "route", "record-route", "max-forwards", "content-length", "l",
		"content-type", "c", "authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate", "require", "proxy-require",
		"supported", "k", "rack", "rseq", "session-expires", "x", "min-se", "event", "o", "refer-to", "r", "replaces", "allow", "expires":
		return true
	}
	return false
}

const (
	sessionLeast = 90 * time.Second // RFC 4028, section 5.
	sessionMost  = 24 * time.Hour
	rulesMost    = 64
)

func (c *checker) form(at string, f *Form) {
	c.headerRules(at+".headers", f.Headers)
	if !slices.Contains([]string{"", "pai", "ppi", "rpid", "none"}, f.Identity) {
		c.add(at+".identity", fmt.Sprintf("%q is no header", f.Identity), "use pai, ppi, rpid or none")
	}
	if f.Refresher != "" && f.Refresher != "ours" && f.Refresher != "theirs" {
		c.add(at+".refresher", fmt.Sprintf("%q is nobody", f.Refresher), "use ours or theirs")
	}
	if f.SessionTimer != 0 && (f.SessionTimer < sessionLeast || f.SessionTimer > sessionMost) {
		c.add(at+".session_timer", fmt.Sprintf("%s is out of range", f.SessionTimer), "give 90s to 24h, or 0 for none of our own")
	}
	for field, text := range map[string]string{".from_domain": f.FromDomain, ".from_user": f.FromUser, ".contact_user": f.ContactUser} {
		if strings.ContainsAny(text, " \r\n<>\"@;,") {
			c.add(at+field, fmt.Sprintf("%q cannot stand there", text), "give a host, or a user, without blanks, brackets and @")
		}
	}
}

func (c *checker) headerRules(at string, rules []HeaderRule) {
	token := regexp.MustCompile("^[A-Za-z0-9.!%*_+`'~-]+$")
	if len(rules) > rulesMost {
		c.add(at, fmt.Sprintf("are %d", len(rules)), fmt.Sprintf("give %d at most", rulesMost))
	}
	for i, h := range rules {
		field := fmt.Sprintf("%s[%d]", at, i)
		star := strings.IndexByte(h.Name, '*')
		switch {
		case !token.MatchString(h.Name) || star >= 0 && star != len(h.Name)-1:
			c.add(field+".name", fmt.Sprintf("%q is no header", h.Name), "give a name such as X-Account, or X-* for all that begin so")
		case FixedHeader(h.Name):
			c.add(field+".name", h.Name+" makes the message what it is", "leave it; see from_domain, from_user, contact_user and identity")
		}
		if !slices.Contains([]string{HeaderPass, HeaderRemove, HeaderSet, HeaderAdd, HeaderRewrite}, h.Do) {
			c.add(field+".do", fmt.Sprintf("%q is nothing to do", h.Do), "use pass, remove, set, add or rewrite")
		}
		if _, err := regexp.Compile(h.Match); err != nil || h.Do == HeaderRewrite && h.Match == "" {
			c.add(field+".match", fmt.Sprintf("%q is no regular expression", h.Match), "give one such as sip:([0-9]+)@")
		}
		if strings.ContainsAny(h.Value, "\r\n") {
			c.add(field+".value", "has more than one line", "give one")
		}
	}
}
