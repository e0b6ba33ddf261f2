package cdr

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// codecVersion is the version that is written, and the highest that is read.
const codecVersion = 1

// ErrCodec is returned, wrapped, for bytes that are no leg or record, or of a version that this program does not know.
var ErrCodec = errors.New("not a readable call record")

// wire walks through a message in protocol buffers' wire format. Text is cut out of one copy of the message, so that a
// message costs one allocation however many fields it has.
type wire struct {
	data []byte
	text string
	at   int
}

// field is one field of a message.
type field struct {
	number int
	varint uint64
	start  int // Of the bytes in the message.
	end    int
	bytes  bool // Length-delimited; otherwise a varint.
}

// next returns the next field that is a varint or length-delimited; other kinds are skipped. False is the end.
func (w *wire) next() (field, bool, error) {
	for w.at < len(w.data) {
		number, kind, n := protowire.ConsumeTag(w.data[w.at:])
		if n < 0 {
			return field{}, false, fmt.Errorf("%w: at byte %d: %w", ErrCodec, w.at, protowire.ParseError(n))
		}
		w.at += n
		rest := w.data[w.at:]
		f := field{number: int(number)}
		switch kind {
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(rest)
		case protowire.BytesType:
			var value []byte
			value, n = protowire.ConsumeBytes(rest)
			f.bytes, f.start, f.end = true, w.at+n-len(value), w.at+n
		case protowire.Fixed32Type, protowire.Fixed64Type, protowire.StartGroupType, protowire.EndGroupType:
			if n = protowire.ConsumeFieldValue(number, kind, rest); n >= 0 {
				w.at += n
				continue
			}
		}
		if n < 0 {
			return field{}, false, fmt.Errorf("%w: field %d: %w", ErrCodec, number, protowire.ParseError(n))
		}
		w.at += n
		return f, true, nil
	}
	return field{}, false, nil
}

func (w *wire) string(f field) string { return w.text[f.start:f.end] }

func appendText(b []byte, number protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	b = protowire.AppendTag(b, number, protowire.BytesType)
	return protowire.AppendString(b, s)
}

func appendNumber(b []byte, number protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	b = protowire.AppendTag(b, number, protowire.VarintType)
	return protowire.AppendVarint(b, v)
}

func appendSigned(b []byte, number protowire.Number, v int64) []byte {
	return appendNumber(b, number, protowire.EncodeZigZag(v))
}

func appendInt(b []byte, number protowire.Number, v int64) []byte {
	return appendNumber(b, number, uint64(v)) //nolint:gosec // Two's complement is what the wire format wants.
}

// appendTime writes a time that is set, the beginning of 1970 too.
func appendTime(b []byte, number protowire.Number, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	b = protowire.AppendTag(b, number, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(t.UnixMicro()))
}

func wireTime(v uint64) time.Time {
	return time.UnixMicro(int64(v)).UTC() //nolint:gosec // As in appendInt.
}

func checkVersion(v uint64) error {
	if v > codecVersion {
		return fmt.Errorf("%w: it has version %d, and this program reads up to %d: update it", ErrCodec, v, codecVersion)
	}
	return nil
}
