package console

import (
	"fmt"

	"trunkline/access"
	"trunkline/internal/money"
	"trunkline/reports"
)

// QuestionText is a question of statistics as people and programs write it. Empty fields are not asked for.
type QuestionText struct {
	Period, CompareTo, Zone string // CompareTo is another period.
	Tenant, Branch          string
	By, Filter              string // A list of dimensions, a filter line.
	Side, Order, Currency   string // Currency is the one that margins are converted into.
	Compare                 bool   // With the period before.
	Top                     int
}

// ReadQuestion reads a question, with periods in the calendar of the zone that was named, or else the tenant's. What is wrong is
// ErrInvalid with the name of the field.
func (c *Console) ReadQuestion(who *access.Principal, t QuestionText) (q reports.Question, err error) {
	q = reports.Question{Tenant: t.Tenant, Branch: t.Branch, Top: t.Top, Order: reports.Order(t.Order), Compare: t.Compare || t.CompareTo != ""}
	if q.Period, err = c.Period(who, t.Period, t.Zone, t.Tenant); err != nil {
		return q, err
	}
	if t.CompareTo != "" {
		if q.CompareTo, err = c.Period(who, t.CompareTo, t.Zone, t.Tenant); err != nil {
			return q, fmt.Errorf("compare_to: %w", err)
		}
	}
	if q.Side, err = reports.ParseSide(or(t.Side, string(reports.Calls))); err != nil {
		return q, invalid("side: %s", err)
	}
	if q.By, err = reports.ParseDimensions(t.By); err != nil {
		return q, invalid("by: %s", err)
	}
	if t.Currency != "" {
		if q.Currency, err = money.ParseCurrency(t.Currency); err != nil {
			return q, invalid("currency: %s", err)
		}
	}
	if q.Filter, err = reports.ParseFilter(t.Filter); err != nil {
		return q, invalid("filter: %s", err)
	}
	return q, nil
}
