package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"

	"trunkline/internal/disk"
	"trunkline/internal/frame"
)

// oldFile is the journal of a former version: one file, whose entries are a length, a checksum (IEEE) and what entries still are.
const (
	oldFile = "journal"
	oldHead = 8
)

// loadOld reads the journal of a former version, if there is one. What it says is written anew.
func (j *Journal) loadOld() error {
	path := filepath.Join(j.o.Dir, oldFile)
	data, _, err := disk.Salvage(j.o.FS, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	for at := 0; at < len(data); {
		body, ok := oldEntry(data[at:])
		if ok {
			key, value, _ := readEntry(body)
			j.takeOld(key, value)
			at += oldHead + len(body)
			continue
		}
		next := at + 1
		for ; next < len(data); next++ {
			if _, ok := oldEntry(data[next:]); ok {
				break
			}
		}
		p := frame.Part{Kind: frame.Damaged, Offset: int64(at), Length: int64(next - at)}
		j.o.Log.Warn("a part of the journal of a former version cannot be read; it is kept aside", "offset", p.Offset, "bytes", p.Length)
		if err := frame.Save(j.o.FS, path, p, data[at:next]); err != nil {
			return err
		}
		at = next
	}
	return nil
}

func (j *Journal) takeOld(key string, value []byte) {
	delete(j.live, key)
	j.owed.remove(key)
	if len(value) > 0 {
		j.live[key] = &item{value: value}
		j.owed.add(key)
	}
}

func oldEntry(data []byte) ([]byte, bool) {
	if len(data) < oldHead+entryHead {
		return nil, false
	}
	n := binary.BigEndian.Uint32(data)
	if n < entryHead || n > MaxEntry || int(n) > len(data)-oldHead {
		return nil, false
	}
	body := data[oldHead : oldHead+int(n)]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(data[4:]) {
		return nil, false
	}
	_, _, ok := readEntry(body)
	return body, ok
}

// dropOld removes the file of a former version when all that it said was written anew.
func (j *Journal) dropOld() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault != nil || j.owed.len() > 0 {
		return
	}
	if j.file != nil && j.file.Sync() != nil {
		return
	}
	if err := j.o.FS.Remove(filepath.Join(j.o.Dir, oldFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		j.o.Log.Warn("the journal of a former version cannot be removed", "error", err)
	}
}
