package smdr

import (
	"fmt"
	"strconv"
	"strings"
)

// delimited cuts records whose fields stand between separators, with or without quotation marks.
type delimited struct {
	rules   *delimitedRules
	columns []int // By field: its column from 0; -1 when there is none.
	named   bool  // The header was read.
}

type delimitedRules struct {
	separator byte // 0: blanks.
	header    bool
	least     int
	most      int
	names     map[string][]field // By column name, for formats with a header.
	columns   []int
}

const maxColumns = 1024

func compileDelimited(d *Description) (newCutter, error) {
	r := &delimitedRules{header: d.Layout.Header, least: 1, most: maxColumns, names: make(map[string][]field), columns: make([]int, fieldCount)}
	switch s := d.Layout.Separator; {
	case s == "blanks":
	case s == "tab":
		r.separator = '\t'
	case len(s) == 1:
		r.separator = s[0]
	default:
		return nil, fmt.Errorf("%w: layout.separator is %q: use one character, tab or blanks", ErrDescription, s)
	}
	if c := d.Layout.Columns; len(c) == 2 {
		r.least, r.most = c[0], c[1]
	} else if len(c) != 0 {
		return nil, fmt.Errorf("%w: layout.columns are the least and the greatest number", ErrDescription)
	}
	for i := range r.columns {
		r.columns[i] = -1
	}
	for name, text := range d.Fields {
		id, ok := fieldOf(name)
		if !ok {
			return nil, fmt.Errorf("%w: there is no field %q", ErrDescription, name)
		}
		if r.header {
			for _, n := range alternatives(strings.ToLower(text)) {
				r.names[n] = append(r.names[n], id)
			}
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxColumns {
			return nil, fmt.Errorf("%w: field %s: %q is no number of a column", ErrDescription, name, text)
		}
		r.columns[id] = n - 1
	}
	return func() cutter { return &delimited{rules: r, columns: r.columns} }, nil
}

func (c *delimited) cut(raw string, v *values) string {
	var room [64]string
	cells := room[:0]
	var ok bool
	if c.rules.separator == 0 {
		cells, ok = append(cells, strings.Fields(raw)...), true
	} else {
		cells, ok = splitCells(raw, c.rules.separator, cells)
	}
	if !ok {
		return "a quotation mark is not closed"
	}
	if c.rules.header && (!c.named || c.isHeader(cells)) {
		return c.readHeader(cells)
	}
	if len(cells) < c.rules.least || len(cells) > c.rules.most {
		return fmt.Sprintf("%d columns; the format has %d to %d", len(cells), c.rules.least, c.rules.most)
	}
	*v = values{}
	for i := range v {
		if at := c.columns[i]; at >= 0 && at < len(cells) {
			v[i] = trim(cells[at])
		}
	}
	return ""
}

// isHeader reports whether the header comes again, as in files that were put together.
func (c *delimited) isHeader(cells []string) bool {
	known := 0
	for _, cell := range cells[:min(3, len(cells))] {
		if len(c.rules.names[strings.ToLower(trim(cell))]) > 0 {
			known++
		}
	}
	return known >= 2
}

func (c *delimited) readHeader(cells []string) string {
	columns := make([]int, fieldCount)
	for i := range columns {
		columns[i] = -1
	}
	found := 0
	for i, cell := range cells {
		name := strings.ToLower(trim(strings.TrimPrefix(cell, "\ufeff")))
		for _, id := range c.rules.names[name] {
			if columns[id] < 0 {
				columns[id] = i
				found++
			}
		}
	}
	if found < 2 {
		return "the first line does not name the columns of the format"
	}
	c.columns, c.named = columns, true
	return skipped
}

// splitCells splits a line of comma-separated values (RFC 4180, with any separator); false: a quotation mark is left open.
func splitCells(line string, separator byte, cells []string) ([]string, bool) {
	for {
		if line != "" && line[0] == '"' {
			cell, rest, ok := quoted(line)
			if !ok {
				return cells, false
			}
			cells = append(cells, cell)
			if rest == "" {
				return cells, true
			}
			if rest[0] != separator {
				return cells, false
			}
			line = rest[1:]
			continue
		}
		i := strings.IndexByte(line, separator)
		if i < 0 {
			return append(cells, line), true
		}
		cells = append(cells, line[:i])
		line = line[i+1:]
	}
}

// quoted takes a cell in quotation marks from the front of a line.
func quoted(line string) (cell, rest string, ok bool) {
	body := line[1:]
	doubled := false
	for i := 0; i < len(body); i++ {
		if body[i] != '"' {
			continue
		}
		if i+1 < len(body) && body[i+1] == '"' {
			doubled = true
			i++
			continue
		}
		cell, rest = body[:i], body[i+1:]
		if doubled {
			cell = strings.ReplaceAll(cell, `""`, `"`)
		}
		return cell, rest, true
	}
	return "", "", false
}
