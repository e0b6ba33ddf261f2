package spool

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"trunkline/cdr"
	"trunkline/internal/disk"
	"trunkline/internal/frame"
)

// File is a file of a spool: legs that wait or are being removed, or a damaged part that is kept aside.
type File struct {
	Name    string
	Bytes   int64
	Legs    int  // That can be read without doubt.
	Doubt   int  // Parts that cannot.
	Damaged bool // It is a part that is kept aside, which nobody has dealt with.
}

// Found is what stands at a place of a file.
type Found struct {
	Offset int64
	Sound  bool      // Its checksum is right.
	At     time.Time // When it was written.
	cdr.Envelope
	Leg *cdr.Leg // Nil: it cannot be read at all. Where it is not sound, any of its fields may be wrong.
	Raw []byte
}

// Files returns the files in the folder of a spool, in the order of their names.
func Files(fsys disk.FS, dir string) ([]File, error) {
	names, err := fsys.Names(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of the spool: %w", err)
	}
	var out []File
	for _, name := range names {
		damaged := frame.IsAside(name)
		if _, ok := parseSegment(dir, name); !ok && !damaged {
			continue
		}
		found, err := Read(fsys, filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		f := File{Name: name, Damaged: damaged}
		for i := range found {
			f.Bytes += int64(len(found[i].Raw))
			if found[i].Sound {
				f.Legs++
			} else {
				f.Doubt++
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// Read returns what is in a file of a spool, or in a damaged part of one.
func Read(fsys disk.FS, path string) ([]Found, error) {
	name, _, _ := strings.Cut(filepath.Base(path), segmentSuffix)
	seg, ok := parseSegment(filepath.Dir(path), name+segmentSuffix)
	if !ok {
		return nil, fmt.Errorf("%s is no file of a spool: their names are numbers and end in %s, and those of damaged parts begin so", path, segmentSuffix)
	}
	data, _, err := disk.Salvage(fsys, path)
	if err != nil {
		return nil, fmt.Errorf("read the spool: %w", err)
	}
	var out []Found
	for p := range seg.parts(data) {
		f := Found{Offset: p.Offset, Sound: p.Kind == frame.Whole, Raw: data[p.Offset : p.Offset+p.Length]}
		body := p.Body
		if !f.Sound {
			body = f.Raw[min(seg.head(), len(f.Raw)):]
		}
		if r, ok := readBody(body); ok {
			leg := new(cdr.Leg)
			f.At, f.Envelope = r.at, r.Envelope
			if cdr.DecodeLeg(r.Value, leg) == nil {
				f.Leg = leg
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// head is the length of the head of its frames.
func (s *segment) head() int {
	if s.old {
		return oldHead
	}
	return frame.HeadLength
}
