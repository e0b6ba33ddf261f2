package clickhouse

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"trunkline/internal/money"
	"trunkline/reports"
)

var errColumn = errors.New("the sums do not know this field")

// column is how a field of a filter is looked at.
type fieldColumn struct {
	name string
	kind columnKind
}

type columnKind uint8

const (
	textColumn columnKind = iota
	integerColumn
	amountColumn
	wordColumn // An Enum8.
	wholeColumn
)

// columnOf returns the column of a field, in cdr and, where they have it, in the sums.
func columnOf(f reports.Field) fieldColumn {
	special := map[reports.Field]fieldColumn{
		reports.FieldTo:        {"to_number", textColumn},
		reports.FieldFrom:      {"from_number", textColumn},
		reports.FieldDirection: {"direction", wordColumn},
		reports.FieldKind:      {"kind", wordColumn},
		reports.FieldSide:      {"released_by", wordColumn},
		reports.FieldStatus:    {"sip_status", integerColumn},
		reports.FieldCause:     {"cause", integerColumn},
		reports.FieldAttempt:   {"seq", integerColumn},
		reports.FieldDuration:  {"duration_us", integerColumn},
		reports.FieldBilled:    {"billed", integerColumn},
		reports.FieldPDD:       {"pdd_us", integerColumn},
		reports.FieldSale:      {"sale", amountColumn},
		reports.FieldCost:      {"cost", amountColumn},
		reports.FieldRate:      {"per_minute", amountColumn},
		reports.FieldAnyNumber: {"", wholeColumn},
		reports.FieldCurrency:  {"", wholeColumn},
		reports.FieldAnswered:  {"", wholeColumn},
		reports.FieldCall:      {"", wholeColumn},
	}
	if c, ok := special[f]; ok {
		return c
	}
	return fieldColumn{string(f), textColumn} // The rest is named alike; the set of fields is closed.
}

// where adds a filter to the condition. Columns that are written with the table's name are not mistaken for sums of the
// same name.
func (c *condition) where(f reports.Filter, table string) error {
	if f.IsZero() {
		return nil
	}
	var b strings.Builder
	if err := c.expr(&b, f.Expr(), table); err != nil {
		return err
	}
	c.terms = append(c.terms, "("+b.String()+")")
	return nil
}

func (c *condition) expr(b *strings.Builder, e *reports.Expr, table string) error {
	switch {
	case e.Not != nil:
		b.WriteString("NOT (")
		if err := c.expr(b, e.Not, table); err != nil {
			return err
		}
		b.WriteString(")")
		return nil
	case e.Match != nil:
		return c.match(b, e.Match, table)
	case e.Any != nil:
		return c.joined(b, e.Any, " OR ", table)
	}
	return c.joined(b, e.All, " AND ", table)
}

func (c *condition) joined(b *strings.Builder, list []reports.Expr, word, table string) error {
	for i := range list {
		if i > 0 {
			b.WriteString(word)
		}
		b.WriteString("(")
		if err := c.expr(b, &list[i], table); err != nil {
			return err
		}
		b.WriteString(")")
	}
	return nil
}

func (c *condition) match(b *strings.Builder, m *reports.Match, table string) error {
	col := columnOf(m.Field)
	if col.kind == wholeColumn {
		return c.whole(b, m, table)
	}
	name := table + "." + col.name
	for i, v := range m.Values {
		if i > 0 {
			b.WriteString(" OR ")
		}
		switch col.kind {
		case integerColumn, amountColumn:
			low, high := m.Bounds(v)
			c.between(b, name, low, high, col.kind == amountColumn)
		case wordColumn:
			b.WriteString(name + " = ?")
			c.args = append(c.args, v.Text)
		case textColumn, wholeColumn:
			c.text1(b, name, v)
		}
	}
	return nil
}

func (c *condition) between(b *strings.Builder, name string, low, high int64, amount bool) {
	if !amount {
		b.WriteString("(" + name + " >= ? AND " + name + " <= ?)")
		c.args = append(c.args, low, high)
		return
	}
	b.WriteString("(" + name + " >= toDecimal128(?, 6) AND " + name + " <= toDecimal128(?, 6))")
	c.args = append(c.args, money.FromMicros(max(low, -lastAmount)).String(), money.FromMicros(min(high, lastAmount)).String())
}

// lastAmount is beyond every amount of a call, and has an opposite.
const lastAmount = 1_000_000_000_000_000_000

// text1 compares with one text; a pattern that only ends in "%" is a beginning, which is found faster.
func (c *condition) text1(b *strings.Builder, name string, v reports.Value) {
	begin, rest, _ := strings.Cut(v.Text, "%")
	switch {
	case !v.Pattern:
		b.WriteString(name + " = ?")
		c.args = append(c.args, v.Text)
	case strings.Trim(rest, "%") == "":
		b.WriteString("startsWith(" + name + ", ?)")
		c.args = append(c.args, begin)
	default:
		b.WriteString(name + " LIKE ?")
		c.args = append(c.args, strings.NewReplacer(`\`, `\\`, `_`, `\_`).Replace(v.Text))
	}
}

// whole writes the fields that are more than one column.
func (c *condition) whole(b *strings.Builder, m *reports.Match, table string) error {
	columns := map[reports.Field][]string{
		reports.FieldAnyNumber: {"to_number", "from_number"}, reports.FieldCurrency: {"sale_currency", "cost_currency"}, reports.FieldCall: {"sip_call_id"},
	}[m.Field]
	for i, v := range m.Values {
		if i > 0 {
			b.WriteString(" OR ")
		}
		if m.Field == reports.FieldAnswered {
			b.WriteString("(" + table + ".connect > 0) = ?")
			c.args = append(c.args, v.Text == "yes")
			continue
		}
		if id, err := uuid.Parse(v.Text); err == nil && m.Field == reports.FieldCall {
			b.WriteString(table + ".call = ?")
			c.args = append(c.args, id.String())
			continue
		}
		for j, name := range columns {
			if j > 0 {
				b.WriteString(" OR ")
			}
			c.text1(b, table+"."+name, v)
		}
	}
	return nil
}

// summed reports whether a table of sums has the fields of a filter.
func summed(f reports.Filter, columns []string) error {
	for _, field := range f.Fields() {
		if name := columnOf(field).name; field != reports.FieldCurrency && !slices.Contains(columns, name) {
			return fmt.Errorf("%w: %s", errColumn, field)
		}
	}
	return nil
}
