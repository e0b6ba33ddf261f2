package provision

import (
	"strings"

	"trunkline/internal/e164"
)

// barred names who does not let a number be called: the operator, tenant, branch or extension; empty: nobody objects.
func (s *Snapshot) barred(p *party, to e164.Number) string {
	operator := Barring{Blocked: s.operator.Blocked}
	switch {
	case operator.bars(to):
		return "operator"
	case !p.tenant.AllowRisky && longestPrefix(s.operator.Risky, to) >= 0:
		return "operator, as risky"
	case p.tenant.bars(to):
		return "tenant"
	case p.branch.bars(to):
		return "branch"
	case p.extension.bars(to):
		return "extension"
	}
	return ""
}

// bars reports whether the lists forbid a number: the longest prefix of both decides.
func (b *Barring) bars(to e164.Number) bool {
	allowed := longestPrefix(b.Allowed, to)
	if len(b.Allowed) > 0 && allowed < 0 {
		return true
	}
	blocked := longestPrefix(b.Blocked, to)
	return blocked >= 0 && blocked >= allowed
}

// longestPrefix returns the length of the longest prefix of a list that the number begins with, or -1.
func longestPrefix(prefixes []string, n e164.Number) int {
	longest := -1
	for _, p := range prefixes {
		p = strings.TrimPrefix(p, "+")
		if len(p) > longest && strings.HasPrefix(n.Digits(), p) {
			longest = len(p)
		}
	}
	return longest
}
