package parquet

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/metadata"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// groupRows is how many rows a group has: what is held in memory until it is written.
const groupRows = 131_072

// schemaKey is where Arrow's implementations keep the Arrow schema of a file: what they make of it has the same types again.
const schemaKey = "ARROW:schema"

// Writer collects batches into row groups, compressed with Zstandard. It is for one goroutine.
type Writer struct {
	file   *file.Writer
	group  file.BufferedRowGroupWriter
	schema *arrow.Schema
	shapes []shape
	rows   int64
}

// NewWriter begins a file. It returns ErrType, wrapped, for a column of a type that cannot be written.
func NewWriter(out io.Writer, s *arrow.Schema) (*Writer, error) {
	w := &Writer{schema: s, shapes: make([]shape, s.NumFields())}
	nodes := make(schema.FieldList, s.NumFields())
	for i, f := range s.Fields() {
		var err error
		if w.shapes[i], err = shapeOf(f.Type); err != nil {
			return nil, fmt.Errorf("write Parquet: %s: %w", f.Name, err)
		}
		repetition := parquet.Repetitions.Required
		if f.Nullable {
			repetition = parquet.Repetitions.Optional
		}
		if nodes[i], err = schema.NewPrimitiveNodeLogical(f.Name, repetition, w.shapes[i].logical, w.shapes[i].physical, w.shapes[i].length, -1); err != nil {
			return nil, fmt.Errorf("write Parquet: %s: %w", f.Name, err)
		}
	}
	properties := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCreatedBy("trunkline"), parquet.WithMaxRowGroupLength(groupRows))
	root, err := schema.NewGroupNode(properties.RootName(), properties.RootRepetition(), nodes, -1)
	if err != nil {
		return nil, fmt.Errorf("write Parquet: %w", err)
	}
	var stored bytes.Buffer // A stream without batches.
	if err := ipc.NewWriter(&stored, ipc.WithSchema(s)).Close(); err != nil {
		return nil, fmt.Errorf("write Parquet: %w", err)
	}
	told := metadata.NewKeyValueMetadata()
	if err := told.Append(schemaKey, base64.StdEncoding.EncodeToString(stored.Bytes())); err != nil {
		return nil, fmt.Errorf("write Parquet: %w", err)
	}
	w.file = file.NewParquetWriter(keepOpen{out}, root, file.WithWriterProps(properties), file.WithWriteMetadata(told))
	return w, nil
}

// keepOpen hides that what is written to can be closed: that is its owner's to do.
type keepOpen struct{ io.Writer }

// Write writes a batch. The batch is its caller's again afterwards.
func (w *Writer) Write(batch arrow.Record) error {
	if w.group != nil && w.rows+batch.NumRows() > groupRows {
		if err := w.group.Close(); err != nil {
			return fmt.Errorf("write Parquet: %w", err)
		}
		w.group = nil
	}
	if w.group == nil {
		w.group, w.rows = w.file.AppendBufferedRowGroup(), 0
	}
	w.rows += batch.NumRows()
	for i, s := range w.shapes {
		column, err := w.group.Column(i)
		if err == nil {
			err = s.write(column, batch.Column(i), w.schema.Field(i).Nullable)
		}
		if err != nil {
			return fmt.Errorf("write Parquet: %s: %w", batch.ColumnName(i), err)
		}
	}
	return nil
}

// Close ends the file. It does not close what it was written to.
func (w *Writer) Close() error {
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}
