package spool

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/cdr"
)

// A frame is the length of its body and the checksum of it, four bytes each, and the body: the time at which it was
// written in microseconds (8 bytes), the key (16 bytes) and the leg.
const (
	headLength = 8
	timeLength = 8
	keyLength  = 16
	bodyLimit  = 900 << 10 // The largest body: a broker takes messages of up to a mebibyte unless told otherwise.
)

// errBroken is a frame that was not written to its end, or was damaged since.
var errBroken = errors.New("broken frame")

func appendFrame(b []byte, at time.Time, leg *cdr.Leg) []byte {
	start := len(b)
	b = append(b, make([]byte, headLength)...)
	b = binary.BigEndian.AppendUint64(b, uint64(at.UnixMicro()))
	key := leg.Call.Bytes()
	b = append(b, key[:]...)
	b = cdr.AppendLeg(b, leg)
	body := b[start+headLength:]
	binary.BigEndian.PutUint32(b[start:], uint32(len(body))) //nolint:gosec // Bounded by bodyLimit, which the caller checks.
	binary.BigEndian.PutUint32(b[start+4:], crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// frame is what was read of a segment.
type frame struct {
	cdr.Envelope
	at   time.Time
	size int64 // In the file.
}

// readFrame answers io.EOF at the end of the file and errBroken where there is no whole frame.
func readFrame(r io.Reader) (frame, error) {
	var head [headLength]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return frame{}, fmt.Errorf("%w: its head is cut off", errBroken)
		}
		return frame{}, err
	}
	n := binary.BigEndian.Uint32(head[:4])
	if n < timeLength+keyLength || n > bodyLimit {
		return frame{}, fmt.Errorf("%w: %d bytes", errBroken, n)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return frame{}, fmt.Errorf("%w: it is cut off", errBroken)
		}
		return frame{}, err
	}
	if crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) != binary.BigEndian.Uint32(head[4:]) {
		return frame{}, fmt.Errorf("%w: its checksum differs", errBroken)
	}
	f := frame{size: headLength + int64(n)}
	f.at = time.UnixMicro(int64(binary.BigEndian.Uint64(body))).UTC() //nolint:gosec // As it was written.
	copy(f.Key[:], body[timeLength:])
	f.Value = body[timeLength+keyLength:]
	return f, nil
}

// segment is one file of frames. Its number tells its place in the order.
type segment struct {
	number int64
	path   string
	size   int64 // Bytes that are whole and on disk.
	frames int64 // How many frames they are.
	passed int64 // How many of them had been sent when the spool was opened.
}

const (
	segmentSuffix = ".legs"
	damagedSuffix = ".damaged"
)

func segmentPath(dir string, number int64) string {
	return filepath.Join(dir, fmt.Sprintf("%016d%s", number, segmentSuffix))
}

// findSegments returns the numbers of the segments in the folder, in order.
func findSegments(dir string) ([]int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of the spool: %w", err)
	}
	var numbers []int64
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// scanSegment measures the whole frames of a file. What follows them is the rest of a write that was cut short, which
// nobody was told had succeeded, or damage. sent is the place up to which it was sent; one between frames means nothing.
func scanSegment(dir string, number, sent int64) (segment, error) {
	s := segment{number: number, path: segmentPath(dir, number)}
	f, err := os.Open(s.path)
	if err != nil {
		return s, fmt.Errorf("open spool: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<16)
	for {
		frame, err := readFrame(r)
		switch {
		case errors.Is(err, io.EOF):
			return s, nil
		case err != nil:
			return s, err
		}
		s.size += frame.size
		s.frames++
		if s.size == sent {
			s.passed = s.frames
		}
	}
}

// syncDir makes names that were made or removed in a folder last.
func syncDir(dir string) error {
	f, err := os.Open(dir) //nolint:gosec // The operator chooses the folder.
	if err != nil {
		return fmt.Errorf("folder of the spool: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}
