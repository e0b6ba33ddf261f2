package routing

import (
	"cmp"
	"strings"

	"trunkline/internal/e164"
	"trunkline/provision"
)

// Dialled is what a dial plan makes of what was dialled.
type Dialled struct {
	Number    e164.Number
	Extension string // A short number of the tenant instead.
	Trunk     string // A trunk of the tenant instead, and what is called there.
	Called    string
	Withhold  bool   // The caller hides their number in this call (CLIR).
	Show      bool   // The caller shows it, whatever is set up.
	Forward   string // The way of forwarding that is set, such as provision.DoForwardBusy, to Called; nothing is called.
	Emergency bool
	Blocked   bool
	Rule      int // Index of the rule that matched; -1 when none did.
}

// String says in a few words what became of what was dialled.
func (d Dialled) String() string {
	switch {
	case d.Rule < 0 && d.Emergency:
		return d.Number.String() + ", emergency, without a rule"
	case d.Rule < 0:
		return "no rule matches"
	case d.Blocked:
		return "blocked"
	case d.Extension != "":
		return "extension " + d.Extension
	case d.Forward != "":
		return d.Forward + " to " + cmp.Or(d.Called, "nowhere")
	case d.Trunk != "":
		return d.Called + " at trunk " + d.Trunk
	case d.Emergency:
		return d.Number.String() + ", emergency"
	}
	return d.Number.String()
}

// Dial resolves dialled digits by a dial plan. area is the area code of the caller; the plan's own if empty. Dial ignores the
// spaces, hyphens and brackets that people type into numbers.
func Dial(plan *provision.DialPlan, dialled, area string) Dialled {
	p := dialPlan{plan}
	if area == "" {
		area = p.Area
	}
	if service, ok := sosURN(dialled); ok {
		return p.emergencyService(service, area)
	}
	text := plain(dialled)
	for i := range p.Rules {
		if d, problem := p.apply(i, text, area); problem == "" {
			return d
		}
	}
	if n, err := e164.Parse(text); err == nil && n.Emergency() {
		return Dialled{Number: n, Emergency: true, Rule: -1} // A plan that forgot it does not keep help away.
	}
	return Dialled{Rule: -1}
}

// dialPlan is a dial plan that is being applied.
type dialPlan struct{ *provision.DialPlan }

// sosURN reads urn:service:sos and its children (RFC 5031): what is asked for beyond sos, or nothing.
func sosURN(dialled string) (service string, ok bool) {
	const sos = "urn:service:sos"
	if len(dialled) < len(sos) || !strings.EqualFold(dialled[:len(sos)], sos) {
		return "", false
	}
	rest := dialled[len(sos):]
	if rest != "" && rest[0] != '.' {
		return "", false
	}
	return strings.ToLower(strings.TrimPrefix(rest, ".")), true
}

// emergencyService finds the number of an emergency service: the rule that names it, else a rule for any, else 112.
func (p dialPlan) emergencyService(service, area string) Dialled {
	for _, wanted := range []string{service, ""} {
		for i := range p.Rules {
			r := &p.Rules[i]
			if !r.Emergency || r.Service != wanted {
				continue
			}
			if d, problem := p.apply(i, r.Match, area); problem == "" {
				return d
			}
		}
	}
	return Dialled{Number: e164.MustParse("112"), Emergency: true, Rule: -1}
}

// DialStep is what one rule of a dial plan made of what was dialled.
type DialStep struct {
	Rule    int
	Match   string
	Problem string // Why the rule does not decide; empty when it does.
	Result  Dialled
}

// ExplainDial is Dial with every rule that was tried.
func ExplainDial(plan *provision.DialPlan, dialled, area string) []DialStep {
	p := dialPlan{plan}
	if area == "" {
		area = p.Area
	}
	var steps []DialStep
	for i := range p.Rules {
		d, problem := p.apply(i, plain(dialled), area)
		steps = append(steps, DialStep{Rule: i, Match: p.Rules[i].Match, Problem: problem, Result: d})
		if problem == "" {
			break
		}
	}
	return steps
}

// apply holds what was dialled against one rule, and says why it does not decide.
func (p dialPlan) apply(rule int, text, area string) (Dialled, string) {
	r := &p.Rules[rule]
	d := Dialled{Rule: rule, Emergency: r.Emergency, Blocked: r.Block}
	switch {
	case !matchDialled(r.Match, text):
		return d, "does not match"
	case area == "" && strings.Contains(r.Add+r.Set, "{area}"):
		return d, "the area of the caller is not known"
	}
	fill := func(s string) string {
		return strings.ReplaceAll(strings.ReplaceAll(s, "{country}", p.Country), "{area}", area)
	}
	rest := fill(r.Add) + text[min(r.Strip, len(text)):]
	if r.Set != "" {
		rest = fill(r.Set)
	}
	switch {
	case r.Do == provision.DoWithhold, r.Do == provision.DoShow:
		return p.withholding(d, r, rest, area)
	case r.Do != "":
		d.Forward, d.Called = r.Do, strings.TrimSuffix(rest, "#")
		return d, ""
	case r.Extension:
		d.Extension = rest
		return d, ""
	}
	if r.Trunk != "" {
		d.Trunk, d.Called = r.Trunk, rest
		return d, ""
	}
	n, err := e164.Parse(rest)
	if err != nil && !r.Block {
		return d, err.Error() // The pattern was too wide; another rule may know better.
	}
	d.Number = n
	return d, ""
}

// withholding dials what is left behind a code that hides the caller's number, or shows it.
func (p dialPlan) withholding(code Dialled, r *provision.DialRule, rest, area string) (Dialled, string) {
	for i := range p.Rules {
		if p.Rules[i].Do != "" { // One code in a call.
			continue
		}
		if d, problem := p.apply(i, rest, area); problem == "" {
			d.Withhold, d.Show = r.Do == provision.DoWithhold, r.Do == provision.DoShow
			return d, ""
		}
	}
	return code, "no rule takes what is left"
}

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -().\u00a0", r) {
			return -1
		}
		return r
	}, s)
}

// matchDialled holds text against a pattern: X is any digit, Z one from 1 to 9, "." at the end one or more of any
// character, everything else is itself.
func matchDialled(pattern, text string) bool {
	body, open := strings.CutSuffix(pattern, ".")
	if (open && len(text) <= len(body)) || (!open && len(text) != len(body)) {
		return false
	}
	for i := range len(body) {
		c := text[i]
		switch body[i] {
		case 'X':
			if c < '0' || c > '9' {
				return false
			}
		case 'Z':
			if c < '1' || c > '9' {
				return false
			}
		default:
			if c != body[i] {
				return false
			}
		}
	}
	return true
}
