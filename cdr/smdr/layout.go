package smdr

import (
	"fmt"
	"strconv"
	"strings"
)

// cutter cuts records of one stream into fields. It may remember what a header said.
type cutter interface {
	// cut fills v and returns why it could not; "" is good, skipped says that the record is a header.
	cut(raw string, v *values) string
}

// skipped is the answer of a cutter to a line that names the columns.
const skipped = "\x00skip"

// newCutter returns what cuts the records of a new stream.
type newCutter func() cutter

// compileLayout makes the cutter of a description.
func compileLayout(d *Description) (newCutter, error) {
	l := &d.Layout
	switch l.Kind {
	case "fixed":
		return compileFixed(d)
	case "words":
		return compileWords(d)
	case "block":
		return compileBlock(d)
	case "xml":
		return compileXML(d)
	case "delimited":
		return compileDelimited(d)
	case "pairs", "attributes":
		return compilePairs(d)
	case "json":
		return compileJSON(d)
	case "pattern":
		return compilePattern(d)
	}
	return nil, fmt.Errorf("%w: layout.kind is %q: use fixed, words, block, delimited, pairs, attributes, json, xml or pattern", ErrDescription, l.Kind)
}

// place is where a field stands: a line of the record and its columns, counted from 0, the second not included.
type place struct {
	field    field
	line     int
	from, to int
}

// maxColumn bounds the columns of a description.
const maxColumn = 4096

// parsePlace reads "5-12", "5", "5-" (to the end of the line) or "2:5-12" (line 2); with an anchor the columns may be
// below 1, and are written "-15..-12".
func parsePlace(text string) (place, error) {
	p := place{}
	bad := fmt.Errorf("%w: %q are no columns: write 5-12, 5- or 2:5-12", ErrDescription, text)
	rest := text
	if line, columns, ok := strings.Cut(text, ":"); ok {
		n, err := strconv.Atoi(line)
		if err != nil || n < 1 {
			return p, bad
		}
		p.line, rest = n-1, columns
	}
	first, last, ranged := strings.Cut(rest, "..")
	if !ranged {
		first, last, ranged = strings.Cut(rest, "-")
	}
	from, err := strconv.Atoi(first)
	if err != nil || from > maxColumn || from < -maxColumn {
		return p, bad
	}
	to := from
	if ranged {
		if to, err = maxColumn, nil; last != "" {
			to, err = strconv.Atoi(last)
		}
	}
	if err != nil || to < from || to > maxColumn {
		return p, bad
	}
	p.from, p.to = from-1, to
	return p, nil
}

// trim takes blanks off both ends.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}
