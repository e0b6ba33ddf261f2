package spool

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/cdr"
	"trunkline/internal/disk"
	"trunkline/internal/frame"
)

// The body of a frame is the time at which it was written in microseconds (8 bytes), the key (16 bytes) and the leg.
const (
	timeLength = 8
	keyLength  = 16
	bodyLimit  = 900 << 10 // The largest body: a broker takes messages of up to a mebibyte unless told otherwise.
)

// appendFrame appends a frame without its head, which depends on the file that it gets into.
func appendFrame(b []byte, at time.Time, leg *cdr.Leg) []byte {
	b = frame.Begin(b)
	b = binary.BigEndian.AppendUint64(b, uint64(at.UnixMicro()))
	key := leg.Call.Bytes()
	b = append(b, key[:]...)
	return cdr.AppendLeg(b, leg)
}

// record is what a frame says.
type record struct {
	cdr.Envelope
	at time.Time
}

// readBody reads the body of a frame; the value points into it.
func readBody(body []byte) (record, bool) {
	if len(body) < timeLength+keyLength {
		return record{}, false
	}
	var r record
	r.at = time.UnixMicro(int64(binary.BigEndian.Uint64(body))).UTC() //nolint:gosec // As it was written.
	copy(r.Key[:], body[timeLength:])
	r.Value = body[timeLength+keyLength:]
	return r, true
}

// segment is one file of frames. Its name says its place in the order and the salt of its frames.
type segment struct {
	number int64
	path   string
	format frame.Format
	old    bool  // Written by a former version, which knew no salts.
	size   int64 // Up to where it was written.
	frames int64 // How many whole ones it has.
	passed int64 // How many of them were sent, or turned out to be damaged.
	keep   bool  // It has a damaged part that could not be kept aside: it is not removed.
}

const segmentSuffix = ".legs"

func newSegment(dir string, number int64) segment {
	salt := rand.Uint64() //nolint:gosec // Nobody outside sees it.
	path := filepath.Join(dir, fmt.Sprintf("%016d-%016x%s", number, salt, segmentSuffix))
	return segment{number: number, path: path, format: frame.New(salt, bodyLimit)}
}

// parseSegment reads the name of a segment; false: it is that of something else.
func parseSegment(dir, name string) (segment, bool) {
	text, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok {
		return segment{}, false
	}
	digits, hex, salted := strings.Cut(text, "-")
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return segment{}, false
	}
	s := segment{number: number, path: filepath.Join(dir, name), old: !salted}
	if salted {
		salt, err := strconv.ParseUint(hex, 16, 64)
		if err != nil {
			return segment{}, false
		}
		s.format = frame.New(salt, bodyLimit)
	}
	return s, true
}

// findSegments returns the segments in the folder, in order.
func findSegments(fsys disk.FS, dir string) ([]segment, error) {
	names, err := fsys.Names(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of the spool: %w", err)
	}
	var found []segment
	for _, name := range names {
		if s, ok := parseSegment(dir, name); ok {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b segment) int { return int(a.number - b.number) })
	return found, nil
}

// parts returns the frames of the segment, and what is none.
func (s *segment) parts(data []byte) iter.Seq[frame.Part] {
	if s.old {
		return oldParts(data)
	}
	return s.format.Parts(data)
}
