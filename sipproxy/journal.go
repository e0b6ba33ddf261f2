package sipproxy

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"github.com/fxamacker/cbor/v2"

	"trunkline/cdr"
)

const (
	journalFile    = "journal"
	journalCompact = 64 << 20 // Rewritten when it has grown by so much since the last time: about 20,000 calls.
	journalEntry   = 1 << 20  // The largest entry.
)

// journal keeps what must survive the death of the process: the calls in progress and the registrations. It is a file
// that entries are appended to, each a key and a value (an empty one removes the key), written out at once: what was
// written outlives a killed process. It is rewritten when most of it is of the past.
type journal struct {
	log  *slog.Logger
	path string

	mu      sync.Mutex
	file    *os.File
	live    map[string][]byte
	buf     []byte // Room for what is being written.
	written int64
	failed  bool
}

// openJournal reads the journal of a folder, cuts off an entry that was not written to its end, and goes on.
func openJournal(dir string, log *slog.Logger) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the journal: %w", err)
	}
	j := &journal{log: log, path: filepath.Join(dir, journalFile), live: make(map[string][]byte)}
	if err := j.load(); err != nil {
		return nil, err
	}
	return j, j.rewrite()
}

func (j *journal) load() error {
	f, err := os.Open(j.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for {
		key, value, err := readEntry(r)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil: // The tail of a write that was cut short; all before it is whole.
			j.log.Warn("the journal ends in a broken entry; what came before it is used", "error", err)
			return nil
		case len(value) == 0:
			delete(j.live, key)
		default:
			j.live[key] = value
		}
	}
}

// An entry is its length and checksum (4 bytes each), the length of the key (2 bytes), key and value.
func appendEntry(b []byte, key string, value []byte) []byte {
	start := len(b)
	b = append(b, make([]byte, 10)...)
	b = append(b, key...)
	b = append(b, value...)
	body := b[start+8:]
	binary.BigEndian.PutUint16(body, uint16(len(key)))                       //nolint:gosec // Keys are short.
	binary.BigEndian.PutUint32(b[start:], uint32(len(body)))                 //nolint:gosec // Bounded by journalEntry.
	binary.BigEndian.PutUint32(b[start+4:], crc32.ChecksumIEEE(b[start+8:])) // Tells a torn write.
	return b
}

func readEntry(r io.Reader) (key string, value []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return "", nil, err
	}
	n := binary.BigEndian.Uint32(head[:4])
	if n < 2 || n > journalEntry {
		return "", nil, fmt.Errorf("entry of %d bytes", n)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return "", nil, errors.Join(io.ErrUnexpectedEOF, err)
	}
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(head[4:]) {
		return "", nil, errors.New("checksum differs")
	}
	k := int(binary.BigEndian.Uint16(body))
	if 2+k > len(body) {
		return "", nil, errors.New("key is cut off")
	}
	return string(body[2 : 2+k]), body[2+k:], nil
}

// rewrite replaces the file by one that holds only what is live.
func (j *journal) rewrite() error {
	tmp := j.path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // A name of our own in a configured folder.
	if err != nil {
		return fmt.Errorf("rewrite the journal: %w", err)
	}
	var b []byte
	for key, value := range j.live {
		b = appendEntry(b, key, value)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(tmp, j.path)
	}
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("rewrite the journal: %w", err)
	}
	if j.file != nil {
		_ = j.file.Close()
	}
	j.file, j.written = f, 0
	return nil
}

// change is a key and the value that it is to have; none removes it.
type change struct {
	key   string
	value []byte
}

func (j *journal) put(key string, value []byte) { j.write(change{key, value}) }

func (j *journal) remove(key string) { j.write(change{key: key}) }

// write makes changes, in one write to the file. A disk that is full is reported once; calls go on, and the next rewrite makes it
// good.
func (j *journal) write(changes ...change) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.buf = j.buf[:0]
	for _, c := range changes {
		if len(c.value) > 0 {
			j.live[c.key] = c.value
		} else if _, ok := j.live[c.key]; ok {
			delete(j.live, c.key)
		} else {
			continue
		}
		j.buf = appendEntry(j.buf, c.key, c.value)
	}
	if j.file == nil || len(j.buf) == 0 {
		return
	}
	n, err := j.file.Write(j.buf)
	j.written += int64(n)
	if err != nil && !j.failed {
		j.log.Error("the journal cannot be written; calls in progress would not survive a crash", "error", err)
	}
	j.failed = err != nil
	if j.written > journalCompact || err != nil {
		if err := j.rewrite(); err != nil && !j.failed {
			j.log.Error("the journal cannot be rewritten", "error", err)
		}
	}
}

// entries returns a copy of what is live.
func (j *journal) entries() map[string][]byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.live)
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	err := errors.Join(j.file.Sync(), j.file.Close())
	j.file = nil
	return err
}

const (
	callPrefix         = "call/"
	registrationPrefix = "phone/"
	whyPrefix          = "why/" // The routing decision about a call, as it is stored with it.
)

func registrationKey(login string) string { return registrationPrefix + login }

// keep notes how far a call has come, with all that is needed to end it and to record it, and why it goes where it goes.
func (j *journal) keep(c *call) {
	data, err := cbor.Marshal(c.memo())
	if err != nil {
		j.log.Error("a call could not be written to the journal", "call", c.id.String(), "error", err)
		return
	}
	changes := c.decided.changes(c.id, c.trace(c.route, &c.decided))
	if f := c.forward; f != nil {
		changes = append(changes, f.decided.changes(f.id, c.trace(f.route, &f.decided))...)
	}
	j.write(append(changes, change{callPrefix + c.id.String(), data})...)
}

// changes are what the journal is to be told of a decision: each is kept once.
func (d *decided) changes(id cdr.CallID, text []byte) []change {
	if text == nil || d.kept == len(text) {
		return nil
	}
	d.kept = len(text)
	return []change{{whyPrefix + id.String(), text}}
}

// keepEnd notes that the ledger was not told of the end of a call.
func (j *journal) keepEnd(id cdr.CallID) {
	key := endPrefix + id.String()
	j.mu.Lock()
	_, ok := j.live[key]
	j.mu.Unlock()
	if !ok {
		j.put(key, []byte{1})
	}
}

// ended forgets a call that is recorded.
func (j *journal) ended(c *call) {
	id := c.id.String()
	changes := []change{{key: callPrefix + id}, {key: whyPrefix + id}}
	if c.forward != nil {
		changes = append(changes, change{key: whyPrefix + c.forward.id.String()})
	}
	j.write(changes...)
}
