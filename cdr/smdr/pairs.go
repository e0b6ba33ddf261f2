package smdr

import (
	"fmt"
	"strings"
)

// pairs cuts records of names with values: "a=1;b=2", or one attribute in every line.
type pairs struct {
	after     string
	separator string
	names     map[string][]field
}

// vendorPair is the attribute that carries others in its value (RFC 2865, section 5.26, as Cisco uses it).
const vendorPair = "Cisco-AVPair"

func compilePairs(d *Description) (newCutter, error) {
	p := &pairs{after: d.Layout.After, separator: d.Layout.Separator, names: make(map[string][]field)}
	if d.Layout.Kind == "attributes" {
		p.separator = "\n"
	}
	if p.separator == "" {
		return nil, fmt.Errorf("%w: layout.separator is empty", ErrDescription)
	}
	for name, text := range d.Fields {
		id, ok := fieldOf(name)
		if !ok {
			return nil, fmt.Errorf("%w: there is no field %q", ErrDescription, name)
		}
		for _, n := range alternatives(text) {
			p.names[n] = append(p.names[n], id)
		}
	}
	return func() cutter { return p }, nil
}

func (p *pairs) cut(raw string, v *values) string {
	*v = values{}
	if p.after != "" {
		_, rest, ok := strings.Cut(raw, p.after)
		if !ok {
			return "it has no " + p.after
		}
		raw = rest
	}
	found := 0
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, p.separator)
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		name, value = trim(name), unquote(trim(value))
		if i := strings.LastIndexByte(name, ' '); i >= 0 { // Words before the first pair.
			name = name[i+1:]
		}
		if name == vendorPair {
			if name, value, ok = strings.Cut(value, "="); !ok {
				continue
			}
		}
		for _, id := range p.names[name] {
			v[id] = value
			found++
		}
	}
	if found == 0 {
		return "none of the names of the format is in it"
	}
	return ""
}

func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}
