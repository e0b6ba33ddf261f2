package smdr

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// fixed cuts records whose fields stand in columns.
type fixed struct {
	places []place
	gaps   []place // Columns that must be blank.
	least  int
	lines  int
	anchor string // Shape whose place is column 1; "" is the beginning of the line.
}

func compileFixed(d *Description) (newCutter, error) {
	f := &fixed{least: d.Layout.Least, lines: max(1, d.Layout.Lines), anchor: d.Layout.Anchor}
	for name, text := range d.Fields {
		id, ok := fieldOf(name)
		if !ok {
			return nil, fmt.Errorf("%w: there is no field %q", ErrDescription, name)
		}
		p, err := parsePlace(text)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", name, err)
		}
		if p.line >= f.lines {
			return nil, fmt.Errorf("%w: field %s stands in line %d of %d", ErrDescription, name, p.line+1, f.lines)
		}
		if p.from < 0 && f.anchor == "" {
			return nil, fmt.Errorf("%w: field %s begins before column 1", ErrDescription, name)
		}
		p.field = id
		f.places = append(f.places, p)
	}
	slices.SortFunc(f.places, func(a, b place) int { return cmp.Or(a.line-b.line, a.from-b.from, int(a.field-b.field)) })
	if d.Layout.Gaps == nil || *d.Layout.Gaps {
		f.findGaps()
	}
	return func() cutter { return f }, nil
}

// findGaps notes single columns between two fields. Wider ones belong to fields that nobody asked for.
func (f *fixed) findGaps() {
	for i := 1; i < len(f.places); i++ {
		a, b := f.places[i-1], f.places[i]
		if a.line == b.line && b.from == a.to+1 {
			f.gaps = append(f.gaps, place{line: a.line, from: a.to, to: b.from})
		}
	}
}

func (f *fixed) cut(raw string, v *values) string {
	*v = values{}
	lines := [4]string{raw}
	if f.lines > 1 {
		for i := range min(f.lines, len(lines)) - 1 {
			first, rest, ok := strings.Cut(lines[i], "\n")
			if !ok {
				break
			}
			lines[i], lines[i+1] = first, rest
		}
	}
	shift := 0
	if f.anchor != "" {
		if shift = findShape(lines[0], f.anchor); shift < 0 {
			return "nothing of the shape " + f.anchor + " is in it"
		}
	}
	if len(lines[0])-shift < f.least {
		return fmt.Sprintf("cut off: %d characters, the shortest record has %d", len(lines[0])-shift, f.least)
	}
	for i := range f.gaps {
		g := &f.gaps[i]
		if at := g.from + shift; at >= 0 && at < len(lines[g.line]) && lines[g.line][at] != ' ' && lines[g.line][at] != '\t' {
			return fmt.Sprintf("column %d is not blank", g.from+1)
		}
	}
	for i := range f.places {
		p := &f.places[i]
		line := lines[p.line]
		from, to := max(0, p.from+shift), min(len(line), p.to+shift)
		if from < to {
			v[p.field] = trim(line[from:to])
		}
	}
	return ""
}

// findShape returns where a text of the shape begins; -1: nowhere. A 9 in the shape is any digit.
func findShape(text, shape string) int {
	for i := 0; i+len(shape) <= len(text); i++ {
		if hasShape(text[i:], shape) {
			return i
		}
	}
	return -1
}

func hasShape(text, shape string) bool {
	for i := range len(shape) {
		c := text[i]
		if shape[i] == '9' {
			if c < '0' || c > '9' {
				return false
			}
		} else if c != shape[i] {
			return false
		}
	}
	return true
}
