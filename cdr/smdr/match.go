package smdr

import "strings"

// matcher is a compiled pattern; see Patterns.
type matcher struct {
	text string
	kind matchKind
	not  bool
}

type matchKind uint8

const (
	matchEqual matchKind = iota
	matchPrefix
	matchSuffix
	matchWithin
	matchAny
)

func newMatcher(pattern string) matcher {
	var m matcher
	if rest, ok := strings.CutPrefix(pattern, "!"); ok {
		m.not, pattern = true, rest
	}
	switch front, back := strings.HasPrefix(pattern, "*"), strings.HasSuffix(pattern, "*"); {
	case pattern == "*":
		m.kind = matchAny
	case front && back && len(pattern) > 2:
		m.kind, pattern = matchWithin, pattern[1:len(pattern)-1]
	case front:
		m.kind, pattern = matchSuffix, pattern[1:]
	case back:
		m.kind, pattern = matchPrefix, pattern[:len(pattern)-1]
	}
	m.text = pattern
	return m
}

func (m *matcher) match(s string) bool {
	var ok bool
	switch m.kind {
	case matchEqual:
		ok = s == m.text
	case matchPrefix:
		ok = strings.HasPrefix(s, m.text)
	case matchSuffix:
		ok = strings.HasSuffix(s, m.text)
	case matchWithin:
		ok = strings.Contains(s, m.text)
	case matchAny:
		ok = s != ""
	}
	return ok != m.not
}

// matchers are alternatives. A negated one forbids; the others allow when one of them matches, or when there are none.
type matchers []matcher

func newMatchers(patterns []string) matchers {
	out := make(matchers, 0, len(patterns))
	for _, p := range patterns {
		out = append(out, newMatcher(p))
	}
	return out
}

func (ms matchers) match(s string) bool {
	allowed, wanted := false, false
	for i := range ms {
		m := &ms[i]
		switch {
		case m.not && !m.match(s):
			return false
		case !m.not:
			wanted = true
			allowed = allowed || m.match(s)
		}
	}
	return allowed || !wanted
}

// any reports whether one of them matches; unlike match it is false when there are none.
func (ms matchers) any(s string) bool { return len(ms) > 0 && ms.match(s) }

// condition is what a record must have in one field.
type condition struct {
	field field
	match matchers
}

// conditions must all hold.
type conditions []condition

func (cs conditions) hold(v *values) bool {
	for i := range cs {
		if !cs[i].match.match(v[cs[i].field]) {
			return false
		}
	}
	return true
}
