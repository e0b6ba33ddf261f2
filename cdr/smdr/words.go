package smdr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// words cuts records by the words in them: printouts whose columns are drawn in no document, or move with a setting. Words
// are counted from the front, or from the last word of a certain shape.
type words struct {
	spots  []spot
	anchor string
	least  int
	most   int
}

// spot is where a field stands: one word or several, counted from 0, or from the anchor, which is then its 0.
type spot struct {
	field    field
	anchored bool
	from, to int // The second is not included.
}

// maxWords bounds the words of a record; what is more belongs to the last of them.
const maxWords = 64

// endless is the end of a spot that goes to the end of the record, or to the anchor.
const endless = maxWords + 1

func compileWords(d *Description) (newCutter, error) {
	w := &words{anchor: d.Layout.Anchor, least: 1, most: maxWords}
	if c := d.Layout.Columns; len(c) == 2 {
		w.least, w.most = c[0], c[1]
	}
	for _, name := range sortedKeys(d.Fields) {
		id, ok := fieldOf(name)
		if !ok {
			return nil, fmt.Errorf("%w: there is no field %q", ErrDescription, name)
		}
		s, ok := parseSpot(d.Fields[name])
		if !ok || s.anchored && w.anchor == "" {
			return nil, fmt.Errorf("%w: field %s: %q are no words: write 3, 3-5, 3-, @, @1, @-1 or @1-", ErrDescription, name, d.Fields[name])
		}
		s.field = id
		w.spots = append(w.spots, s)
	}
	return func() cutter { return w }, nil
}

// parseSpot reads "3", "3-5", "3-", "@" (the anchor), "@1", "@-1", "@1-".
func parseSpot(text string) (spot, bool) {
	s := spot{}
	rest, anchored := strings.CutPrefix(text, "@")
	s.anchored = anchored
	if anchored && rest == "" {
		return spot{anchored: true, from: 0, to: 1}, true
	}
	first, last, ranged := rest, "", false
	if i := strings.LastIndexByte(rest, '-'); i > 0 {
		first, last, ranged = rest[:i], rest[i+1:], true
	}
	from, err := strconv.Atoi(first)
	if err != nil || from > maxWords || from < -maxWords || !anchored && from < 1 {
		return s, false
	}
	if !anchored {
		from--
	}
	s.from, s.to = from, from+1
	if !ranged {
		return s, true
	}
	if s.to = endless; last == "" {
		return s, true
	}
	to, err := strconv.Atoi(last)
	if s.to = to; anchored {
		s.to++
	}
	return s, err == nil && to > from && to <= maxWords
}

// wordAt is where a word stands in a record.
type wordAt struct{ from, to int }

func (w *words) cut(raw string, v *values) string {
	*v = values{}
	var room [maxWords]wordAt
	all := splitWords(raw, room[:0])
	if len(all) < w.least || len(all) > w.most {
		return fmt.Sprintf("%d words; the format has %d to %d", len(all), w.least, w.most)
	}
	front := len(all)
	if w.anchor != "" {
		front = w.find(raw, all)
		if front < 0 {
			return "nothing of the shape " + w.anchor + " is in it"
		}
	}
	for i := range w.spots {
		s := &w.spots[i]
		from, to := s.from, min(s.to, front)
		if s.anchored {
			from, to = front+s.from, min(len(all), front+s.to)
		}
		if from >= 0 && from < to {
			v[s.field] = raw[all[from].from:all[to-1].to]
		}
	}
	return ""
}

// find returns the last word of the shape of the anchor; -1: there is none.
func (w *words) find(raw string, all []wordAt) int {
	for i, word := range slices.Backward(all) {
		if word.to-word.from >= len(w.anchor) && hasShape(raw[word.from:], w.anchor) {
			return i
		}
	}
	return -1
}

func splitWords(raw string, all []wordAt) []wordAt {
	from := -1
	for i := range len(raw) {
		blank := raw[i] == ' ' || raw[i] == '\t' || raw[i] == '\n'
		switch {
		case blank && from >= 0 && len(all) < cap(all)-1:
			all, from = append(all, wordAt{from, i}), -1
		case !blank && from < 0:
			from = i
		}
	}
	if from >= 0 {
		all = append(all, wordAt{from, len(strings.TrimRight(raw, " \t\n"))})
	}
	return all
}
