package smdr

import (
	"bytes"
	"strings"
)

// quoting puts lines together whose line end stands within quotation marks (RFC 4180, section 2.6).
type quoting struct {
	separator byte // 0: lines are records.
	held      []line
	size      int
}

// The most that a record within quotation marks may have. A mark that nobody closes spoils its own line only.
const (
	quotedLines = 16
	quotedBytes = 64 << 10
)

// newQuoting is for layouts of lines with commas or semicolons.
func newQuoting(l *Layout) quoting {
	if l.Kind == "delimited" && l.Lines < 2 && (l.Separator == "," || l.Separator == ";") {
		return quoting{separator: l.Separator[0]}
	}
	return quoting{}
}

// add takes a line and hands over the records that it completes.
func (q *quoting) add(l *line, take func(*record) error) error {
	if len(q.held) == 0 && (l.long || l.damaged || bytes.Count(l.text, []byte{'"'})%2 == 0 || !q.open(l.text)) {
		return single(l, take)
	}
	if n := len(q.held) + 1; n > quotedLines || q.size+len(l.text) > quotedBytes || l.long || l.damaged {
		return q.give(l, take)
	}
	kept := *l
	kept.text = bytes.Clone(l.text)
	q.held = append(q.held, kept)
	q.size += len(l.text) + 1
	text := q.text()
	switch cells, closed := splitCells(text, q.separator, nil); {
	case closed:
		first, partial := q.held[0], l.partial
		q.clear()
		return take(&record{raw: text, line: first.number, offset: first.offset, partial: partial})
	case !openCell(text, q.separator, len(cells)):
		return q.give(nil, take)
	}
	return nil
}

func (q *quoting) open(text []byte) bool {
	s := string(text)
	cells, closed := splitCells(s, q.separator, nil)
	return !closed && openCell(s, q.separator, len(cells))
}

// openCell reports whether what follows the first n cells is a quotation mark that is not closed; else something stands
// behind one that is.
func openCell(text string, separator byte, n int) bool {
	for range n {
		if text != "" && text[0] == '"' {
			_, rest, _ := quoted(text)
			if rest == "" || rest[0] != separator {
				return false
			}
			text = rest[1:]
			continue
		}
		_, text, _ = strings.Cut(text, string(separator))
	}
	if text == "" || text[0] != '"' {
		return false
	}
	_, _, closed := quoted(text)
	return !closed
}

func (q *quoting) text() string {
	var b strings.Builder
	for i := range q.held {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.Write(q.held[i].text)
	}
	return b.String()
}

func (q *quoting) clear() { q.held, q.size = nil, 0 }

// give hands over the first of the lines as a record of its own, and reads on at the second; l follows them, if any.
func (q *quoting) give(l *line, take func(*record) error) error {
	held := q.held
	q.clear()
	if l != nil {
		held = append(held, *l)
	}
	for i := range held {
		add := q.add
		if i == 0 {
			add = single
		}
		if err := add(&held[i], take); err != nil {
			return err
		}
	}
	return nil
}

// close hands over the lines that wait for a quotation mark that never came.
func (q *quoting) close(take func(*record) error) error {
	for len(q.held) > 0 {
		if err := q.give(nil, take); err != nil {
			return err
		}
	}
	return nil
}

// single hands over a line that is a record.
func single(l *line, take func(*record) error) error {
	if len(l.text) == 0 {
		return nil
	}
	return take(&record{raw: string(l.text), line: l.number, offset: l.offset, fault: faultOf(l), partial: l.partial})
}
