package smdr

import "strings"

// jsonRecords finds the objects in a stream: one after the other, in a list, or, where the format says so, in a list that
// an object holds. What holds them is passed over.
type jsonRecords struct {
	list    bool // The objects are in a list in an object.
	outside int  // Brackets around them that are open.
	depth   int  // Brackets of the object that are open.
	inText  bool
	escaped bool
}

// addJSON takes a line, which may hold several objects, or a part of one.
func (a *assembler) addJSON(l *line, take func(*record) error) error {
	text := l.text
	for {
		if a.count == 0 {
			n, foreign := a.json.skip(text)
			if foreign {
				return take(&record{raw: trim(string(text[n:])), line: l.number, offset: l.offset, fault: faultOf(l)})
			}
			if text = text[n:]; len(text) == 0 {
				return nil
			}
		}
		n, ended := a.json.pass(text)
		part := *l
		part.text, part.offset = text[:n], l.offset+int64(len(l.text)-len(text))
		a.append(&part)
		if !ended {
			break
		}
		if err := a.flush("", take); err != nil {
			return err
		}
		text = text[n:]
	}
	if a.text.Len() > maxRecord {
		return a.flush("the record does not end", take)
	}
	return nil
}

// skip returns where the next object begins, or the length of the text when it does not in it; foreign: something stands
// there that is neither an object nor what holds one.
func (j *jsonRecords) skip(text []byte) (n int, foreign bool) {
	for n, c := range text {
		switch {
		case j.escaped:
			j.escaped = false
		case j.inText && c == '\\':
			j.escaped = true
		case j.inText && c != '"' || c == ' ' || c == '\t' || c == ',':
		case c == '{' && (!j.list || j.outside >= 2):
			return n, false
		case c == '{' || c == '[':
			j.outside++
		case c == '}' || c == ']':
			j.outside = max(0, j.outside-1)
		case j.outside == 0 || !j.list:
			return n, true
		case c == '"':
			j.inText = !j.inText
		}
	}
	return len(text), false
}

// pass goes on in an object and reports whether it ended.
func (j *jsonRecords) pass(text []byte) (n int, ended bool) {
	for i, c := range text {
		switch {
		case j.escaped:
			j.escaped = false
		case j.inText && c == '\\':
			j.escaped = true
		case c == '"':
			j.inText = !j.inText
		case j.inText:
		case c == '{' || c == '[':
			j.depth++
		case c == '}' || c == ']':
			if j.depth--; j.depth <= 0 {
				return i + 1, true
			}
		}
	}
	return len(text), false
}

// reset forgets an object that was handed over, whether it ended or not.
func (j *jsonRecords) reset() { j.depth, j.inText, j.escaped = 0, false, false }

// alternatives are the names that a field may have: "start|calldate".
func alternatives(text string) []string { return strings.Split(text, "|") }
