package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"

	"trunkline/internal/disk"
	"trunkline/internal/frame"
)

// The body of a frame is the length of the key (2 bytes), the key, and the value.
const entryHead = 2

// So much of what is owed is written at a time.
const (
	payChunk   = 64 << 10 // Bytes, about.
	payEntries = 64
)

// appendEntry appends the frame that says what a key has now.
func (j *Journal) appendEntry(b []byte, s *segment, key string) []byte {
	start := len(b)
	b = frame.Begin(b)
	b = binary.BigEndian.AppendUint16(b, uint16(len(key))) //nolint:gosec // Write has looked.
	b = append(b, key...)
	if it := j.live[key]; it != nil {
		b = append(b, it.value...)
	}
	s.format.Seal(b[start:])
	return b
}

// save writes changes that were made in memory. It is called with the lock held.
func (j *Journal) save(changes []Change) error {
	if j.owed.len() > 0 || j.file == nil || j.closed {
		return j.owe(changes)
	}
	s := j.segments[len(j.segments)-1]
	j.buf = j.buf[:0]
	for _, c := range changes {
		j.buf = j.appendEntry(j.buf, s, c.Key)
	}
	if len(j.buf) == 0 {
		return nil
	}
	if err := j.put(s, j.buf); err != nil {
		for _, c := range changes {
			j.owed.add(c.Key)
		}
		return err
	}
	for _, c := range changes {
		if it := j.live[c.Key]; it != nil {
			size := int64(frame.HeadLength + entryHead + len(c.Key) + len(it.value))
			j.bytes += size - it.size
			it.segment, it.size = s.number, size
		}
	}
	return nil
}

// owe writes changes with what is owed from before.
func (j *Journal) owe(changes []Change) error {
	for _, c := range changes {
		j.owed.add(c.Key)
	}
	if j.closed {
		return ErrClosed
	}
	return j.pay()
}

// pay writes what is owed. It is called with the lock held.
func (j *Journal) pay() error {
	for j.owed.len() > 0 {
		if err := j.begun(); err != nil {
			return err
		}
		s := j.segments[len(j.segments)-1]
		j.buf = j.buf[:0]
		keys := j.owed.first(payEntries)
		var sizes [payEntries]int64
		for i, key := range keys {
			before := len(j.buf)
			j.buf = j.appendEntry(j.buf, s, key)
			if sizes[i] = int64(len(j.buf) - before); len(j.buf) > payChunk {
				keys = keys[:i+1]
				break
			}
		}
		if err := j.put(s, j.buf); err != nil {
			return err
		}
		for i, key := range keys {
			j.written(s, key, sizes[i])
		}
	}
	return nil
}

// written notes that the last change of a key is in a segment.
func (j *Journal) written(s *segment, key string, size int64) {
	j.owed.remove(key)
	if it := j.live[key]; it != nil {
		j.bytes += size - it.size
		it.segment, it.size = s.number, size
	}
}

// put appends to a segment. What was written of a write that failed is taken off again; where even that fails, the segment is left as it
// is and the next write begins another one: nothing is ever written behind a torn entry.
func (j *Journal) put(s *segment, data []byte) error {
	_, err := j.file.WriteAt(data, s.size)
	for err != nil && disk.NoRoom(err) && j.o.Room != nil && j.o.Room.Give(int64(len(data))) {
		_, err = j.file.WriteAt(data, s.size)
	}
	if err != nil {
		if j.file.Truncate(s.size) != nil {
			j.retire()
		}
		return fmt.Errorf("write the journal: %w", err)
	}
	s.size += int64(len(data))
	j.dirty, j.lasts = true, false
	if s.size >= j.o.SegmentBytes {
		j.nudge()
	}
	return nil
}

// begun sees to it that there is a segment to write to.
func (j *Journal) begun() error {
	if j.file != nil {
		return nil
	}
	return j.rotate()
}

// rotate begins a new segment. It is called with the lock held.
func (j *Journal) rotate() error {
	number := int64(1)
	if n := len(j.segments); n > 0 {
		number = j.segments[n-1].number + 1
	}
	s := newSegment(j.o.Dir, number, rand.Uint64()) //nolint:gosec // Nobody outside sees it.
	f, err := j.o.FS.Create(s.path)
	for err != nil && disk.NoRoom(err) && j.o.Room != nil && j.o.Room.Give(0) {
		f, err = j.o.FS.Create(s.path)
	}
	if err != nil {
		return fmt.Errorf("begin a file of the journal: %w", err)
	}
	if err := j.o.FS.SyncDir(j.o.Dir); err != nil {
		return errors.Join(fmt.Errorf("begin a file of the journal: %w", err), f.Close(), j.o.FS.Remove(s.path))
	}
	if j.file != nil {
		j.retire()
	}
	j.file = f
	j.segments = append(j.segments, s)
	return nil
}

// failed notes what became of a write.
func (j *Journal) failed(err error) {
	changed := (err == nil) != (j.fault == nil)
	j.fault = err
	if changed {
		j.nudge()
	}
}

func (j *Journal) nudge() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}
