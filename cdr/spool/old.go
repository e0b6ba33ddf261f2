package spool

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"iter"

	"trunkline/internal/frame"
)

// oldHead is the length of the head of a frame as a former version wrote it: the length of the body and its checksum.
const oldHead = 8

// oldParts returns the frames of a file of a former version. Behind one that is damaged the next is looked for by lengths and checksums
// alone.
func oldParts(data []byte) iter.Seq[frame.Part] {
	return func(yield func(frame.Part) bool) {
		for at := 0; at < len(data); {
			p := oldNext(data[at:])
			p.Offset = int64(at)
			if !yield(p) {
				return
			}
			at += int(p.Length)
		}
	}
}

func oldNext(data []byte) frame.Part {
	if body, ok := oldWhole(data); ok {
		return frame.Part{Kind: frame.Whole, Length: int64(oldHead + len(body)), Body: body}
	}
	for next := 1; next < len(data); next++ {
		if _, ok := oldWhole(data[next:]); ok {
			return frame.Part{Kind: frame.Damaged, Length: int64(next)}
		}
	}
	kind := frame.Damaged
	if n, ok := oldLength(data); len(data) < oldHead || (ok && n > len(data)-oldHead) || len(bytes.TrimLeft(data, "\x00")) == 0 {
		kind = frame.Torn
	}
	return frame.Part{Kind: kind, Length: int64(len(data))}
}

func oldLength(data []byte) (int, bool) {
	if len(data) < oldHead {
		return 0, false
	}
	n := binary.BigEndian.Uint32(data)
	return int(n), n >= timeLength+keyLength && n <= bodyLimit
}

func oldWhole(data []byte) ([]byte, bool) {
	n, ok := oldLength(data)
	if !ok || n > len(data)-oldHead {
		return nil, false
	}
	body := data[oldHead : oldHead+n]
	return body, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) == binary.BigEndian.Uint32(data[4:])
}
