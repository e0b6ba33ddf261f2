package columns

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/heading"
)

// Answers are what somebody says about a list, and what goes before anything that is found out.
type Answers struct {
	// Columns says where something stands: by the heading, or by the number of the column counted from 1; "-" is nowhere, and
	// "Interstate+Intrastate" the dearest of several prices.
	Columns map[Column]string `json:"columns,omitempty"`
	Ignore  []string          `json:"ignore,omitempty"` // Columns, by heading or number, that are not to be used.

	Sheet       string            `json:"sheet,omitempty"`
	Encoding    string            `json:"encoding,omitempty"`
	Delimiter   string            `json:"delimiter,omitempty"`
	Decimal     string            `json:"decimal,omitempty"`
	FirstRow    int               `json:"first_row,omitempty"` // Rows above the first rate; 0: it is found out.
	Dates       cell.Order        `json:"dates,omitempty"`
	Zone        string            `json:"zone,omitempty"`
	Increment   string            `json:"increment,omitempty"`
	CountryCode string            `json:"country_code,omitempty"`
	Ends        string            `json:"ends,omitempty"`
	FirstPrice  string            `json:"first_price,omitempty"`
	Unit        string            `json:"unit,omitempty"` // "minute", "second", "hour", "100 minutes", each also with "cent" before it.
	Currency    string            `json:"currency,omitempty"`
	Exchange    decimal.Decimal   `json:"exchange,omitzero"` // Units of the deck's currency for one of the list's; 0: they are the same.
	StatusIs    string            `json:"status_is,omitempty"`
	Periods     map[string]string `json:"periods,omitempty"` // Name of the tariff's period for the list's "off-peak".
	Marks       map[string]string `json:"marks,omitempty"`   // "kept", "closed" or "blocked" for a word of the status.
}

// position finds the column that an answer names.
func position(answer string, heads []string, width int) (int, error) {
	answer = strings.TrimSpace(answer)
	for i, h := range heads {
		if heading.Normal(h) == heading.Normal(answer) && heading.Normal(answer) != "" || h == answer {
			return i, nil
		}
	}
	if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= width {
		return n - 1, nil
	}
	return 0, fmt.Errorf("%w: there is no column %q: the list has %d, with the headings %s", ErrMapping, answer, width, strings.Join(heads, ", "))
}

// unit reads the answer to what a price is for.
func (a *Answers) unit(m *Mapping) error {
	text := strings.ToLower(strings.TrimSpace(a.Unit))
	if text == "" {
		return nil
	}
	rest, cents := strings.CutPrefix(text, "cent")
	rest = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(rest, "s"), " per"))
	seconds, known := map[string]int{"": 60, "minute": 60, "second": 1, "hour": 3600, "100 minutes": 6000}[rest]
	if !known {
		return fmt.Errorf("%w: unit %q: want minute, second, hour or 100 minutes, or cent and one of them", ErrMapping, a.Unit)
	}
	m.Seconds, m.Cents = seconds, cents
	return nil
}

// marks reads the answers to what words of the status mean.
func (a *Answers) marks(m *Mapping) error {
	for word, text := range a.Marks {
		mark := cell.Mark(text)
		if mark != cell.Kept && mark != cell.Closed && mark != cell.Blocked {
			return fmt.Errorf("%w: mark %q: want kept, closed or blocked", ErrMapping, text)
		}
		if m.Marks == nil {
			m.Marks = make(map[string]cell.Mark)
		}
		m.Marks[strings.ToLower(strings.TrimSpace(word))] = mark
	}
	return nil
}
