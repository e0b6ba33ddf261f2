package smdr

import (
	"fmt"
	"regexp"
)

// pattern cuts records by a regular expression: the slowest way, for layouts that nothing else fits.
type pattern struct {
	expression *regexp.Regexp
	fields     []field // By group; -1 for groups without a name.
}

func compilePattern(d *Description) (newCutter, error) {
	e, err := regexp.Compile(d.Layout.Pattern)
	if err != nil {
		return nil, fmt.Errorf("%w: layout.pattern: %w", ErrDescription, err)
	}
	p := &pattern{expression: e}
	named := 0
	for _, name := range e.SubexpNames() {
		id := field(-1)
		if name != "" {
			var ok bool
			if id, ok = fieldOf(name); !ok {
				return nil, fmt.Errorf("%w: layout.pattern: there is no field %q", ErrDescription, name)
			}
			named++
		}
		p.fields = append(p.fields, id)
	}
	if named == 0 {
		return nil, fmt.Errorf("%w: layout.pattern has no named groups", ErrDescription)
	}
	return func() cutter { return p }, nil
}

func (p *pattern) cut(raw string, v *values) string {
	*v = values{}
	m := p.expression.FindStringSubmatchIndex(raw)
	if m == nil {
		return "it does not match the pattern of the format"
	}
	for i, id := range p.fields {
		if id >= 0 && m[2*i] >= 0 {
			v[id] = trim(raw[m[2*i]:m[2*i+1]])
		}
	}
	return ""
}
