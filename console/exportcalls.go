package console

import (
	"reflect"
	"slices"
	"time"

	"trunkline/access"
	"trunkline/internal/field"
	"trunkline/reports/export"
)

// callColumn is a column of a file of calls.
type callColumn struct {
	name string
	kind export.Kind
	of   string // The field of CallLeg that it is made of, by its name in JSON: who does not see it has no such column.
	cell func(l *CallLeg) any
}

// callColumns are the columns of a file of calls for somebody.
func callColumns(who *access.Principal) []callColumn {
	legs, err := field.ShapeOf(reflect.TypeFor[CallLeg](), "json")
	if err != nil {
		panic(err)
	}
	return slices.DeleteFunc(allCallColumns(), func(c callColumn) bool { return !seesField(who, legs.Field(c.of).Access) })
}

// allCallColumns are all of them. Amounts and seconds of a reversal are below zero, so that columns add up.
func allCallColumns() []callColumn {
	text := func(name string, cell func(l *CallLeg) any) callColumn {
		return callColumn{name: name, of: name, cell: cell}
	}
	whole := func(name, of string, cell func(l *CallLeg) any) callColumn {
		return callColumn{name: name, kind: export.Whole, of: of, cell: cell}
	}
	return []callColumn{
		text("call", func(l *CallLeg) any { return l.Call }),
		text("kind", func(l *CallLeg) any { return l.Kind }),
		text("direction", func(l *CallLeg) any { return l.Direction }),
		text("tenant", func(l *CallLeg) any { return l.Tenant }),
		text("branch", func(l *CallLeg) any { return l.Branch }),
		text("extension", func(l *CallLeg) any { return l.Extension }),
		text("from", func(l *CallLeg) any { return l.From }),
		text("to", func(l *CallLeg) any { return l.To }),
		text("dialled", func(l *CallLeg) any { return l.Dialled }),
		text("destination", func(l *CallLeg) any { return l.Destination }),
		text("country", func(l *CallLeg) any { return l.Country }),
		{name: "begin", of: "setup", cell: func(l *CallLeg) any { return &l.Setup }},
		{name: "answer", of: "connect", cell: func(l *CallLeg) any { return l.Connect }},
		{name: "end", of: "disconnect", cell: func(l *CallLeg) any { return l.Disconnect }},
		whole("duration_seconds", "duration_ms", func(l *CallLeg) any { return int64(l.Sign) * (l.Millis / 1000) }),
		whole("billed_seconds", "billed_seconds", func(l *CallLeg) any { return int64(l.Sign) * l.Billed }),
		whole("pdd_ms", "pdd_ms", func(l *CallLeg) any { return l.PDD }),
		whole("sip_status", "sip_status", func(l *CallLeg) any { return int64(l.Status) }),
		whole("cause", "cause", func(l *CallLeg) any { return int64(l.Cause) }),
		text("released_by", func(l *CallLeg) any { return l.Side }),
		text("carrier", func(l *CallLeg) any { return l.Carrier }),
		text("gateway", func(l *CallLeg) any { return l.Gateway }),
		{name: "sale", kind: export.Amount, of: "sale", cell: func(l *CallLeg) any { return l.amount(l.Sale) }},
		{name: "sale_currency", of: "sale", cell: func(l *CallLeg) any { return l.Sale.currency() }},
		{name: "cost", kind: export.Amount, of: "cost", cell: func(l *CallLeg) any { return l.amount(l.Cost) }},
		{name: "cost_currency", of: "cost", cell: func(l *CallLeg) any { return l.Cost.currency() }},
	}
}

// fieldsOf are the headings of columns.
func fieldsOf(columns []callColumn) []export.Field {
	fields := make([]export.Field, len(columns))
	for i, c := range columns {
		fields[i] = export.Field{Name: c.name, Kind: c.kind}
	}
	return fields
}

// cells are those of a leg, with times in a zone; nil: UTC.
func (l *CallLeg) cells(columns []callColumn, zone *time.Location) []any {
	if zone == nil {
		zone = time.UTC
	}
	cells := make([]any, len(columns))
	for i, c := range columns {
		cells[i] = c.cell(l)
		if at, ok := cells[i].(*time.Time); ok {
			cells[i] = ""
			if at != nil {
				cells[i] = at.In(zone).Format("2006-01-02 15:04:05")
			}
		}
	}
	return cells
}

// amount is a price with the sign of the leg; nil: there is none.
func (l *CallLeg) amount(p *Price) any {
	switch {
	case p == nil:
		return nil
	case l.Sign < 0:
		return p.Amount.Neg()
	}
	return p.Amount
}

// currency is that of a price; empty: there is no price.
func (p *Price) currency() any {
	if p == nil {
		return ""
	}
	return p.Currency.String()
}
