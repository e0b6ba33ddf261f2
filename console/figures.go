package console

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"trunkline/access"
	"trunkline/internal/field"
	"trunkline/reports"
)

// Figures answers questions of statistics.
type Figures interface {
	// AskAll answers the questions, in their order. The answers may be others' as well: they are not changed.
	AskAll(ctx context.Context, questions []reports.Question) ([]*reports.Answer, error)
}

// Stats answers a question as far as it is somebody's to know. Money that is not is null.
func (c *Console) Stats(ctx context.Context, who *access.Principal, q reports.Question) (*reports.Answer, error) {
	answers, err := c.AllStats(ctx, who, []reports.Question{q})
	if err != nil {
		return nil, err
	}
	return answers[0], nil
}

// AllStats answers up to reports.MaxQuestions questions, each as Stats does, in their order. Together they cost much less.
func (c *Console) AllStats(ctx context.Context, who *access.Principal, questions []reports.Question) ([]*reports.Answer, error) {
	if err := may(who, access.ReadStats); err != nil {
		return nil, err
	}
	questions = slices.Clone(questions)
	for i := range questions {
		q := &questions[i]
		var err error
		if q.Tenant, q.Branch, err = c.narrow(who, q.Tenant, q.Branch); err != nil {
			return nil, err
		}
		if err := mayAsk(who, q); err != nil {
			return nil, err
		}
	}
	shared, err := c.d.Figures.AskAll(ctx, questions)
	if errors.Is(err, reports.ErrQuery) || errors.Is(err, reports.ErrFilter) {
		return nil, invalid("%s", err)
	}
	if err != nil {
		return nil, err
	}
	answers := make([]*reports.Answer, len(shared))
	for i, answer := range shared {
		answers[i] = answerFor(who, answer)
	}
	return answers, nil
}

// answerFor is a copy of an answer as far as it is somebody's to know.
func answerFor(who *access.Principal, shared *reports.Answer) *reports.Answer {
	answer, hide, figures := *shared, redactor[reports.Row](who), figuresShape()
	answer.Rows = slices.Clone(shared.Rows)
	for i := range answer.Rows {
		blank(hide, &answer.Rows[i])
	}
	blank(hide, &answer.Total)
	answer.Formulas = slices.DeleteFunc(slices.Clone(answer.Formulas), func(f reports.Formula) bool {
		n := figures.Field(f.Figure)
		return n != nil && !seesField(who, n.Access)
	})
	return &answer
}

// mayAsk refuses questions whose answers would tell what is not shown.
func mayAsk(who *access.Principal, q *reports.Question) error {
	if err := mayFilter(who, q.Filter); err != nil {
		return err
	}
	if err := mayGroup(who, q.By); err != nil {
		return err
	}
	hidden := slices.ContainsFunc(q.By, func(d reports.Dimension) bool { return !seesField(who, d.Access()) })
	if hidden || who.Role.OfTenant() && q.Side == reports.Attempts {
		return fmt.Errorf("%w: attempts, carriers and gateways are not shown to you", ErrForbidden)
	}
	if !seesField(who, q.Order.Access()) {
		return fmt.Errorf("%w: rows cannot be ordered by what is not shown to you", ErrForbidden)
	}
	return nil
}

// blank takes the money out of a row that is not somebody's to see. What the row points to is others' as well.
func blank(hide field.Redactor[reports.Row], row *reports.Row) {
	if row.Before != nil {
		before := *row.Before
		row.Before = &before
	}
	hide.Redact(row)
}

// figuresShape says which figures are told of a row, by their names.
func figuresShape() *field.Shape {
	s, err := field.ShapeOf(reflect.TypeFor[reports.Figures](), "json")
	if err != nil {
		panic(err)
	}
	return s
}

// Period reads a period in the calendar of a zone: the one that was named, or else the tenant's.
func (c *Console) Period(who *access.Principal, text, zone, tenant string) (reports.Period, error) {
	at := c.Zone(or(tenant, who.Tenant))
	if zone != "" {
		var err error
		if at, err = time.LoadLocation(zone); err != nil || zone == "Local" {
			return reports.Period{}, invalid("zone: there is no time zone %q; use a name such as Europe/Moscow", zone)
		}
	}
	p, err := reports.ParsePeriod(text, at, c.d.Clock.Now())
	if err != nil {
		return p, invalid("period: %s", err)
	}
	return p, nil
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
