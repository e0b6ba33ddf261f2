package smdr

import "strings"

// record is what a description calls a record: one line or several.
type record struct {
	raw     string
	line    int64
	offset  int64
	fault   string
	partial bool // The stream ended within its last line.
}

// assembler puts lines together to records.
type assembler struct {
	format  *Format
	lines   int
	begins  matchers
	ends    matchers
	kind    string
	element string
	text    strings.Builder
	count   int
	first   record
	json    jsonRecords
	quoting quoting
}

// maxRecord bounds a record of several lines.
const maxRecord = 1 << 20

func newAssembler(f *Format) *assembler {
	return &assembler{
		format: f, lines: max(1, f.description.Layout.Lines), begins: f.begins, ends: f.ends, kind: f.description.Layout.Kind,
		json: jsonRecords{list: f.description.Layout.List}, element: f.description.Layout.Record,
		quoting: newQuoting(&f.description.Layout),
	}
}

// add takes a line and hands over the records that it completes.
func (a *assembler) add(l *line, take func(*record) error) error {
	switch {
	case a.kind == "attributes":
		return a.addAttribute(l, take)
	case a.kind == "json":
		return a.addJSON(l, take)
	case a.kind == "xml":
		return a.addXML(l, take)
	case a.lines > 1:
		return a.addLine(l, take)
	case a.quoting.separator != 0:
		return a.quoting.add(l, take)
	}
	return single(l, take)
}

func faultOf(l *line) string {
	switch {
	case l.long:
		return "the line is longer than 65536 bytes"
	case l.damaged:
		return "control characters stand in it: noise on the line"
	}
	return ""
}

func (a *assembler) addAttribute(l *line, take func(*record) error) error {
	if isBlank(l.text) {
		return a.flush("", take)
	}
	a.append(l)
	if a.text.Len() > maxRecord {
		return a.flush("the record does not end", take)
	}
	return nil
}

func (a *assembler) addLine(l *line, take func(*record) error) error {
	if isBlank(l.text) {
		return nil
	}
	text := string(l.text)
	begins := a.begins.match(text)
	if begins && a.count > 0 {
		if err := a.flush(a.incomplete(), take); err != nil {
			return err
		}
	}
	if !begins && a.count == 0 {
		return take(&record{raw: text, line: l.number, offset: l.offset, fault: faultOf(l), partial: l.partial})
	}
	a.append(l)
	if a.count == a.lines || a.ends.any(text) {
		return a.flush("", take)
	}
	return nil
}

// incomplete is what is wrong with a record whose last lines did not come.
func (a *assembler) incomplete() string {
	if a.count == 0 || a.count == a.lines || a.format.description.Layout.Short {
		return ""
	}
	return "the rest of the record is missing"
}

func (a *assembler) append(l *line) {
	if a.count == 0 {
		a.first = record{line: l.number, offset: l.offset}
	} else {
		a.text.WriteByte('\n')
	}
	if a.first.fault == "" {
		a.first.fault = faultOf(l)
	}
	a.text.Write(l.text)
	a.first.partial = l.partial
	a.count++
}

// flush hands over what has been put together.
func (a *assembler) flush(fault string, take func(*record) error) error {
	if a.count == 0 {
		return nil
	}
	r := a.first
	r.raw = a.text.String()
	if r.fault == "" {
		r.fault = fault
	}
	a.text.Reset()
	a.count = 0
	a.json.reset()
	return take(&r)
}

// close hands over a record that the end of the stream cut off, or completed.
func (a *assembler) close(take func(*record) error) error {
	if err := a.quoting.close(take); err != nil {
		return err
	}
	fault := a.incomplete()
	if (a.kind == "json" || a.kind == "xml") && a.count > 0 {
		fault = "the record does not end"
	}
	return a.flush(fault, take)
}

func isBlank(text []byte) bool {
	for _, c := range text {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}
