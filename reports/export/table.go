package export

import (
	"errors"
	"fmt"
	"io"
	"time"

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
	Moment             // time.Time, in microseconds of UTC.
	Blob               // []byte.
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
	s, err := NewSheet(out, t.Fields, o)
	if err != nil {
		return err
	}
	for _, row := range t.Rows {
		if err := s.Add(row...); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	return s.Close()
}

// sheetBatch is how many rows of a Sheet are held until they are written.
const sheetBatch = 8192

// Sheet writes a table row by row, however long it is. It is for one goroutine.
type Sheet struct {
	fields []Field
	b      *array.RecordBuilder
	w      Writer
	held   int
}

// NewSheet begins a table.
func NewSheet(out io.Writer, fields []Field, o Options) (*Sheet, error) {
	columns := make([]arrow.Field, len(fields))
	for i, f := range fields {
		columns[i] = arrow.Field{Name: f.Name, Type: f.Kind.arrow(), Nullable: true}
	}
	schema := arrow.NewSchema(columns, nil)
	w, err := NewWriter(out, schema, o)
	if err != nil {
		return nil, err
	}
	return &Sheet{fields: fields, b: array.NewRecordBuilder(memory.DefaultAllocator, schema), w: w}, nil
}

// Add adds a row; nil is no value.
func (s *Sheet) Add(cells ...any) error {
	for i := range s.fields {
		if err := put(s.b.Field(i), cells[i]); err != nil {
			return fmt.Errorf("%s: %w", s.fields[i].Name, err)
		}
	}
	if s.held++; s.held < sheetBatch {
		return nil
	}
	return s.flush()
}

func (s *Sheet) flush() error {
	batch := s.b.NewRecord()
	defer batch.Release()
	s.held = 0
	return s.w.Write(batch)
}

// Close ends the table. It does not close what it was written to.
func (s *Sheet) Close() error {
	defer s.b.Release()
	return errors.Join(s.flush(), s.w.Close())
}

func (k Kind) arrow() arrow.DataType {
	switch k {
	case Whole:
		return arrow.PrimitiveTypes.Int64
	case Amount:
		return &arrow.Decimal128Type{Precision: 38, Scale: money.AmountScale}
	case Moment:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case Blob:
		return arrow.BinaryTypes.Binary
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
	case time.Time:
		if t, ok := b.(*array.TimestampBuilder); ok {
			t.Append(arrow.Timestamp(v.UnixMicro()))
			return nil
		}
	case []byte:
		if t, ok := b.(*array.BinaryBuilder); ok {
			t.Append(v)
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
