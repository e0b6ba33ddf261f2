package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"trunkline/cdr/smdr"
	"trunkline/internal/clock"
)

// Output takes what is read of one file. Keep has the text before its calls come, with its place in the file; the same place may
// come again after an error. Flush returns when nothing of what it was given can be lost.
type Output interface {
	smdr.Sink
	Keep(at int64, p []byte) error
	Flush() error
}

// Follower reads the files of a folder as they grow, once.
type Follower struct {
	Dir     string
	Pattern string // Of the names; all files if empty.
	Capture bool   // The folder is one of Captures: streams that ended within a line were cut off.
	State   string // File that remembers how far it came.
	Format  *smdr.Format
	Options smdr.Options
	Output  func(origin, stream string) Output // stream tells a file from others that have its name, after restarts, too.
	Poll    time.Duration                      // Between two looks; 2 s if zero.
	Clock   clock.Clock
	Log     *slog.Logger

	state *state
	open  map[string]*reading
}

// reading is a file that is being read.
type reading struct {
	reader *smdr.Reader
	output Output
	muted  *mute
	quiet  time.Time // Since when it has not grown.
	calm   bool      // What waited in it was given out.
}

// mute passes calls on, or not: what was read before a restart is read again only to know where we are.
type mute struct {
	to  smdr.Sink
	off bool
}

func (m *mute) Call(c *smdr.Call) error {
	if m.off {
		return nil
	}
	return m.to.Call(c)
}

func (m *mute) Fault(f smdr.Fault) error {
	if m.off {
		return nil
	}
	return m.to.Fault(f)
}

const (
	pollEvery = 2 * time.Second
	settled   = 10 * time.Minute // A file that does not grow for so long: its last records are complete.
)

// Run follows the folder until ctx ends. Errors of the folder and of the output are reported and tried again.
func (f *Follower) Run(ctx context.Context) error {
	var err error
	if f.state, err = loadState(f.State); err != nil {
		return err
	}
	f.open = make(map[string]*reading)
	poll := cmp.Or(f.Poll, pollEvery)
	for ctx.Err() == nil {
		if err := f.look(ctx); err != nil && ctx.Err() == nil {
			f.Log.ErrorContext(ctx, "call records could not be read; another try follows", "folder", f.Dir, "error", err)
			f.open = make(map[string]*reading) // Read on from what is known to be safe.
		}
		_ = clock.Sleep(ctx, f.Clock, poll) // The loop looks at ctx.
	}
	return nil
}

// found is a file of the folder.
type found struct {
	name string
	id   string
	size int64
	time time.Time
}

// list returns the files, the oldest first.
func (f *Follower) list() ([]found, error) {
	entries, err := os.ReadDir(f.Dir)
	if err != nil {
		return nil, err
	}
	var out []found
	for _, e := range entries {
		if ok, err := filepath.Match(cmp.Or(f.Pattern, "*"), e.Name()); err != nil || !ok || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, found{e.Name(), identity(info), info.Size(), info.ModTime()})
	}
	byName := func(a, b found) int { return cmp.Compare(a.name, b.name) }
	slices.SortFunc(out, func(a, b found) int {
		if f.Capture {
			return byName(a, b)
		}
		return cmp.Or(a.time.Compare(b.time), byName(a, b))
	})
	return out, nil
}

func (f *Follower) look(ctx context.Context) error {
	files, err := f.list()
	if err != nil {
		return err
	}
	there := make(map[string]bool, len(files))
	for i := range files {
		there[files[i].id] = true
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.file(&files[i]); err != nil {
			return fmt.Errorf("%s: %w", files[i].name, err)
		}
	}
	changed := false
	for id := range f.state.Files { // What is gone cannot come back under the same identity.
		if !there[id] {
			delete(f.state.Files, id)
			delete(f.open, id)
			changed = true
		}
	}
	if changed {
		return f.state.save()
	}
	return nil
}

// file reads what is new in one file.
func (f *Follower) file(file *found) (err error) {
	known := f.known(file)
	if known.Done || file.size == known.Read && f.open[file.id] == nil && !f.Capture {
		return nil
	}
	if known.Stream == "" {
		if known, err = f.begin(file, known); err != nil {
			return err
		}
	}
	r, err := f.reading(file, &known)
	if err != nil {
		return err
	}
	read := known.Read
	if file.size > read {
		n, err := feed(filepath.Join(f.Dir, file.name), read, file.size, &kept{r, read})
		if err != nil {
			return err
		}
		read += n
		r.quiet, r.calm = f.Clock.Now(), false
	}
	done, err := f.finish(file, r)
	if err != nil {
		return err
	}
	if read == known.Read && !done {
		return nil
	}
	if err := r.output.Flush(); err != nil {
		return err
	}
	next := fileState{Name: file.name, Stream: known.Stream, Read: read, Done: done, Head: known.Head, HeadSize: known.HeadSize}
	if next.HeadSize < headMost {
		if next.Head, next.HeadSize, err = head(filepath.Join(f.Dir, file.name), min(read, headMost)); err != nil {
			return err
		}
	}
	f.state.Files[file.id] = next
	if done {
		delete(f.open, file.id)
	}
	return f.state.save()
}

// known is how far a file was read. One that was written anew under the same identity was not.
func (f *Follower) known(file *found) fileState {
	known := f.state.Files[file.id]
	if file.size < known.Read || f.open[file.id] == nil && !f.same(file, &known) {
		known = fileState{}
		delete(f.open, file.id)
		delete(f.state.Files, file.id)
	}
	return known
}

// begin gives a file that is new its name as a stream, and remembers it before anything of the file is given out.
func (f *Follower) begin(file *found, known fileState) (fileState, error) {
	known.Name, known.Stream = file.name, file.id+" "+f.Clock.Now().UTC().Format(time.RFC3339Nano)
	f.state.Files[file.id] = known
	return known, f.state.save()
}

// kept gives what is read of a file to its output, to be kept, and to its reader.
type kept struct {
	*reading

	at int64
}

func (k *kept) Write(p []byte) (int, error) {
	if err := k.output.Keep(k.at, p); err != nil {
		return 0, err
	}
	k.at += int64(len(p))
	return k.reader.Write(p)
}

// reading returns the reader of a file, and brings a new one to where the last one was.
func (f *Follower) reading(file *found, known *fileState) (*reading, error) {
	if r, ok := f.open[file.id]; ok {
		return r, nil
	}
	output := f.Output(strings.TrimSuffix(strings.TrimSuffix(file.name, openEnding), doneEnding), known.Stream)
	m := &mute{to: output, off: true}
	o := f.Options
	o.Strict, o.Reference = f.Capture, file.time
	reader, err := smdr.NewReader(f.Format, o, m)
	if err != nil {
		return nil, err
	}
	if _, err := feed(filepath.Join(f.Dir, file.name), 0, known.Read, reader); err != nil {
		return nil, err
	}
	m.off = false
	r := &reading{reader: reader, output: output, muted: m, quiet: f.Clock.Now()}
	f.open[file.id] = r
	return r, nil
}

// finish ends the reading of a capture whose stream has ended, and gives out what waits in a file that has grown no more.
func (f *Follower) finish(file *found, r *reading) (bool, error) {
	if f.Capture {
		if strings.HasSuffix(file.name, openEnding) {
			return false, nil
		}
		return true, r.reader.Close()
	}
	if r.calm || f.Clock.Now().Sub(r.quiet) < settled {
		return false, nil
	}
	r.calm = true
	if err := r.reader.Settle(); err != nil {
		return false, err
	}
	return false, r.output.Flush()
}

// feed writes a part of a file to a reader.
func feed(path string, from, till int64, to io.Writer) (int64, error) {
	if till <= from {
		return 0, nil
	}
	file, err := os.Open(path) //nolint:gosec // Listed in a configured folder.
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return io.CopyBuffer(struct{ io.Writer }{to}, io.NewSectionReader(file, from, till-from), make([]byte, 256<<10))
}

// headMost is how much of the beginning of a file tells it from another that got the same identity after it.
const headMost = 512

// same reports whether a file is the one that was read before.
func (f *Follower) same(file *found, known *fileState) bool {
	if known.HeadSize == 0 {
		return true
	}
	digest, n, err := head(filepath.Join(f.Dir, file.name), known.HeadSize)
	return err == nil && n == known.HeadSize && digest == known.Head
}

func head(path string, size int64) (digest uint64, n int64, err error) {
	h := xxhash.New()
	n, err = feed(path, 0, size, h)
	return h.Sum64(), n, err
}
