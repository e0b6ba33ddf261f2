package parquet

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// of makes the shape of values that are got from arrays of type A as P, and added to builders of type B.
func of[A arrow.Array, B array.Builder, P any](physical parquet.Type, logical schema.LogicalType, length int, get func(A, int) P, add func(B, P)) shape {
	return shape{
		physical, logical, length,
		func(to file.ColumnChunkWriter, from arrow.Array, nullable bool) error {
			return write(to, from, nullable, get)
		},
		func(from file.ColumnChunkReader, rows int64, to array.Builder) error {
			return read(from, rows, to, add)
		},
	}
}

// write writes a column of a batch. Definition levels say of a nullable one which rows have a value; values stand without gaps.
func write[A arrow.Array, P any](to file.ColumnChunkWriter, from arrow.Array, nullable bool, get func(A, int) P) error {
	w, fits := to.(interface {
		WriteBatch(values []P, defined, repeated []int16) (int64, error)
	})
	a, ok := from.(A)
	if !fits || !ok {
		return fmt.Errorf("%w: %s", ErrType, from.DataType())
	}
	values := make([]P, 0, a.Len())
	var defined []int16
	if nullable {
		defined = make([]int16, a.Len())
	}
	for i := range a.Len() {
		if a.IsNull(i) && nullable {
			continue
		}
		if nullable {
			defined[i] = 1
		}
		values = append(values, get(a, i))
	}
	_, err := w.WriteBatch(values, defined, nil)
	return err
}

// read reads the next rows of a column.
func read[B array.Builder, P any](from file.ColumnChunkReader, rows int64, to array.Builder, add func(B, P)) error {
	r, fits := from.(interface {
		ReadBatch(most int64, values []P, defined, repeated []int16) (int64, int, error)
	})
	b, ok := to.(B)
	if !fits || !ok {
		return fmt.Errorf("%w: a column is of type %s", ErrFile, from.Type())
	}
	values := make([]P, rows)
	var defined []int16
	if from.Descriptor().MaxDefinitionLevel() > 0 {
		defined = make([]int16, rows)
	}
	got, _, err := r.ReadBatch(rows, values, defined, nil)
	if err != nil {
		return err
	}
	if got != rows {
		return fmt.Errorf("%w: a column ends early", ErrFile)
	}
	for i := range int(rows) {
		if defined != nil && defined[i] == 0 {
			b.AppendNull()
			continue
		}
		add(b, values[0])
		values = values[1:]
	}
	return nil
}
