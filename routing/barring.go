package routing

import (
	"strings"

	"trunkline/internal/e164"
	"trunkline/provision"
)

// barred names whoever forbids the number: the operator, the tenant, the branch or the extension. Empty: the call is allowed.
func (rt *Table) barred(p *party, to e164.Number) string {
	operator := provision.Barring{Blocked: rt.setup.Operator().Blocked}
	switch {
	case bars(&operator, to):
		return "operator"
	case !p.tenant.AllowRisky && longestPrefix(rt.setup.Operator().Risky, to) >= 0:
		return "operator, as risky"
	case bars(&p.tenant.Barring, to):
		return "tenant"
	case bars(&p.branch.Barring, to):
		return "branch"
	case bars(&p.extension.Barring, to):
		return "extension"
	}
	return ""
}

// bars reports whether the lists forbid a number: the longest prefix of both decides.
func bars(b *provision.Barring, to e164.Number) bool {
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
