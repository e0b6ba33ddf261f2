package smdr

import (
	"bytes"
	"fmt"
	"html"
	"net/url"
	"strings"
)

// xmlCutter cuts records that are XML elements: fields are paths, with dots between their steps. Where elements of one
// path come several times, the first counts: systems write the last state of a call first.
type xmlCutter struct {
	root *jsonNode
}

func compileXML(d *Description) (newCutter, error) {
	if d.Layout.Record == "" {
		return nil, fmt.Errorf("%w: layout.record is empty: it names the element that is a record", ErrDescription)
	}
	c := &xmlCutter{root: new(jsonNode)}
	for name, path := range d.Fields {
		id, ok := fieldOf(name)
		if !ok {
			return nil, fmt.Errorf("%w: there is no field %q", ErrDescription, name)
		}
		for _, p := range alternatives(path) {
			c.root.add(d.Layout.Record+"."+p, id)
		}
	}
	return func() cutter { return c }, nil
}

// maxXMLDepth bounds the elements in one another.
const maxXMLDepth = 64

// xmlWalk goes through a record once.
type xmlWalk struct {
	names [maxXMLDepth]string
	nodes [maxXMLDepth]*jsonNode
	depth int
	v     *values
}

func (c *xmlCutter) cut(raw string, v *values) string {
	*v = values{}
	w := xmlWalk{v: v}
	w.nodes[0] = c.root
	for rest := raw; ; {
		text, tag, after, ok := nextTag(rest)
		if !ok {
			break
		}
		rest = after
		if reason := w.tag(text, tag); reason != "" {
			return reason
		}
		if w.depth == 0 && strings.HasPrefix(tag, "/") {
			return ""
		}
	}
	return "it is no correct XML: the element does not end"
}

// nextTag returns the text before a tag, the tag without its brackets, and what is behind it.
func nextTag(s string) (text, tag, rest string, ok bool) {
	from := strings.IndexByte(s, '<')
	if from < 0 {
		return "", "", "", false
	}
	to := strings.IndexByte(s[from:], '>')
	if to < 0 {
		return "", "", "", false
	}
	return s[:from], s[from+1 : from+to], s[from+to+1:], true
}

// tag goes into an element or out of it.
func (w *xmlWalk) tag(text, tag string) string {
	switch {
	case tag == "" || tag[0] == '?' || tag[0] == '!':
	case tag[0] == '/':
		w.take(text)
		w.leave(strings.TrimSpace(tag[1:]))
	case strings.HasSuffix(tag, "/"):
	case w.depth == maxXMLDepth-1:
		return "it is no correct XML: too many elements in one another"
	default:
		name := tag
		if i := strings.IndexAny(tag, " \t\n"); i >= 0 {
			name = tag[:i]
		}
		next := w.nodes[w.depth].step(name)
		w.depth++
		w.names[w.depth], w.nodes[w.depth] = name, next
	}
	return ""
}

// leave goes out of the element of a name, and of those in it that were not ended; a name that is not open is passed over.
func (w *xmlWalk) leave(name string) {
	for d := w.depth; d > 0; d-- {
		if w.names[d] == name {
			w.depth = d - 1
			return
		}
	}
}

// take keeps the text of an element whose fields have none yet.
func (w *xmlWalk) take(text string) {
	n := w.nodes[w.depth]
	if n == nil {
		return
	}
	for _, id := range n.fields {
		if w.v[id] == "" {
			w.v[id] = plainText(trim(text))
		}
	}
}

// plainText resolves entities and what is written as in an URL: %2B7495.
func plainText(s string) string {
	if strings.IndexByte(s, '&') >= 0 {
		s = html.UnescapeString(s)
	}
	if strings.IndexByte(s, '%') >= 0 {
		if plain, err := url.PathUnescape(s); err == nil {
			return trim(plain)
		}
	}
	return s
}

// addXML takes a line, which may hold several records, or a part of one.
func (a *assembler) addXML(l *line, take func(*record) error) error {
	part := *l
	for rest := l.text; len(rest) > 0; {
		if a.count == 0 {
			at := opening(rest, a.element)
			if at < 0 {
				return a.outsideXML(rest, l, take)
			}
			rest = rest[at:]
		}
		end := "</" + a.element + ">"
		at := bytes.Index(rest, []byte(end))
		part.text, part.offset = rest, l.offset+int64(len(l.text)-len(rest))
		if at >= 0 {
			part.text = rest[:at+len(end)]
		}
		a.append(&part)
		rest = rest[len(part.text):]
		if at >= 0 {
			if err := a.flush("", take); err != nil {
				return err
			}
		}
	}
	if a.text.Len() > maxRecord {
		return a.flush("the record does not end", take)
	}
	return nil
}

// outsideXML passes what stands between records over: blanks, and tags of what holds them. Anything else is handed over,
// and will be a fault.
func (a *assembler) outsideXML(text []byte, l *line, take func(*record) error) error {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] == '<' && text[len(text)-1] == '>' {
		return nil
	}
	return take(&record{raw: string(text), line: l.number, offset: l.offset, fault: faultOf(l)})
}

// opening returns where an element begins: "<cdr>" or "<cdr ", and not "<cdrs>"; -1: nowhere.
func opening(text []byte, element string) int {
	from := 0
	for {
		at := bytes.Index(text[from:], []byte("<"+element))
		if at < 0 {
			return -1
		}
		at += from
		end := at + 1 + len(element)
		if end == len(text) || bytes.IndexByte([]byte(" \t>"), text[end]) >= 0 {
			return at
		}
		from = end
	}
}
