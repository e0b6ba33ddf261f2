package rating

import "strings"

// ExplanationStep is one thing that was decided on the way to a price.
type ExplanationStep struct {
	Kind string `json:"kind"` // "match", "duration", "allowance", "usage", "fee", "tier", "rounding", "total".
	Text string `json:"text"` // A sentence.
}

// Explanation says how a price came about, in the order of the decisions.
type Explanation struct {
	Steps []ExplanationStep `json:"steps"`
}

// String returns the sentences, one after the other.
func (e Explanation) String() string {
	var b strings.Builder
	for i, s := range e.Steps {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s.Text)
	}
	return b.String()
}

// say adds a sentence where an explanation is wanted. The parts are joined only then, so that pricing alone is free of it.
func (p *pricing) say(kind string, parts ...string) {
	p.trace.Steps = append(p.trace.Steps, ExplanationStep{Kind: kind, Text: strings.Join(parts, "")})
}
