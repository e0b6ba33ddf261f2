package columns

import (
	"fmt"
	"strings"
)

// Seen is one column of a list, and what became of it.
type Seen struct {
	Position int      `json:"position"` // Counted from 0.
	Heading  string   `json:"heading"`
	Samples  []string `json:"samples"`
	Used     Column   `json:"used,omitempty"` // Empty: it is not used.
	Band     string   `json:"band,omitempty"` // The period for which it holds.
	Why      string   `json:"why,omitempty"`  // Why it is not used.
}

// Question is what cannot be known from the list.
type Question struct {
	About string `json:"about"` // The column or the setting that is asked for.
	Text  string `json:"text"`
	Flag  string `json:"flag"` // What answers it on the command line.
	// Choices are the positions, counted from 0, that are possible answers; none: it is not about columns.
	Choices []int `json:"choices,omitempty"`
}

// Reading is how a list was understood.
type Reading struct {
	Mapping     Mapping    `json:"mapping"`
	Columns     []Seen     `json:"columns"`
	Questions   []Question `json:"questions"`
	Differences []string   `json:"differences"` // From the last list of the carrier.
	Assumed     []string   `json:"assumed"`     // What the list does not say, and how it is read.
	Above       []string   `json:"above"`       // What stands above the table.
}

// Err returns nil for a list that was understood, and otherwise an error that asks the first question, or says what is missing.
func (r *Reading) Err() error {
	if len(r.Questions) > 0 {
		return &QuestionError{Questions: r.Questions}
	}
	if err := r.Mapping.Validate(); err != nil {
		return fmt.Errorf("%w (%s)", err, r.unread())
	}
	return nil
}

// unread says what the columns are, for a list whose columns were not recognised.
func (r *Reading) unread() string {
	if len(r.Columns) == 0 {
		return "there are no rows"
	}
	var out []string
	for i := range r.Columns {
		c := &r.Columns[i]
		text := fmt.Sprintf("column %d %q holds %s", c.Position+1, c.Heading, strings.Join(c.Samples, ", "))
		if c.Used != "" {
			text += ", read as " + string(c.Used)
		}
		out = append(out, text)
		if len(out) == 12 {
			out = append(out, "...")
			break
		}
	}
	return strings.Join(out, "; ")
}

// QuestionError is the error of a list that nobody may read without an answer.
type QuestionError struct{ Questions []Question }

// Error asks all questions.
func (e *QuestionError) Error() string {
	var b strings.Builder
	b.WriteString("the list leaves a question open")
	if len(e.Questions) > 1 {
		b.Reset()
		fmt.Fprintf(&b, "the list leaves %d questions open", len(e.Questions))
	}
	for _, q := range e.Questions {
		b.WriteString(": " + q.Text + " (" + q.Flag + ")")
	}
	return b.String()
}

// Unwrap lets a question be found as ErrMapping.
func (e *QuestionError) Unwrap() error { return ErrMapping }
