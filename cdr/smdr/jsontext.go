package smdr

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// jsonCutter cuts JSON objects: fields are paths, with dots between their steps and numbers for the elements of arrays.
type jsonCutter struct {
	root *jsonNode
}

// jsonNode is one step of the wanted paths.
type jsonNode struct {
	fields []field
	next   map[string]*jsonNode
}

func compileJSON(d *Description) (newCutter, error) {
	c := &jsonCutter{root: new(jsonNode)}
	for name, path := range d.Fields {
		id, ok := fieldOf(name)
		if !ok {
			return nil, fmt.Errorf("%w: there is no field %q", ErrDescription, name)
		}
		for _, p := range alternatives(path) {
			c.root.add(p, id)
		}
	}
	return func() cutter { return c }, nil
}

// add notes that a field is wanted at the end of a path.
func (n *jsonNode) add(path string, id field) {
	for step := range strings.SplitSeq(path, ".") {
		if n.next == nil {
			n.next = make(map[string]*jsonNode)
		}
		if n.next[step] == nil {
			n.next[step] = new(jsonNode)
		}
		n = n.next[step]
	}
	n.fields = append(n.fields, id)
}

func (c *jsonCutter) cut(raw string, v *values) string {
	*v = values{}
	w := jsonWalk{text: raw, v: v}
	w.blank()
	if w.at >= len(raw) || raw[w.at] != '{' {
		return "it is no JSON object"
	}
	if !w.value(c.root, 0) {
		return "it is no correct JSON, at character " + strconv.Itoa(w.at+1)
	}
	w.blank()
	if w.at != len(raw) {
		return "something stands behind the JSON object"
	}
	return ""
}

// jsonWalk goes through a text once and takes what is wanted.
type jsonWalk struct {
	text string
	at   int
	v    *values
}

const maxJSONDepth = 64

func (w *jsonWalk) blank() {
	for w.at < len(w.text) {
		switch w.text[w.at] {
		case ' ', '\t', '\n', '\r':
			w.at++
		default:
			return
		}
	}
}

// value passes one value; n is nil where nothing of it is wanted.
func (w *jsonWalk) value(n *jsonNode, depth int) bool {
	w.blank()
	if w.at >= len(w.text) || depth > maxJSONDepth {
		return false
	}
	switch w.text[w.at] {
	case '{':
		return w.object(n, depth)
	case '[':
		return w.array(n, depth)
	case '"':
		s, ok := w.string(n != nil && len(n.fields) > 0)
		w.take(n, s)
		return ok
	}
	from := w.at
	for w.at < len(w.text) && !strings.ContainsRune(",]} \t\r\n", rune(w.text[w.at])) {
		w.at++
	}
	word := w.text[from:w.at]
	if word == "null" {
		return true
	}
	w.take(n, word)
	return word == "true" || word == "false" || word != "" && (word[0] == '-' || word[0]-'0' <= 9)
}

func (w *jsonWalk) take(n *jsonNode, s string) {
	if n != nil {
		for _, id := range n.fields {
			w.v[id] = trim(s)
		}
	}
}

func (w *jsonWalk) object(n *jsonNode, depth int) bool {
	w.at++
	if n != nil && n.next["0"] != nil { // A list of one element is written as the element by some releases.
		n = n.next["0"]
	}
	for first := true; ; first = false {
		w.blank()
		if w.at >= len(w.text) {
			return false
		}
		if w.text[w.at] == '}' && first {
			w.at++
			return true
		}
		if w.text[w.at] != '"' {
			return false
		}
		name, ok := w.string(n != nil)
		w.blank()
		if !ok || w.at >= len(w.text) || w.text[w.at] != ':' {
			return false
		}
		w.at++
		if !w.value(n.step(name), depth+1) {
			return false
		}
		if more, ok := w.more('}'); !more {
			return ok
		}
	}
}

func (w *jsonWalk) array(n *jsonNode, depth int) bool {
	w.at++
	w.blank()
	if w.at < len(w.text) && w.text[w.at] == ']' {
		w.at++
		return true
	}
	for i := 0; ; i++ {
		var element *jsonNode
		if n != nil && n.next != nil {
			element = n.next[strconv.Itoa(i)]
		}
		if !w.value(element, depth+1) {
			return false
		}
		if more, ok := w.more(']'); !more {
			return ok
		}
	}
}

// more passes what stands behind an element: a comma, or the end of what it is in.
func (w *jsonWalk) more(end byte) (more, ok bool) {
	w.blank()
	if w.at >= len(w.text) {
		return false, false
	}
	c := w.text[w.at]
	w.at++
	return c == ',', c == ',' || c == end
}

func (n *jsonNode) step(name string) *jsonNode {
	if n == nil {
		return nil
	}
	return n.next[name]
}

// string passes a string, and returns what it says where that is wanted.
func (w *jsonWalk) string(wanted bool) (string, bool) {
	from := w.at
	escaped := false
	for w.at++; w.at < len(w.text); w.at++ {
		switch w.text[w.at] {
		case '\\':
			escaped = true
			w.at++
		case '"':
			w.at++
			quoted := w.text[from:w.at]
			if !wanted || !escaped {
				return quoted[1 : len(quoted)-1], true
			}
			var s string
			err := json.Unmarshal([]byte(quoted), &s)
			return s, err == nil
		}
	}
	return "", false
}
