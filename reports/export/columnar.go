package export

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// groupRows is how many rows a group of a Parquet file has: what is held in memory until it is written.
const groupRows = 131_072

// parquetWriter collects batches into row groups.
type parquetWriter struct {
	file *pqarrow.FileWriter
	rows int64
}

func newParquet(out io.Writer, schema *arrow.Schema) (*parquetWriter, error) {
	properties := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCreatedBy("trunkline"), parquet.WithMaxRowGroupLength(groupRows))
	file, err := pqarrow.NewFileWriter(schema, keepOpen{out}, properties, pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return nil, fmt.Errorf("write Parquet: %w", err)
	}
	return &parquetWriter{file: file}, nil
}

// keepOpen hides that what is written to can be closed: that is its owner's to do.
type keepOpen struct{ io.Writer }

// Write implements Writer.
func (w *parquetWriter) Write(batch arrow.Record) error {
	if w.rows+batch.NumRows() > groupRows {
		w.file.NewBufferedRowGroup()
		w.rows = 0
	}
	w.rows += batch.NumRows()
	if err := w.file.WriteBuffered(batch); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// Close implements Writer.
func (w *parquetWriter) Close() error {
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// arrowWriter writes the streaming form of Arrow IPC.
type arrowWriter struct {
	stream *ipc.Writer
}

func newArrow(out io.Writer, schema *arrow.Schema) *arrowWriter {
	return &arrowWriter{ipc.NewWriter(out, ipc.WithSchema(schema), ipc.WithZstd())}
}

// Write implements Writer.
func (w *arrowWriter) Write(batch arrow.Record) error {
	if err := w.stream.Write(batch); err != nil {
		return fmt.Errorf("write Arrow: %w", err)
	}
	return nil
}

// Close implements Writer.
func (w *arrowWriter) Close() error {
	if err := w.stream.Close(); err != nil {
		return fmt.Errorf("write Arrow: %w", err)
	}
	return nil
}
