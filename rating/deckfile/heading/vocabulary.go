package heading

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

//go:embed words.txt
var wordsText string

//go:embed rules.txt
var rulesText string

// Limits of how words are compared.
const (
	endingMost  = 4 // Letters that a word may have behind its stem.
	partLeast   = 3 // Letters of each part of a compound.
	phraseWords = 4
)

// Vocabulary says what headings mean. It is immutable and safe for concurrent use.
type Vocabulary struct {
	words map[string][]string // Word or phrase: the ideas that it may speak of.
	stems map[string][]string
	rules []rule
}

// rule is one line of rules.txt.
type rule struct {
	kind  string
	score int
	needs []string
	may   []string
}

// NewVocabulary reads the tables that come with the program.
func NewVocabulary() (*Vocabulary, error) {
	v := &Vocabulary{words: make(map[string][]string), stems: make(map[string][]string)}
	for fields := range tableLines(wordsText) {
		for _, word := range fields[1:] {
			v.add(word, fields[0])
		}
	}
	for fields := range tableLines(rulesText) {
		r, err := parseRule(fields)
		if err != nil {
			return nil, err
		}
		v.rules = append(v.rules, r)
	}
	return v, nil
}

func tableLines(text string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(text) {
			line, _, _ = strings.Cut(line, "# ")
			if fields := strings.Fields(line); len(fields) > 1 && !yield(fields) {
				return
			}
		}
	}
}

func (v *Vocabulary) add(word, idea string) {
	stem, ending := strings.CutSuffix(word, "*")
	key := Normal(strings.ReplaceAll(stem, "_", " "))
	table := v.words
	if ending {
		table = v.stems
	}
	if key != "" && !slices.Contains(table[key], idea) {
		table[key] = append(table[key], idea)
	}
}

func parseRule(fields []string) (rule, error) {
	score, err := strconv.Atoi(fields[1])
	if err != nil || len(fields) < 3 {
		return rule{}, fmt.Errorf("table of headings: %q", strings.Join(fields, " "))
	}
	r := rule{kind: fields[0], score: score}
	into := &r.needs
	for _, idea := range fields[2:] {
		if idea == "~" {
			into = &r.may
			continue
		}
		*into = append(*into, idea)
	}
	return r, nil
}

// ideas returns what a heading speaks of, word by word; a word without ideas is not known.
func (v *Vocabulary) ideas(heading string) [][]string {
	list := words(heading)
	var out [][]string
	for i := 0; i < len(list); {
		n, found := v.phrase(list[i:])
		if n == 0 {
			n, found = 1, v.word(list[i])
		}
		switch { // "Min Time" is the least, "Price / min" the minute.
		case n == 1 && least(list[i]) && i > 0:
			found = [][]string{{"minute"}}
		case n == 1 && least(list[i]):
			found = [][]string{{"minimum"}}
		}
		out, i = append(out, found...), i+n
	}
	return out
}

// least reports whether a word is short for both "minimum" and "minute".
func least(word string) bool { return word == "min" || word == "мин" }

// phrase finds the longest run of words that means something as one.
func (v *Vocabulary) phrase(list []string) (int, [][]string) {
	for n := min(phraseWords, len(list)); n > 1; n-- {
		if found, ok := v.words[strings.Join(list[:n], " ")]; ok {
			return n, [][]string{found}
		}
	}
	return 0, nil
}

// word finds a word as it is, then as two that were written together, then with another ending.
func (v *Vocabulary) word(w string) [][]string {
	if found, ok := v.words[w]; ok {
		return [][]string{found}
	}
	if found := v.compound(w); found != nil {
		return found
	}
	return [][]string{v.inflected(w)}
}

func (v *Vocabulary) inflected(w string) []string {
	for cut := len(w); cut > 0; cut-- {
		if !utf8.RuneStart(at(w, cut)) || utf8.RuneCountInString(w[cut:]) > endingMost {
			continue
		}
		if found, ok := v.stems[w[:cut]]; ok {
			return found
		}
	}
	return nil
}

func at(w string, i int) byte {
	if i < len(w) {
		return w[i]
	}
	return 0
}

func (v *Vocabulary) compound(w string) [][]string {
	for i := range w {
		if utf8.RuneCountInString(w[:i]) < partLeast || utf8.RuneCountInString(w[i:]) < partLeast {
			continue
		}
		first, second := v.either(w[:i]), v.either(w[i:])
		for _, link := range [...]string{"s", "es"} { // Ortsvorwahl, Landesvorwahl.
			if stem, linked := strings.CutSuffix(w[:i], link); first == nil && linked {
				first = v.either(stem)
			}
		}
		if first != nil && second != nil {
			return [][]string{first, second}
		}
	}
	return nil
}

func (v *Vocabulary) either(w string) []string {
	if found, ok := v.words[w]; ok {
		return found
	}
	return v.inflected(w)
}
