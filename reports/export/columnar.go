package export

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
)

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
