package pbx

import (
	"fmt"
	"io"
	"os"
	"time"

	"trunkline/internal/cause"
	"trunkline/internal/clock"
)

// OpenRecords opens a file, or the standard input for "-", and says when it was written.
func OpenRecords(name string, stdin io.Reader) (io.ReadCloser, time.Time, error) {
	if name == "-" {
		return io.NopCloser(stdin), clock.System{}.Now(), nil
	}
	file, err := os.Open(name) //nolint:gosec // Named on the command line.
	if err != nil {
		return nil, time.Time{}, cause.Mark(cause.Input, err)
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		_ = file.Close()
		return nil, time.Time{}, cause.Mark(cause.Input, fmt.Errorf("%s is no file that can be read", name))
	}
	return file, info.ModTime().UTC(), nil
}
