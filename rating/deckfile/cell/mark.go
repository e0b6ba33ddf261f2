package cell

import (
	_ "embed"
	"strings"
)

//go:embed marks.txt
var marksText string

// Mark is what a list says becomes of a rate.
type Mark string

// The marks. Kept is for new, dearer, cheaper and unchanged rates: they are in force.
const (
	Unmarked Mark = ""
	Kept     Mark = "kept"
	Closed   Mark = "closed"
	Blocked  Mark = "blocked"
	Origined Mark = "origin" // It holds for callers of some countries only.
	Yes      Mark = "yes"
	No       Mark = "no"
)

// Marks knows words that say what becomes of a rate, or yes and no. It is immutable and safe for concurrent use.
type Marks struct{ words map[string]Mark }

// NewMarks reads the table that comes with the program.
func NewMarks() *Marks {
	m := &Marks{words: make(map[string]Mark)}
	for line := range strings.Lines(marksText) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] == "#" {
			continue
		}
		for _, w := range fields[1:] {
			m.words[plainLetters(strings.ReplaceAll(w, "_", " "))] = Mark(fields[0])
		}
	}
	return m
}

// Of returns what a cell says; false for a word that is not known.
func (m *Marks) Of(text string) (Mark, bool) {
	low := strings.ToLower(strings.Trim(Trim(text), ".!*"))
	if low == "" {
		return Unmarked, true
	}
	if mark, ok := m.words[plainLetters(low)]; ok {
		return mark, true
	}
	low = plainLetters(strings.NewReplacer("-", " ", "_", " ").Replace(low))
	if mark, ok := m.words[low]; ok {
		return mark, true
	}
	first, rest, _ := strings.Cut(low, " ")
	mark, ok := m.words[first]
	if (mark == Closed || mark == Blocked) && strings.ContainsAny(rest, "0123456789") { // "Closed from 1 Jan" is not closed today.
		return Unmarked, false
	}
	return mark, ok && mark != Yes && mark != No && len(first) > 2
}

// wordLeast is how many letters a word within a sentence has that says that something ends.
const wordLeast = 5

// Ends reports whether a sentence has a word that says that a rate ends, or is blocked.
func (m *Marks) Ends(text string) bool {
	for word := range strings.FieldsSeq(plainLetters(strings.ToLower(text))) {
		word = strings.Trim(word, ".,;:!()[]")
		if mark := m.words[word]; len(word) >= wordLeast && (mark == Closed || mark == Blocked) {
			return true
		}
	}
	return false
}
