package reports

import (
	"errors"
	"fmt"
	"slices"
)

// ErrFilter is returned, wrapped, for a filter line that cannot be read.
var ErrFilter = errors.New("bad filter")

// maxFilter bounds a filter line, and maxTerms what is in it.
const (
	maxFilter = 4096
	maxTerms  = 200
)

// Filter says which legs are meant. The zero value means all. It is read by ParseFilter and is immutable.
//
//	7495%                                  called or caller's number begins with 7495
//	to:7495%,7499% !branch:moscow          to one of two, and not of that branch
//	duration>1m30s sale>=1.5               longer and dearer
//	status:4xx cause:17..21                a class, a range
//	(carrier:alfa or carrier:beta) pdd>5s  alternatives
type Filter struct {
	text string
	expr *Expr
}

// Operator compares.
type Operator string

// The operators. A list of values with ":" is any of them, and with "!" before it none.
const (
	Is      Operator = ":"
	Less    Operator = "<"
	AtMost  Operator = "<="
	Greater Operator = ">"
	AtLeast Operator = ">="
)

// Expr is a filter as a tree: exactly one of its parts is set.
type Expr struct {
	All   []Expr
	Any   []Expr
	Not   *Expr
	Match *Match
}

// Match is one comparison.
type Match struct {
	Field    Field
	Operator Operator
	Values   []Value // One, but for Is.
}

// Value is what a field is compared with. Which parts count depends on the field.
type Value struct {
	Text    string // Text, word or digits; "%" stands for any characters where Pattern is set.
	Pattern bool
	Low     int64 // Integers, microseconds, millionths: Low to High, both in it.
	High    int64
}

// ParseFilter reads a filter line. Errors name the place and what would be right.
func ParseFilter(line string) (Filter, error) {
	if len(line) > maxFilter {
		return Filter{}, fmt.Errorf("%w: longer than %d characters", ErrFilter, maxFilter)
	}
	tree, err := parseLine(line)
	if err != nil {
		return Filter{}, fmt.Errorf("%w: %q: %w", ErrFilter, line, err)
	}
	if tree == nil {
		return Filter{}, nil
	}
	expr, err := tree.expr()
	if err != nil {
		return Filter{}, fmt.Errorf("%w: %q: %w", ErrFilter, line, err)
	}
	return Filter{line, &expr}, nil
}

// String returns the line.
func (f Filter) String() string { return f.text }

// IsZero reports whether all legs are meant.
func (f Filter) IsZero() bool { return f.expr == nil }

// Expr returns the tree for stores; nil means all.
func (f Filter) Expr() *Expr { return f.expr }

// MarshalText writes the line.
func (f Filter) MarshalText() ([]byte, error) { return []byte(f.text), nil }

// UnmarshalText is ParseFilter.
func (f *Filter) UnmarshalText(text []byte) error {
	v, err := ParseFilter(string(text))
	if err != nil {
		return err
	}
	*f = v
	return nil
}

// Matches returns all comparisons of the filter, whatever joins them.
func (f Filter) Matches() []Match {
	var out []Match
	var walk func(*Expr)
	walk = func(e *Expr) {
		if e == nil {
			return
		}
		if e.Match != nil {
			out = append(out, *e.Match)
		}
		walk(e.Not)
		for _, list := range [][]Expr{e.All, e.Any} {
			for i := range list {
				walk(&list[i])
			}
		}
	}
	walk(f.expr)
	return out
}

// Fields returns the fields that the filter looks at, each once.
func (f Filter) Fields() []Field {
	var out []Field
	for _, m := range f.Matches() {
		if !slices.Contains(out, m.Field) {
			out = append(out, m.Field)
		}
	}
	return out
}
