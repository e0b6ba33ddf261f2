package smdr

import (
	"fmt"
	"strconv"
	"strings"
)

// block cuts records of a varying number of lines, each of which says what it tells: "DIGITS DIALED 5551212".
type block struct {
	labels []label
}

// label is a text in a line, and which word before or behind it is the field.
type label struct {
	field field
	text  string
	word  int // 1 is the first behind the text, -1 the first before it, 0 all behind it.
}

// maxLines bounds the lines of a record.
const maxLines = 64

func compileBlock(d *Description) (newCutter, error) {
	b := new(block)
	for _, name := range sortedKeys(d.Fields) {
		id, ok := fieldOf(name)
		if !ok {
			return nil, fmt.Errorf("%w: there is no field %q", ErrDescription, name)
		}
		for text := range strings.SplitSeq(d.Fields[name], "|") {
			l, err := parseLabel(text)
			if err != nil {
				return nil, fmt.Errorf("field %s: %w", name, err)
			}
			l.field = id
			b.labels = append(b.labels, l)
		}
	}
	return func() cutter { return b }, nil
}

// parseLabel reads "DIGITS DIALED@1", "CALL RELEASED@-1" or "NAME@".
func parseLabel(text string) (label, error) {
	i := strings.LastIndexByte(text, '@')
	if i < 1 {
		return label{}, fmt.Errorf("%w: %q is no label: write TEXT@1, TEXT@-1 or TEXT@", ErrDescription, text)
	}
	l := label{text: text[:i]}
	if text[i+1:] == "" {
		return l, nil
	}
	n, err := strconv.Atoi(text[i+1:])
	if err != nil || n == 0 || n < -1 || n > maxWords {
		return l, fmt.Errorf("%w: %q is no place of a word: write TEXT@1, TEXT@-1 or TEXT@", ErrDescription, text)
	}
	l.word = n
	return l, nil
}

// cut looks for every label; where one stands in several lines, the first counts.
func (b *block) cut(raw string, v *values) string {
	*v = values{}
	found := 0
	for line := range strings.SplitSeq(raw, "\n") {
		for i := range b.labels {
			l := &b.labels[i]
			if v[l.field] != "" {
				continue
			}
			if at := strings.Index(line, l.text); at >= 0 {
				v[l.field] = l.value(line, at)
				found++
			}
		}
	}
	if found < 2 {
		return "nothing that the format knows is in it"
	}
	return ""
}

func (l *label) value(line string, at int) string {
	rest := trim(line[at+len(l.text):])
	switch {
	case l.word == 0:
		return rest
	case l.word < 0:
		before := trim(line[:at])
		return before[strings.LastIndexAny(before, " \t")+1:]
	}
	for range l.word - 1 {
		_, after, _ := strings.Cut(rest, " ")
		rest = trim(after)
	}
	word, _, _ := strings.Cut(rest, " ")
	return word
}
