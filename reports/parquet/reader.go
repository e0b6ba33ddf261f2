package parquet

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
)

// readRows is how many rows are read at a time.
const readRows = 32_768

// Read calls do for the rows of a file, some at a time, until its end, an error or the end of ctx. The batch is valid until do returns. It
// returns ErrFile, wrapped, for a file that does not tell its Arrow schema or holds something else.
func Read(ctx context.Context, in parquet.ReaderAtSeeker, do func(arrow.Record) error) error {
	r, err := file.NewParquetReader(in)
	if err != nil {
		return err
	}
	s, shapes, err := schemaOf(r)
	if err != nil {
		return err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, s)
	defer b.Release()
	for g := range r.NumRowGroups() {
		if err := readGroup(ctx, r.RowGroup(g), b, shapes, do); err != nil {
			return err
		}
	}
	return nil
}

func readGroup(ctx context.Context, group *file.RowGroupReader, b *array.RecordBuilder, shapes []shape, do func(arrow.Record) error) error {
	columns := make([]file.ColumnChunkReader, len(shapes))
	for i := range columns {
		var err error
		if columns[i], err = group.Column(i); err != nil {
			return err
		}
	}
	for left := group.NumRows(); left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows := min(left, readRows)
		for i, s := range shapes {
			if err := s.read(columns[i], rows, b.Field(i)); err != nil {
				return fmt.Errorf("%s: %w", b.Schema().Field(i).Name, err)
			}
		}
		batch := b.NewRecord()
		err := do(batch)
		batch.Release()
		if err != nil {
			return err
		}
		left -= rows
	}
	return nil
}

// schemaOf returns the Arrow schema that a file was written with.
func schemaOf(r *file.Reader) (*arrow.Schema, []shape, error) {
	stored := r.MetaData().KeyValueMetadata().FindValue(schemaKey)
	if stored == nil {
		return nil, nil, fmt.Errorf("%w: it does not tell its Arrow schema", ErrFile)
	}
	stream, err := ipc.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(*stored)))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	defer stream.Release()
	s := stream.Schema()
	if s.NumFields() != r.MetaData().Schema.NumColumns() {
		return nil, nil, fmt.Errorf("%w: its Arrow schema has %d columns, the file has %d", ErrFile, s.NumFields(), r.MetaData().Schema.NumColumns())
	}
	shapes := make([]shape, s.NumFields())
	for i, f := range s.Fields() {
		if shapes[i], err = shapeOf(f.Type); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return s, shapes, nil
}
