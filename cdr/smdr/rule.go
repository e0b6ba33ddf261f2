package smdr

import (
	"fmt"
	"strings"

	"trunkline/internal/calls"
)

// rule is a compiled RuleSpec.
type rule struct {
	when      conditions
	differ    []field // Two fields that must both have a value, and not the same.
	then      *Outcome
	direction calls.Direction
	edits     []edit
}

// edit changes fields.
type edit struct {
	kind       editKind
	field      field
	other, two field
	text       string
}

type editKind uint8

const (
	editCut editKind = iota
	editSplit
	editTail
	editHead
	editSet
	editStrip
)

func compileRules(specs []RuleSpec) ([]rule, error) {
	out := make([]rule, 0, len(specs))
	for i := range specs {
		r, err := compileRule(&specs[i])
		if err != nil {
			return nil, fmt.Errorf("rules[%d]: %w", i, err)
		}
		out = append(out, r)
	}
	return out, nil
}

func compileRule(spec *RuleSpec) (rule, error) {
	r := rule{then: &spec.Then}
	var err error
	if r.when, err = compileConditions(spec.When); err != nil {
		return r, err
	}
	if len(spec.Differ) > 0 {
		if r.differ, err = fieldsOf(spec.Differ); err != nil || len(r.differ) != 2 {
			return r, fmt.Errorf("%w: differ needs two fields", ErrDescription)
		}
	}
	if w := spec.Then.Direction; w != "" {
		var err error
		if r.direction, err = calls.ParseDirection(w); err != nil {
			return r, fmt.Errorf("%w: %q is no direction: use outbound, inbound, forwarded or internal", ErrDescription, w)
		}
	}
	c := editCompiler{rule: &r}
	if s := spec.Then.Split; s != nil {
		c.add(editSplit, s.Field, s.At, s.Left, s.Right)
	}
	for _, name := range sortedKeys(spec.Then.Strip) {
		c.add(editStrip, name, spec.Then.Strip[name])
	}
	for _, name := range sortedKeys(spec.Then.Cut) {
		c.add(editCut, name, spec.Then.Cut[name])
	}
	if spec.Then.Tail != "" {
		c.add(editTail, spec.Then.Tail, "")
	}
	if spec.Then.Head != "" {
		c.add(editHead, spec.Then.Head, "")
	}
	for _, name := range sortedKeys(spec.Then.Set) {
		c.add(editSet, name, "", spec.Then.Set[name])
	}
	return r, c.err
}

type editCompiler struct {
	rule *rule
	err  error
}

func (c *editCompiler) add(kind editKind, name, text string, others ...string) {
	e := edit{kind: kind, text: text}
	ids := [3]field{}
	for i, n := range append([]string{name}, others...) {
		id, ok := fieldOf(n)
		if !ok {
			c.err = fmt.Errorf("%w: there is no field %q", ErrDescription, n)
			return
		}
		ids[i] = id
	}
	e.field, e.other, e.two = ids[0], ids[1], ids[2]
	c.rule.edits = append(c.rule.edits, e)
}

func compileConditions(when map[string]Patterns) (conditions, error) {
	var out conditions
	for _, name := range sortedKeys(when) {
		id, ok := fieldOf(name)
		if !ok {
			return nil, fmt.Errorf("%w: there is no field %q", ErrDescription, name)
		}
		out = append(out, condition{id, newMatchers(when[name])})
	}
	return out, nil
}

func (e *edit) apply(v *values) {
	switch e.kind {
	case editCut:
		v[e.field] = trim(strings.TrimPrefix(v[e.field], e.text))
	case editSplit:
		if left, right, ok := strings.Cut(v[e.field], e.text); ok {
			v[e.other], v[e.two] = trim(left), trim(right)
		}
	case editTail:
		s := v[e.field]
		i := len(s)
		for i > 0 && s[i-1]-'0' <= 9 {
			i--
		}
		v[e.field] = s[i:]
	case editHead:
		s := v[e.field]
		i := 0
		for i < len(s) && (s[i]-'0' <= 9 || s[i] == '*' || s[i] == '#' || s[i] == '+') {
			i++
		}
		v[e.field] = s[:i]
	case editSet: // See rule.edit.
	case editStrip:
		v[e.field] = strings.Map(func(r rune) rune {
			if strings.ContainsRune(e.text, r) {
				return -1
			}
			return r
		}, v[e.field])
	}
}

// effect is what the rules say of one record.
type effect struct {
	direction calls.Direction
	answered  *bool
	skip      bool
	fault     string
	open      bool
	follows   bool
	inherits  bool
	second    bool
	cause     string
	event     string
}

// edit makes the changes of a rule. Those of set take the values that the fields had before the first of them.
func (r *rule) edit(v *values) {
	for i := range r.edits {
		if r.edits[i].kind == editSet {
			before := *v
			for _, e := range r.edits[i:] {
				v[e.field] = before[e.other]
			}
			return
		}
		r.edits[i].apply(v)
	}
}

// holds reports whether a rule is for a record.
func (r *rule) holds(v *values) bool {
	if !r.when.hold(v) {
		return false
	}
	if len(r.differ) == 0 {
		return true
	}
	a, b := v[r.differ[0]], v[r.differ[1]]
	return a != "" && b != "" && a != b
}

func applyRules(rules []rule, v *values, e *effect) {
	for i := range rules {
		r := &rules[i]
		if !r.holds(v) {
			continue
		}
		r.edit(v)
		t := r.then
		if r.direction != 0 {
			e.direction = r.direction
		}
		if t.Answered != nil {
			e.answered = t.Answered
		}
		if t.Fault != "" {
			e.fault = t.Fault
		}
		if t.Cause != "" {
			e.cause = t.Cause
		}
		if t.Event != "" {
			e.event = t.Event
		}
		e.skip = e.skip || t.Skip
		e.open = e.open || t.Open
		e.follows = e.follows || t.Follows
		e.inherits = e.inherits || t.Inherits
		e.second = e.second || t.Second
	}
}
