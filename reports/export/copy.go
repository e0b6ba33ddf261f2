package export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow/ipc"
)

const bufferSize = 1 << 20

// Copy writes an Arrow stream in another format until its end, or until ctx ends. told gets the number of rows after every
// batch. It returns the number of rows.
func Copy(ctx context.Context, out io.Writer, in io.Reader, o Options, told func(rows int64)) (rows int64, err error) {
	r, err := ipc.NewReader(bufio.NewReaderSize(in, bufferSize))
	if err != nil {
		return 0, fmt.Errorf("read the export: %w", err)
	}
	defer r.Release()
	buffer := bufio.NewWriterSize(out, bufferSize)
	w, err := NewWriter(buffer, r.Schema(), o)
	if err != nil {
		return 0, err
	}
	defer func() {
		err = errors.Join(err, w.Close())
		if err == nil {
			err = buffer.Flush()
		}
	}()
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return rows, err
		}
		batch := r.Record()
		if err := w.Write(batch); err != nil {
			return rows, err
		}
		rows += batch.NumRows()
		told(rows)
	}
	if err := r.Err(); err != nil && !errors.Is(err, io.EOF) {
		return rows, fmt.Errorf("read the export: %w", err)
	}
	return rows, nil
}
