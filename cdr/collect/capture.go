package collect

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"trunkline/internal/clock"
)

// The endings of capture files: of a stream that still goes on, and of one that has ended.
const (
	openEnding = ".part"
	doneEnding = ".smdr"
)

// Captures is a folder in which every stream of a system becomes a file of its own. It is safe for concurrent use.
type Captures struct {
	dir   string
	clock clock.Clock

	mu   sync.Mutex
	last string
	n    int
}

// OpenCaptures makes the folder, and ends the files of streams that a former process left open.
func OpenCaptures(dir string, c clock.Clock) (*Captures, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("captures: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"+openEnding))
	if err != nil {
		return nil, fmt.Errorf("captures: %w", err)
	}
	for _, name := range left {
		if err := os.Rename(name, strings.TrimSuffix(name, openEnding)+doneEnding); err != nil {
			return nil, fmt.Errorf("captures: %w", err)
		}
	}
	return &Captures{dir: dir, clock: c}, nil
}

// Dir is the folder.
func (c *Captures) Dir() string { return c.dir }

// name returns a new name; names sort by the time at which their streams began.
func (c *Captures) name() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.clock.Now().UTC().Format("20060102-150405.000")
	if at == c.last {
		c.n++
	} else {
		c.last, c.n = at, 0
	}
	return fmt.Sprintf("%s-%03d", at, c.n)
}

// Keep writes a stream to a file of its own until the stream ends. Every piece is on the disk before the next is read. It
// returns how many bytes came, and why the stream ended; nil at its end.
func (c *Captures) Keep(in io.Reader) (int64, error) {
	var file *os.File
	var total int64
	buffer := make([]byte, 64<<10)
	for {
		n, err := in.Read(buffer)
		if n > 0 {
			var writeErr error
			if file, writeErr = c.write(file, buffer[:n]); writeErr != nil {
				return total, errors.Join(fmt.Errorf("capture: %w", writeErr), c.end(file))
			}
			total += int64(n)
		}
		if err == nil {
			continue
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return total, errors.Join(err, c.end(file))
	}
}

// write puts a piece on the disk. The file is made with the first piece: connections on which nothing came leave none.
func (c *Captures) write(file *os.File, piece []byte) (*os.File, error) {
	if file == nil {
		var err error
		if file, err = os.OpenFile(filepath.Join(c.dir, c.name()+openEnding), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
			return nil, err
		}
	}
	if _, err := file.Write(piece); err != nil {
		return file, err
	}
	return file, file.Sync()
}

// end closes a capture file and says by its name that nothing more comes.
func (c *Captures) end(file *os.File) error {
	if file == nil {
		return nil
	}
	return errors.Join(file.Close(), os.Rename(file.Name(), strings.TrimSuffix(file.Name(), openEnding)+doneEnding))
}
