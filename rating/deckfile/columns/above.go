package columns

import (
	"fmt"
	"strings"
	"time"

	"trunkline/rating/deckfile/cell"
)

// startAbove takes the day from which a list holds from the text above it, such as "Valid from 24.12.2026".
func (r *resolver) startAbove() {
	if _, apart := r.m.Columns[EffectiveFrom]; apart || r.m.From != "" || r.nowhere[EffectiveFrom] || r.asked(EffectiveFrom) {
		return
	}
	before := ""
	for _, text := range r.header.above {
		words := strings.Fields(text)
		said, day, m := r.dayIn(words, before)
		before = text
		switch {
		case day == "":
		case m.Either && r.m.Dates == cell.Unsaid:
			r.questions = append(r.questions, DateQuestion(nil, day))
			return
		default:
			r.m.From = m.Time.Format(time.DateOnly)
			r.assumed = append(r.assumed, fmt.Sprintf("prices begin on %s, as %q above the table says (--column effective_from=%s if they do not)", r.m.From, said, nowhereSign))
			return
		}
	}
}

// dateWords is how many words a date may have.
const dateWords = 5

// dayIn finds a date behind words that say that something begins, in this text or in the one before it.
func (r *resolver) dayIn(words []string, before string) (said, day string, m cell.Moment) {
	for i := range words {
		said = strings.Join(words[:i], " ")
		if i == 0 {
			said = before
		}
		if !r.vocabulary.Begins(said) {
			continue
		}
		for n := min(dateWords, len(words)-i); n > 0; n-- {
			day = strings.Trim(strings.Join(words[i:i+n], " "), "()[],;:.")
			if m, ok := writtenDay(day, r.m.Dates); ok {
				return said + " " + day, day, m
			}
		}
	}
	return "", "", m
}

// writtenDay reads a date that is no bare number.
func writtenDay(text string, order cell.Order) (cell.Moment, bool) {
	if !strings.ContainsAny(text, "0123456789") || len(text) < 6 || strings.Trim(text, "0123456789") == "" && len(text) != 8 {
		return cell.Moment{}, false
	}
	m, err := cell.ParseMoment(text, order, time.UTC)
	return m, err == nil && !m.Time.IsZero()
}
