package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"trunkline/internal/disk"
	"trunkline/internal/frame"
)

// load reads all segments, the oldest first, and before them the file of a former version.
func (j *Journal) load() error {
	if err := j.o.FS.MkdirAll(j.o.Dir); err != nil {
		return fmt.Errorf("folder of the journal: %w", err)
	}
	if err := j.loadOld(); err != nil {
		return err
	}
	names, err := j.o.FS.Names(j.o.Dir)
	if err != nil {
		return fmt.Errorf("folder of the journal: %w", err)
	}
	for _, name := range names {
		if s, ok := parseSegment(j.o.Dir, name); ok {
			j.segments = append(j.segments, s)
		}
	}
	slices.SortFunc(j.segments, func(a, b *segment) int { return int(a.number - b.number) })
	for _, s := range j.segments {
		if err := j.loadSegment(s); err != nil {
			return err
		}
	}
	j.syncFound()
	return j.countDamage()
}

// syncFound has what was found be synced: a process that was killed may not have come to it.
func (j *Journal) syncFound() {
	for _, s := range j.segments {
		f, err := j.o.FS.Open(s.path)
		if err != nil {
			j.o.Log.Warn("a file of the journal cannot be synced: what lives in it is written anew", "error", err)
			j.owed.add(j.liveIn(s.number)...)
			continue
		}
		j.retired = append(j.retired, opened{f, s.number, true})
	}
}

// countDamage looks how many damaged parts there are that nobody has dealt with.
func (j *Journal) countDamage() error {
	aside, err := frame.Damage(j.o.FS, j.o.Dir)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.damaged = len(aside)
	for _, s := range j.segments {
		if s.keep {
			j.damaged++
		}
	}
	return nil
}

func (j *Journal) loadSegment(s *segment) error {
	data, lost, err := disk.Salvage(j.o.FS, s.path)
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	s.size = int64(len(data))
	if lost > 0 {
		j.o.Log.Error("the disk does not give back a part of the journal", "file", s.path, "bytes", lost)
	}
	for p := range s.format.Parts(data) {
		if p.Kind == frame.Whole && j.take(s, p) {
			continue
		}
		if p.Kind == frame.Torn { // A write that was cut short: nobody relied on it.
			j.o.Log.Info("the journal ends in an entry that was not written to its end", "file", s.path, "bytes", p.Length)
			continue
		}
		j.o.Log.Error("a part of the journal is damaged: the entries in it are lost, all others are used; it is kept aside",
			"file", s.path, "offset", p.Offset, "bytes", p.Length)
		if err := frame.Save(j.o.FS, s.path, p, data[p.Offset:p.Offset+p.Length]); err != nil {
			s.keep = true
			j.o.Log.Error("the damaged part could not be kept aside, so its file is kept", "error", err)
		}
	}
	return nil
}

// keptAside reports whether all damaged parts of a segment are kept aside, so that it may go; those that could not be are tried again.
func (j *Journal) keptAside(s *segment) bool {
	if !s.keep {
		return true
	}
	data, _, err := disk.Salvage(j.o.FS, s.path)
	for p := range s.format.Parts(data) {
		if _, _, ok := readEntry(p.Body); !ok && p.Kind != frame.Torn {
			err = errors.Join(err, frame.Save(j.o.FS, s.path, p, data[p.Offset:p.Offset+p.Length]))
		}
	}
	if err != nil {
		j.o.Log.Warn("a damaged part of the journal cannot be kept aside, so its file is kept", "error", err)
	}
	s.keep = err != nil
	return err == nil
}

// take does what an entry says; false: it says nothing that makes sense.
func (j *Journal) take(s *segment, p frame.Part) bool {
	key, value, ok := readEntry(p.Body)
	if !ok {
		return false
	}
	if old := j.live[key]; old != nil {
		j.bytes -= old.size
		delete(j.live, key)
	}
	if len(value) > 0 {
		j.live[key] = &item{value: value, segment: s.number, size: p.Length}
		j.bytes += p.Length
	}
	return true
}

func readEntry(body []byte) (key string, value []byte, ok bool) {
	if len(body) < entryHead {
		return "", nil, false
	}
	n := int(binary.BigEndian.Uint16(body))
	if entryHead+n > len(body) {
		return "", nil, false
	}
	return string(body[entryHead : entryHead+n]), slices.Clone(body[entryHead+n:]), true
}
