package spool

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"

	"trunkline/internal/disk"
	"trunkline/internal/frame"
)

// recover finds the segments of former runs. Where one ends in a write that was cut short, nobody was told that it had succeeded; what is
// damaged is kept aside, for somebody to look at.
func (s *Spool) recover() error {
	found, err := findSegments(s.cfg.Disk, s.cfg.Dir)
	if err != nil {
		return err
	}
	s.read = s.loadPosition()
	for _, seg := range found {
		if err := s.scan(&seg); err != nil {
			return err
		}
		s.last = seg.number
		passed := seg.number < s.read.Segment
		switch {
		case passed && seg.keep:
			s.kept = append(s.kept, seg)
		case passed || seg.size == 0:
			if err := s.cfg.Disk.Remove(seg.path); err != nil {
				return fmt.Errorf("trim the spool: %w", err)
			}
		default:
			s.segments = append(s.segments, seg)
			s.written += seg.frames
			s.sent += seg.passed
		}
	}
	s.last = max(s.last, s.read.Segment)
	if len(s.segments) > 0 && (s.segments[0].number > s.read.Segment || s.segments[0].passed == 0) {
		s.read = position{Segment: s.segments[0].number}
	}
	return nil
}

// scan measures a segment, and keeps aside what is damaged in it. The place up to which it was sent means nothing where it is between
// frames.
func (s *Spool) scan(seg *segment) error {
	data, lost, err := disk.Salvage(s.cfg.Disk, seg.path)
	if err != nil {
		return fmt.Errorf("open the spool: %w", err)
	}
	if lost > 0 {
		s.cfg.Log.Error("the disk does not give back a part of the spool", "file", seg.path, "bytes", lost)
	}
	for p := range seg.parts(data) {
		if p.Kind == frame.Torn {
			s.cfg.Log.Warn("the spool ends in a write that was cut short: nobody was told that it had succeeded", "file", seg.path, "bytes", p.Length)
			break
		}
		seg.size += p.Length
		if _, ok := readBody(p.Body); ok {
			seg.frames++
		} else {
			s.aside(seg, p, data[p.Offset:p.Offset+p.Length])
		}
		if seg.number == s.read.Segment && seg.size == s.read.Offset {
			seg.passed = seg.frames
		}
	}
	return nil
}

// aside keeps a damaged part.
func (s *Spool) aside(seg *segment, p frame.Part, damaged []byte) {
	s.cfg.Log.Error("a part of the spool is damaged: a leg in it is lost unless it is mended; it is kept aside, see `trunkline spool list`",
		"file", seg.path, "offset", p.Offset, "bytes", p.Length)
	if err := frame.Save(s.cfg.Disk, seg.path, p, damaged); err != nil {
		seg.keep = true
		s.cfg.Log.Error("the damaged part could not be kept aside, so its file is kept", "error", err)
	}
}

// Damage returns the damaged parts in the folder of a spool that nobody has dealt with.
func Damage(fsys disk.FS, dir string) ([]frame.Aside, error) { return frame.Damage(fsys, dir) }

// saveKept tries again to keep damaged parts aside that could not be. It is called with the lock held.
func (s *Spool) saveKept() {
	for i := range s.segments {
		s.segments[i].keep = s.segments[i].keep && !s.saved(&s.segments[i])
	}
	left := s.kept[:0]
	for _, seg := range s.kept {
		if seg.keep = !s.saved(&seg); seg.keep {
			left = append(left, seg)
		} else {
			s.leaveBehind(seg)
		}
	}
	s.kept = left
}

// saved keeps all damaged parts of a segment aside, and reports whether they are.
func (s *Spool) saved(seg *segment) bool {
	data, _, err := disk.Salvage(s.cfg.Disk, seg.path)
	for p := range seg.parts(data) {
		if _, ok := readBody(p.Body); !ok && p.Kind != frame.Torn {
			err = errors.Join(err, frame.Save(s.cfg.Disk, seg.path, p, data[p.Offset:p.Offset+p.Length]))
		}
	}
	return err == nil
}

// Damaged returns how many damaged parts there are that nobody has dealt with: the legs in them are lost as things stand.
func (s *Spool) Damaged() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saveKept()
	aside, err := Damage(s.cfg.Disk, s.cfg.Dir)
	if err != nil {
		return 0, err
	}
	n := len(aside) + len(s.kept)
	for i := range s.segments {
		if s.segments[i].keep {
			n++
		}
	}
	return n, nil
}

// note is the position as it is noted. Files before it are removed, so it counts only where its checksum is right.
type note struct {
	position

	Sum uint32 `json:"sum"`
}

func (p position) sum() uint32 {
	text := fmt.Sprint(p.Segment, p.Offset)
	return crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli))
}

func (s *Spool) loadPosition() position {
	var n note
	data, err := s.cfg.Disk.ReadFile(filepath.Join(s.cfg.Dir, positionFile))
	if err != nil || json.Unmarshal(data, &n) != nil || n.Sum != n.sum() {
		return position{} // Legs are sent again, which does no harm.
	}
	return n.position
}

// savePosition notes up to where legs were sent. It need not last: what is lost is sent again.
func (s *Spool) savePosition(p position) {
	if err := s.notePosition(p); err != nil {
		s.cfg.Log.Warn("the position in the spool cannot be noted; after a restart legs are sent again", "error", err)
	}
}

// positionLength is how long the note is, filled up with blanks: it is written over in its place.
const positionLength = 64

func (s *Spool) notePosition(p position) error {
	data, err := json.Marshal(note{p, p.sum()})
	if err != nil {
		return err
	}
	path := filepath.Join(s.cfg.Dir, positionFile)
	f, err := s.cfg.Disk.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = s.cfg.Disk.Create(path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteAt(fmt.Appendf(nil, "%-*s\n", positionLength, data), 0)
	return errors.Join(err, f.Close())
}
