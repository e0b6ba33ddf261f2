package frame

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"iter"
)

// A frame is a head and a body. The head is the marker, the length of the body, the checksum of the body, and the checksum of all this
// and of the salt of the file, four bytes each, big endian. Nobody who does not know the salt can write a body in which a reader that looks for the
// next frame finds one.
const (
	HeadLength = 16
	marker     = "\xf5TL\x02"
)

// Format is that of one file.
type Format struct {
	salt uint32 // The sum of the file's, which goes on with that of a head.
	most int
}

// New returns the format of a file with that salt, whose frames have bodies of so many bytes at most.
func New(salt uint64, most int) Format {
	return Format{salt: sum(binary.BigEndian.AppendUint64(nil, salt)), most: most}
}

func sum(data []byte) uint32 { return crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) }

// Begin appends room for the head of a frame. The body is appended behind it, and then it is sealed.
func Begin(b []byte) []byte { return append(b, make([]byte, HeadLength)...) }

// Seal writes the head of a frame of which Begin has made room and whose body is there.
func (f Format) Seal(frame []byte) {
	body := frame[HeadLength:]
	copy(frame, marker)
	binary.BigEndian.PutUint32(frame[4:], uint32(len(body))) //nolint:gosec // Bounded by most, which the caller checks.
	binary.BigEndian.PutUint32(frame[8:], sum(body))
	binary.BigEndian.PutUint32(frame[12:], f.headSum(frame))
}

func (f Format) headSum(head []byte) uint32 {
	return crc32.Update(f.salt, crc32.MakeTable(crc32.Castagnoli), head[:12])
}

// head returns the length of the body of the frame that begins here; false: none does.
func (f Format) head(data []byte) (int, bool) {
	if len(data) < HeadLength || string(data[:4]) != marker || binary.BigEndian.Uint32(data[12:]) != f.headSum(data) {
		return 0, false
	}
	n := binary.BigEndian.Uint32(data[4:])
	return int(n), int64(n) <= int64(f.most)
}

// whole returns the body of the frame that begins here; false: none does that is whole.
func (f Format) whole(data []byte) ([]byte, bool) {
	n, ok := f.head(data)
	if !ok || HeadLength+n > len(data) {
		return nil, false
	}
	body := data[HeadLength : HeadLength+n]
	return body, sum(body) == binary.BigEndian.Uint32(data[8:])
}

// Kind says what a part of a file is.
type Kind uint8

// Kinds of parts.
const (
	Whole   Kind = iota + 1
	Damaged      // Was a frame, or several, and cannot be read.
	Torn         // The end of a file that was not written to its end: whoever wrote it was not told that it had succeeded.
)

// Part is a part of a file: a frame, or what could not be read.
type Part struct {
	Kind   Kind
	Offset int64
	Length int64  // With the head.
	Body   []byte // Of a whole frame; it points into the data.
}

// Parts returns the parts of a file, in their order; together they are all of it.
func (f Format) Parts(data []byte) iter.Seq[Part] {
	return func(yield func(Part) bool) {
		for at := 0; at < len(data); {
			p := f.next(data, at)
			if !yield(p) {
				return
			}
			at += int(p.Length)
		}
	}
}

func (f Format) next(data []byte, at int) Part {
	rest := data[at:]
	if body, ok := f.whole(rest); ok {
		return Part{Whole, int64(at), int64(HeadLength + len(body)), body}
	}
	n, ok := f.head(rest)
	if ok && HeadLength+n <= len(rest) { // The head is sound: only the body is not.
		return Part{Kind: Damaged, Offset: int64(at), Length: int64(HeadLength + n)}
	}
	if skip := f.find(rest); skip > 0 {
		return Part{Kind: Damaged, Offset: int64(at), Length: int64(skip)}
	}
	kind := Damaged
	if ok || cutShort(rest) {
		kind = Torn
	}
	return Part{Kind: kind, Offset: int64(at), Length: int64(len(rest))}
}

// find returns where the next frame begins whose head is sound; 0: none does.
func (f Format) find(data []byte) int {
	for at := 1; at < len(data); at++ {
		i := bytes.Index(data[at:], []byte(marker))
		if i < 0 {
			return 0
		}
		at += i
		if n, ok := f.head(data[at:]); ok && at+HeadLength+n <= len(data) {
			return at
		}
	}
	return 0
}

// cutShort reports whether a tail is the beginning of a head, or room that was never written to.
func cutShort(tail []byte) bool {
	if len(tail) < HeadLength && bytes.HasPrefix([]byte(marker), tail[:min(len(tail), len(marker))]) {
		return true
	}
	return len(bytes.TrimLeft(tail, "\x00")) == 0
}
