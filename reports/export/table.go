package export

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"trunkline/internal/money"
)

// Kind is what the cells of a column are.
type Kind uint8

// The kinds.
const (
	Text   Kind = iota // string.
	Whole              // int64.
	Amount             // money.Amount; also for percentages and the like.
)

// Field is one column of a small table.
type Field struct {
	Name string
	Kind Kind
}

// Table is a report that is small enough to be held in memory.
type Table struct {
	Fields []Field
	Rows   [][]any // nil is no value.
}

// Add adds a row.
func (t *Table) Add(cells ...any) { t.Rows = append(t.Rows, cells) }

// Write writes the table in a format.
func (t *Table) Write(out io.Writer, o Options) error {
	fields := make([]arrow.Field, len(t.Fields))
	for i, f := range t.Fields {
		fields[i] = arrow.Field{Name: f.Name, Type: f.Kind.arrow(), Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for _, row := range t.Rows {
		for i := range t.Fields {
			if err := put(b.Field(i), row[i]); err != nil {
				return fmt.Errorf("%s: %w", t.Fields[i].Name, err)
			}
		}
	}
	batch := b.NewRecord()
	defer batch.Release()
	w, err := NewWriter(out, schema, o)
	if err != nil {
		return err
	}
	if err := w.Write(batch); err != nil {
		return err
	}
	return w.Close()
}

func (k Kind) arrow() arrow.DataType {
	switch k {
	case Whole:
		return arrow.PrimitiveTypes.Int64
	case Amount:
		return &arrow.Decimal128Type{Precision: 38, Scale: money.AmountScale}
	case Text:
	}
	return arrow.BinaryTypes.String
}

func put(b array.Builder, v any) error {
	switch v := v.(type) {
	case nil:
		b.AppendNull()
		return nil
	case string:
		if s, ok := b.(*array.StringBuilder); ok {
			s.Append(v)
			return nil
		}
	case int64:
		if n, ok := b.(*array.Int64Builder); ok {
			n.Append(v)
			return nil
		}
	case money.Amount:
		if d, ok := b.(*array.Decimal128Builder); ok {
			d.Append(decimal128.FromI64(v.Micros()))
			return nil
		}
	}
	return fmt.Errorf("%w: %T", ErrType, v)
}
