package journal

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"trunkline/internal/frame"
)

const segmentPrefix = "journal-"

// segment is one file of entries. Its name says its place in the order and the salt of its frames: what happens to the content of a file does
// not happen to its name.
type segment struct {
	number int64
	path   string
	format frame.Format
	size   int64
	keep   bool // It has a damaged part that could not be kept aside: it is not removed.
}

func newSegment(dir string, number int64, salt uint64) *segment {
	name := fmt.Sprintf("%s%016d-%016x", segmentPrefix, number, salt)
	return &segment{number: number, path: filepath.Join(dir, name), format: frame.New(salt, MaxEntry)}
}

// parseSegment reads the name of a segment; false: it is that of something else.
func parseSegment(dir, name string) (*segment, bool) {
	text, ok := strings.CutPrefix(name, segmentPrefix)
	if !ok {
		return nil, false
	}
	digits, hex, ok := strings.Cut(text, "-")
	if !ok || len(hex) != 16 {
		return nil, false
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return nil, false
	}
	salt, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		return nil, false
	}
	return newSegment(dir, number, salt), true
}
