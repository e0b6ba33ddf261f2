package headers

import (
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"

	"trunkline/provision"
)

// Values are what stands for the words in braces of a rule's value, such as {tenant}.
type Values map[string]string

// Rules applies rules; it remembers the patterns that it has read. It is safe for concurrent use. The zero value is ready.
type Rules struct {
	mu       sync.Mutex
	patterns map[string]*regexp.Regexp
}

// Pass copies headers of a message to one that is made of it: those that the rules of the side that it goes to let pass, and those that the
// rules of the side that it comes from let out. What stands in the message already is not copied.
func (r *Rules) Pass(from, to sip.Message, theirs, ours []provision.HeaderRule) {
	if len(theirs) == 0 && len(ours) == 0 {
		return
	}
	source, ok := from.(interface{ Headers() []sip.Header })
	if !ok {
		return
	}
	for _, h := range source.Headers() {
		if provision.FixedHeader(h.Name()) || len(to.GetHeaders(h.Name())) > 0 && !passes(to, h) {
			continue
		}
		if verdict(theirs, h.Name(), true) || verdict(ours, h.Name(), false) {
			to.AppendHeader(sip.NewHeader(h.Name(), h.Value()))
		}
	}
}

// passes lets several headers of one name pass together: all that are there came from the same message.
func passes(to sip.Message, h sip.Header) bool {
	for _, other := range to.GetHeaders(h.Name()) {
		if other.Value() == h.Value() {
			return false
		}
	}
	return true
}

// verdict reports whether rules let a header pass; the first that fits decides.
func verdict(rules []provision.HeaderRule, name string, out bool) bool {
	for i := range rules {
		rule := &rules[i]
		if rule.From == out && fits(rule.Name, name) && (rule.Do == provision.HeaderPass || rule.Do == provision.HeaderRemove) {
			return rule.Do == provision.HeaderPass
		}
	}
	return false
}

// fits holds a name against one that may end in a star.
func fits(pattern, name string) bool {
	ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(name))
	return err == nil && ok
}

// Apply removes, rewrites, sets and adds headers of a message that is ready to be sent.
func (r *Rules) Apply(to sip.Message, rules []provision.HeaderRule, values Values) {
	for i := range rules {
		rule := &rules[i]
		if rule.From || provision.FixedHeader(rule.Name) {
			continue
		}
		switch rule.Do {
		case provision.HeaderRemove:
			remove(to, rule.Name)
		case provision.HeaderSet:
			remove(to, rule.Name)
			to.AppendHeader(sip.NewHeader(rule.Name, values.fill(rule.Value)))
		case provision.HeaderAdd:
			to.AppendHeader(sip.NewHeader(rule.Name, values.fill(rule.Value)))
		case provision.HeaderRewrite:
			r.rewrite(to, rule, values)
		case provision.HeaderPass:
		}
	}
}

func remove(msg sip.Message, pattern string) {
	source, ok := msg.(interface {
		Headers() []sip.Header
		RemoveHeader(name string) bool
	})
	if !ok {
		return
	}
	var names []string
	for _, h := range source.Headers() {
		if fits(pattern, h.Name()) && !provision.FixedHeader(h.Name()) {
			names = append(names, h.Name())
		}
	}
	for _, name := range names {
		source.RemoveHeader(name)
	}
}

// rewrite changes the values of a header that match.
func (r *Rules) rewrite(to sip.Message, rule *provision.HeaderRule, values Values) {
	pattern := r.pattern(rule.Match)
	old := to.GetHeaders(rule.Name)
	if pattern == nil || len(old) == 0 {
		return
	}
	remove(to, rule.Name)
	for _, h := range old {
		to.AppendHeader(sip.NewHeader(h.Name(), line(pattern.ReplaceAllString(h.Value(), values.fill(rule.Value)))))
	}
}

func (r *Rules) pattern(text string) *regexp.Regexp {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.patterns[text]; ok {
		return p
	}
	p, err := regexp.Compile(text)
	if err != nil {
		return nil // It was checked.
	}
	if r.patterns == nil {
		r.patterns = make(map[string]*regexp.Regexp)
	}
	r.patterns[text] = p
	return p
}

// fill puts values in the place of their words.
func (v Values) fill(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	for word, value := range v {
		text = strings.ReplaceAll(text, "{"+word+"}", line(value))
	}
	return text
}

// line keeps a value on its line.
func line(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, s)
}
