package sheet

import "strings"

// quotes says how the quotes of a record end.
type quotes int

const (
	quoteNone  quotes = iota // As they should.
	quoteOpen                // A cell goes on in the next line.
	quoteStray               // One stands where none belongs.
)

// split takes a record apart into the cells of the reader (RFC 4180, and what spreadsheets accept beside it: spaces before a quote,
// ="44", and pairs of quotes within a cell).
func (r *recordReader) split(line string) quotes {
	r.cells = r.cells[:0]
	if strings.IndexByte(line, '"') < 0 {
		for {
			i := strings.IndexByte(line, r.delimiter)
			if i < 0 {
				r.cells = append(r.cells, line)
				return quoteNone
			}
			r.cells, line = append(r.cells, line[:i]), line[i+1:]
		}
	}
	result := quoteNone
	for {
		cell, rest, more, q := r.cell(line)
		r.cells = append(r.cells, cell)
		if q != quoteNone {
			result = q
		}
		if !more || q == quoteOpen {
			return result
		}
		line = rest
	}
}

// cell reads one cell and returns what is behind its delimiter.
func (r *recordReader) cell(line string) (cell, rest string, more bool, q quotes) {
	trimmed := strings.TrimLeft(line, " ")
	if r.delimiter != '\t' {
		trimmed = strings.TrimLeft(line, " \t")
	}
	inner, quoted := strings.CutPrefix(trimmed, `"`)
	if !quoted {
		inner, quoted = strings.CutPrefix(trimmed, `="`)
	}
	if !quoted {
		cell, rest, more = strings.Cut(line, string(r.delimiter))
		if strings.Count(cell, `"`)%2 == 1 {
			q = quoteStray
		}
		return cell, rest, more, q
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(inner, '"')
		if i < 0 {
			b.WriteString(inner)
			return b.String(), "", false, quoteOpen
		}
		b.WriteString(inner[:i])
		inner = inner[i+1:]
		if doubled, ok := strings.CutPrefix(inner, `"`); ok {
			b.WriteByte('"')
			inner = doubled
			continue
		}
		between, rest, more := strings.Cut(inner, string(r.delimiter))
		if strings.TrimSpace(between) != "" {
			return b.String() + between, rest, more, quoteStray
		}
		return b.String(), rest, more, quoteNone
	}
}
