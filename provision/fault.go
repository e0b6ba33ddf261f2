package provision

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Fault is one thing that is wrong with an operator's file.
type Fault struct { //nolint:errname // It is shown as a thing of its own, one line each, and only joined into an error.
	File    string
	Line    int    // 0 when it is not known.
	Field   string // Path of the field, such as "tenants[0].branches[2].tariff".
	Problem string
	Remedy  string
}

// Error tells file, line, field, problem and remedy in one line.
func (f *Fault) Error() string {
	where := f.File
	if f.Line > 0 {
		where += ":" + strconv.Itoa(f.Line)
	}
	if where != "" {
		where += ": "
	}
	return fmt.Sprintf("%s%s: %s; %s", where, f.Field, f.Problem, f.Remedy)
}

// Faults returns the faults within an error, for showing them one by one.
func Faults(err error) []*Fault {
	var out []*Fault
	switch e := err.(type) { //nolint:errorlint // The tree of joined errors is walked here.
	case nil:
	case *Fault:
		return []*Fault{e}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			out = append(out, Faults(inner)...)
		}
	case interface{ Unwrap() error }:
		return Faults(e.Unwrap())
	}
	return out
}

// Fault tells of something wrong with a field that only others can judge, such as the format of a PBX.
func (b *Bundle) Fault(field, problem, remedy string) error { return b.fault(field, problem, remedy) }

func (b *Bundle) fault(field, problem, remedy string) error {
	return &Fault{File: b.source, Line: lineOf(b.node, field), Field: field, Problem: problem, Remedy: remedy}
}

// lineOf finds the line of a field by its path; of a field that is missing, that of what should hold it.
func lineOf(node *yaml.Node, field string) int {
	if node == nil {
		return 0
	}
	if node.Kind == yaml.DocumentNode && len(node.Content) == 1 {
		node = node.Content[0]
	}
	line := node.Line
	for step := range strings.SplitSeq(strings.ReplaceAll(field, "[", ".["), ".") {
		next := child(node, step)
		if next == nil {
			break
		}
		node, line = next, next.Line
	}
	return line
}

func child(node *yaml.Node, step string) *yaml.Node {
	if index, ok := strings.CutPrefix(step, "["); ok {
		i, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if err != nil || node.Kind != yaml.SequenceNode || i >= len(node.Content) {
			return nil
		}
		return node.Content[i]
	}
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == step {
			return node.Content[i+1]
		}
	}
	return nil
}
