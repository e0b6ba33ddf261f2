package sheet

import (
	"fmt"
	"strconv"
	"strings"
)

// maxMerges bounds the rectangles of a sheet.
const maxMerges = 20_000

// merge is a rectangle of cells that are one: only the first of them holds what all of them mean.
type merge struct {
	first, last   int // Rows.
	left, right   int
	text          string
	textIsPresent bool
}

func (m merge) tall() bool { return m.last > m.first }

// merges are the rectangles of a sheet that are higher than a row.
type merges []*merge

// findMerges reads the end of a sheet, where they are named.
func (b *book) findMerges(part string) (merges, error) {
	out := merges{}
	err := b.scan(part, func(x *xmlScanner) error {
		if string(x.name) != "mergeCell" {
			return nil
		}
		if m, ok := parseMerge(x.attr("ref")); ok && m.tall() {
			out = append(out, &m)
		}
		if len(out) > maxMerges {
			return fmt.Errorf("%w: more than %d merged cells", ErrFile, maxMerges)
		}
		return nil
	})
	return out, err
}

// parseMerge reads "A2:B5".
func parseMerge(ref string) (merge, bool) {
	from, to, ok := strings.Cut(ref, ":")
	first, err1 := strconv.Atoi(strings.TrimLeft(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	last, err2 := strconv.Atoi(strings.TrimLeft(to, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	return merge{first: first, last: last, left: columnOf(from), right: columnOf(to)}, ok && err1 == nil && err2 == nil
}

// fill puts what a merged cell holds into the rows below its first one.
func (ms merges) fill(line int, cells []string) []string {
	for _, m := range ms {
		switch {
		case line == m.first && m.left < len(cells):
			m.text, m.textIsPresent = cells[m.left], true
		case line > m.first && line <= m.last && m.textIsPresent && m.left < MaxColumns:
			for len(cells) <= m.left {
				cells = append(cells, "")
			}
			if cells[m.left] == "" {
				cells[m.left] = m.text
			}
		}
	}
	return cells
}
