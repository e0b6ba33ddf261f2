package callfile

import (
	"fmt"
	"strings"
	"time"

	"trunkline/internal/money"
	"trunkline/reports/invoice/tax"
)

// Tax is the tax that is told beside the prices of calls.
type Tax struct {
	rule tax.Rule
	zone *time.Location
}

// ParseTax reads rates with the days from which they hold, such as 20,22@2026-01-01; nil: none are asked for.
func ParseTax(text string, inclusive bool, zone *time.Location) (*Tax, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // No tax is asked for.
	}
	t := &Tax{rule: tax.Rule{Inclusive: inclusive}, zone: zone}
	if zone == nil {
		t.zone = time.UTC
	}
	for part := range strings.SplitSeq(text, ",") {
		percent, since, _ := strings.Cut(strings.TrimSpace(part), "@")
		t.rule.Rates = append(t.rule.Rates, tax.Rate{Percent: percent, Since: since})
	}
	if err := t.rule.Validate(); err != nil {
		return nil, fmt.Errorf("--tax %q: %w: want for example 20,22@2026-01-01", text, err)
	}
	return t, nil
}

// Add tells the tax on calls that have a price.
func (t *Tax) Add(rated []Rated) error {
	if t == nil {
		return nil
	}
	for i := range rated {
		r := &rated[i]
		if r.failed {
			continue
		}
		due := t.rule.On(r.connect.In(t.zone).Format(time.DateOnly), "usage")
		rule := money.Tax{Percent: due.Percent, Inclusive: t.rule.Inclusive, Scale: r.scale, Rounding: money.HalfUp}
		_, taxed, err := rule.Apply([]money.Amount{r.charge.Total})
		if err != nil {
			return fmt.Errorf("tax on call %s: %w", r.id, err)
		}
		r.taxed = taxed
	}
	return nil
}
