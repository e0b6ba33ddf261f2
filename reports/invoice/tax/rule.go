package tax

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// ErrRule is returned, wrapped, for a rule that makes no sense.
var ErrRule = errors.New("bad tax")

// DefaultName is what a tax is called that has no name.
const DefaultName = "VAT"

// Rule is how what a seller serves is taxed, on every day. The zero value taxes nothing.
type Rule struct {
	Name      string `json:"name,omitempty" yaml:"name,omitempty"`           // On documents; DefaultName, if empty.
	Inclusive bool   `json:"inclusive,omitempty" yaml:"inclusive,omitempty"` // The prices contain it.
	Rate      `yaml:",inline"`
	Rates     []Rate `json:"rates,omitempty" yaml:"rates,omitempty"` // In the place of Rate: one after the other, by date.
	Items     []Item `json:"items,omitempty" yaml:"items,omitempty"` // Lines that are taxed otherwise; the first that names a line decides.
}

// Rate is what holds from a day on: a percentage, or that nothing is due and why.
type Rate struct {
	Since   string `json:"since,omitempty" yaml:"since,omitempty"`     // First day, such as 2026-01-01, in the client's time zone; empty: ever since.
	Percent string `json:"percent,omitempty" yaml:"percent,omitempty"` // A plain decimal from 0 to 100.
	// ReverseCharge says that the buyer owes the tax (Directive 2006/112/EC, articles 194 to 199).
	ReverseCharge bool `json:"reverse_charge,omitempty" yaml:"reverse_charge,omitempty"`
	Exempt        Text `json:"exempt,omitempty" yaml:"exempt,omitempty"` // Why nothing is due, as it stands on the document.
}

// Item is a rate of some lines.
type Item struct {
	// For names lines: the name of a fee, "usage" for all calls, or a class of calls such as "usage/international".
	For   []string `json:"for" yaml:"for"`
	Rate  `yaml:",inline"`
	Rates []Rate `json:"rates,omitempty" yaml:"rates,omitempty"`
}

// IsZero reports whether nothing is said of any tax.
func (r Rule) IsZero() bool {
	return r.Name == "" && !r.Inclusive && r.isZero() && len(r.Rates) == 0 && len(r.Items) == 0
}

func (r Rate) isZero() bool {
	return r.Since == "" && r.Percent == "" && !r.ReverseCharge && len(r.Exempt) == 0
}

// Validate reports what makes the rule unusable.
func (r Rule) Validate() error {
	if err := validate(r.Rate, r.Rates, false); err != nil {
		return err
	}
	for i, item := range r.Items {
		err := validate(item.Rate, item.Rates, true)
		if len(item.For) == 0 {
			err = fmt.Errorf("%w: for is empty: name fees, or usage", ErrRule)
		}
		if err != nil {
			return fmt.Errorf("items[%d]: %w", i, err)
		}
	}
	return nil
}

func validate(one Rate, rates []Rate, needed bool) error {
	switch {
	case len(rates) > 0 && !one.isZero():
		return fmt.Errorf("%w: rates stand beside a rate: put all of them into rates", ErrRule)
	case len(rates) == 0 && one.Since != "":
		return fmt.Errorf("%w: since %s: give rates, one without since for what held before", ErrRule, one.Since)
	case len(rates) == 0 && needed && one.isZero():
		return fmt.Errorf("%w: give percent, exempt, reverse_charge or rates", ErrRule)
	case len(rates) == 0:
		return one.validate()
	}
	seen := make(map[string]bool)
	for _, r := range rates {
		if seen[r.Since] {
			return fmt.Errorf("%w: two rates since %q", ErrRule, r.Since)
		}
		seen[r.Since] = true
		if r.Percent == "" && !r.ReverseCharge && len(r.Exempt) == 0 {
			return fmt.Errorf("%w: a rate since %q has no percent; give 0, exempt or reverse_charge where nothing is due", ErrRule, r.Since)
		}
		if err := r.validate(); err != nil {
			return err
		}
	}
	if !seen[""] {
		return fmt.Errorf("%w: one of the rates needs no since: it is not said what held before the first day", ErrRule)
	}
	return nil
}

func (r Rate) validate() error {
	if r.Since != "" {
		if _, err := time.Parse(time.DateOnly, r.Since); err != nil {
			return fmt.Errorf("%w: since %q: want a day such as 2026-01-01", ErrRule, r.Since)
		}
	}
	if r.ReverseCharge && len(r.Exempt) > 0 || r.Percent != "" && (r.ReverseCharge || len(r.Exempt) > 0) {
		return fmt.Errorf("%w: give one of percent, exempt and reverse_charge", ErrRule)
	}
	if r.Percent == "" {
		return nil
	}
	p, err := decimal.NewFromString(r.Percent)
	if err != nil || p.IsNegative() || p.GreaterThan(decimal.NewFromInt(100)) || -p.Exponent() > 6 {
		return fmt.Errorf("%w: percent %q: want a decimal from 0 to 100", ErrRule, r.Percent)
	}
	return nil
}

// Title is the name of the tax.
func (r Rule) Title() string {
	if r.Name == "" {
		return DefaultName
	}
	return r.Name
}

// lists are all lists of rates of the rule.
func (r Rule) lists() [][]Rate {
	out := [][]Rate{listOf(r.Rate, r.Rates)}
	for _, item := range r.Items {
		out = append(out, listOf(item.Rate, item.Rates))
	}
	return out
}

// listOf are rates in the order of their days.
func listOf(one Rate, rates []Rate) []Rate {
	if len(rates) == 0 {
		return []Rate{one}
	}
	return slices.SortedFunc(slices.Values(rates), func(a, b Rate) int { return strings.Compare(a.Since, b.Since) })
}
