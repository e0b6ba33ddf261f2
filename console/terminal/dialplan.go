package terminal

import (
	"cmp"
	"fmt"
	"io"

	"trunkline/provision"
	"trunkline/routing"
)

// Dialled is what a dial plan makes of one number. Its JSON is part of the command line's interface.
type Dialled struct {
	Dialled   string     `json:"dialled"`
	Rules     []dialStep `json:"rules"`
	Number    string     `json:"number,omitempty"`
	Extension string     `json:"extension,omitempty"`
	Emergency bool       `json:"emergency,omitempty"`
	Blocked   bool       `json:"blocked,omitempty"`

	result routing.Dialled
}

// dialStep is one rule that was tried.
type dialStep struct {
	Rule    int    `json:"rule"` // Counted from one.
	Match   string `json:"match"`
	Problem string `json:"problem,omitempty"` // Why it did not decide.
}

// NewDialled asks a dial plan what a number means when it is dialled in an area.
func NewDialled(plan *provision.DialPlan, dialled, area string) Dialled {
	a := Dialled{Dialled: dialled, Rules: []dialStep{}, result: routing.Dial(plan, dialled, area)}
	for _, s := range routing.ExplainDial(plan, dialled, area) {
		a.Rules = append(a.Rules, dialStep{Rule: s.Rule + 1, Match: s.Match, Problem: s.Problem})
	}
	a.Number, a.Extension = a.result.Number.String(), a.result.Extension
	a.Emergency, a.Blocked = a.result.Emergency, a.result.Blocked
	return a
}

// Meaningless says that the plan lets nothing through: no rule decides, or the number is blocked.
func (d *Dialled) Meaningless() bool { return d.Blocked || d.result.Rule < 0 }

// WriteDialled writes what numbers mean, rule by rule, in a format: table or json.
func WriteDialled(out io.Writer, answers []Dialled, format string) error {
	if format == "json" {
		return JSON(out, answers)
	}
	w := aligned(out)
	for i := range answers {
		a := &answers[i]
		fmt.Fprintf(w, "%s\t\t%s\n", a.Dialled, a.result)
		for _, s := range a.Rules {
			fmt.Fprintf(w, "  rule %d\t%s\t%s\n", s.Rule, s.Match, cmp.Or(s.Problem, "decides"))
		}
	}
	return w.Flush()
}
