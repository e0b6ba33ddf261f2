package columns

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trunkline/internal/money"
	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/heading"
)

// Hints are what is known beside the list.
type Hints struct {
	Learned  *Mapping       // How the last list of the carrier was read; nil: it is the first.
	Answers  Answers        // What somebody says.
	Currency money.Currency // Of the deck; zero: any.
}

// closeScore is how much surer one column must be than another, so that nobody needs to be asked.
const closeScore = 8

// unknownHeading is why a column is not used of which nothing is known.
const unknownHeading = "the heading is not known"

// sureScore is the score of a heading that says clearly what it is.
const sureScore = 90

// Understand finds out what the columns of a table hold, from its first rows. The error is for an answer that names nothing; what
// the table leaves open is in the reading.
func Understand(rows [][]string, hints Hints) (*Reading, error) {
	vocabulary, err := heading.NewVocabulary()
	if err != nil {
		return nil, err
	}
	r := &resolver{known: make(map[string][]heading.Meaning), vocabulary: vocabulary, marks: cell.NewMarks(), hints: hints, answers: &hints.Answers}
	r.m = Mapping{Columns: make(map[Column]int), Headings: make(map[Column]string), Dates: hints.Answers.Dates}
	if err := r.locate(rows); err != nil {
		return nil, err
	}
	if err := r.takeAnswers(); err != nil {
		return nil, err
	}
	r.takeLearned()
	r.codes()
	r.prices()
	r.rest()
	r.bands()
	if err := r.settings(); err != nil {
		return nil, err
	}
	return r.reading(), nil
}

// resolver weighs the columns of one table.
type resolver struct {
	vocabulary *heading.Vocabulary
	known      map[string][]heading.Meaning // By the text of the heading.
	marks      *cell.Marks
	hints      Hints
	answers    *Answers
	header     header
	body       [][]string
	columns    []column
	m          Mapping
	questions  []Question
	assumed    []string
	different  []string
	nowhere    map[Column]bool // Somebody said that it stands nowhere.
}

// column is one column while it is weighed.
type column struct {
	heading    string
	profile    profile
	meanings   []heading.Meaning
	attributes heading.Attributes
	used       Column
	band       string
	ignored    bool
	from       string // The day from which its heading says that it holds.
	why        string
	sure       string // What its heading says clearly, although its cells do not fit.
}

// locate finds the header, and looks at what stands below it.
func (r *resolver) locate(rows [][]string) error {
	learned, known := learnedHeader(rows, r.hints.Learned)
	r.header = r.findHeader(rows)
	if known {
		learned.above = r.header.above
		r.header = learned
	}
	if n := r.answers.FirstRow; n > 0 {
		if n > len(rows) {
			return fmt.Errorf("%w: the first rate is said to be behind row %d, and the list has fewer", ErrMapping, n)
		}
		r.header.first, r.header.heads = n, joined(rows[n-1:n])
	}
	r.body = rows[min(r.header.first, len(rows)):]
	width := len(r.header.heads)
	for _, row := range r.body {
		width = max(width, len(trimmed(row)))
	}
	r.columns = make([]column, width)
	for i := range r.columns {
		r.look(i)
	}
	if r.header.heads == nil {
		r.bare()
	}
	return nil
}

func (r *resolver) look(i int) {
	c := &r.columns[i]
	c.profile = profileOf(r.body, i, r.marks)
	if i >= len(r.header.heads) || r.header.heads[i] == "" {
		return
	}
	c.heading = r.header.heads[i]
	plain, day := datedHeading(c.heading)
	c.from = day
	c.attributes = r.vocabulary.Attributes(plain)
	for _, m := range r.meanings(c.heading) {
		if ok, why := c.profile.fits(m.Kind); !ok {
			if c.why = cmp.Or(c.why, why); m.Score >= sureScore && m.Variant == "" {
				c.sure = cmp.Or(c.sure, m.Kind)
			}
			continue
		}
		c.meanings = append(c.meanings, m)
	}
	switch {
	case len(c.meanings) > 0:
		c.why = ""
	case c.why != "":
	case c.attributes.Foreign:
		c.why = "it says nothing of the price"
	default:
		c.why = unknownHeading
	}
}

// candidate is a column that may be something.
type candidate struct {
	at    int
	score int
}

// candidates are the free columns that may be something for all calls, the surest first. A column that is surely something
// else is none.
func (r *resolver) candidates(kind string) []candidate {
	var out []candidate
	for i := range r.columns {
		c := &r.columns[i]
		if c.used != "" || c.ignored || len(c.meanings) == 0 {
			continue
		}
		for _, m := range c.meanings {
			if m.Kind == kind && m.Variant == "" && m.Score >= c.meanings[0].Score-closeScore {
				out = append(out, candidate{i, m.Score})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	return out
}

// pick takes the surest column for something. Where another one is as sure and holds something else, that is a question.
func (r *resolver) pick(kind string, c Column, ask bool) (int, bool) {
	if at, ok := r.m.Columns[c]; ok {
		return at, true
	}
	if r.nowhere[c] {
		return 0, false
	}
	found := r.candidates(kind)
	if len(found) == 0 {
		return 0, false
	}
	if rivals := r.rivals(found); ask && len(rivals) > 1 {
		r.ask(c, rivals, "")
		return 0, false
	}
	return found[0].at, true
}

// rivals are the columns that are as sure as the first one and not the same as it.
func (r *resolver) rivals(found []candidate) []int {
	out := []int{found[0].at}
	for _, f := range found[1:] {
		if f.score >= found[0].score-closeScore && !r.columns[found[0].at].profile.same(&r.columns[f.at].profile) && r.columns[f.at].profile.filled > 0 {
			out = append(out, f.at)
		}
	}
	return out
}

// take uses a column.
func (r *resolver) take(c Column, at int) {
	r.m.Columns[c] = at
	r.columns[at].used = c
	if name := heading.Normal(r.columns[at].heading); name != "" {
		r.m.Headings[c] = name
	}
}

// takeBest picks and uses a column.
func (r *resolver) takeBest(kind string, c Column, ask bool) bool {
	if _, ok := r.m.Columns[c]; ok {
		return true
	}
	at, ok := r.pick(kind, c, ask)
	if ok {
		r.take(c, at)
	}
	return ok
}

// ask puts a question about columns.
func (r *resolver) ask(c Column, at []int, text string) {
	names := make([]string, len(at))
	for i, n := range at {
		names[i] = fmt.Sprintf("column %d %q (%s)", n+1, r.columns[n].heading, strings.Join(r.columns[n].profile.samples, ", "))
		r.columns[n].why = "it is asked for"
	}
	if text == "" {
		text = fmt.Sprintf("which is the %s: %s?", says(c), strings.Join(names, " or "))
	}
	example := r.columns[at[0]].heading
	if example == "" {
		example = strconv.Itoa(at[0] + 1)
	}
	r.questions = append(r.questions, Question{About: string(c), Text: text, Flag: fmt.Sprintf("--column %s=%q", c, example), Choices: at})
}

// says is a column in words.
func says(c Column) string { return strings.ReplaceAll(string(c), "_", " ") }
