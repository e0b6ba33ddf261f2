package calls

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// ID names one call through the whole engine: in logs, in the ledger, on the stream and in ClickHouse.
// It is a UUIDv7 (RFC 9562, section 5.7), so that ids sort by the time at which they were minted.
type ID struct {
	id uuid.UUID
}

// NewID mints an id.
func NewID() (ID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return ID{}, fmt.Errorf("mint call id: %w", err)
	}
	return ID{id}, nil
}

// IDAt makes the id of a call that began at the given moment, told apart from others of the same millisecond by
// salt. The same moment and salt give the same id: importers and simulations that run twice name the same calls.
func IDAt(at time.Time, salt uint64) ID {
	var id uuid.UUID
	ms := uint64(at.UnixMilli())
	binary.BigEndian.PutUint64(id[0:8], ms<<16|7<<12|(salt>>50)&0xfff)
	binary.BigEndian.PutUint64(id[8:16], 1<<63|salt&(1<<62-1))
	return ID{id}
}

// ParseID reads the text form of an id.
func ParseID(s string) (ID, error) {
	id, err := uuid.Parse(s)
	if err != nil {
		return ID{}, fmt.Errorf("call id %q: %w", s, err)
	}
	return ID{id}, nil
}

// IDFromBytes is the reverse of Bytes.
func IDFromBytes(b []byte) (ID, error) {
	id, err := uuid.FromBytes(b)
	if err != nil {
		return ID{}, fmt.Errorf("call id: %w", err)
	}
	return ID{id}, nil
}

// Bytes returns the sixteen bytes of the id.
func (c ID) Bytes() [16]byte { return c.id }

// String returns the id in its usual text form.
func (c ID) String() string { return c.id.String() }

// Append appends the text form of the id to b.
func (c ID) Append(b []byte) []byte {
	b = append(hex.AppendEncode(b, c.id[:4]), '-')
	b = append(hex.AppendEncode(b, c.id[4:6]), '-')
	b = append(hex.AppendEncode(b, c.id[6:8]), '-')
	b = append(hex.AppendEncode(b, c.id[8:10]), '-')
	return hex.AppendEncode(b, c.id[10:])
}

// Time is the moment at which the id was minted, UTC, by the clock of the node that minted it.
func (c ID) Time() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(c.id[0:8]) >> 16)).UTC()
}

// IsZero reports whether there is no id.
func (c ID) IsZero() bool { return c.id == uuid.Nil }

// MarshalText writes the text form.
func (c ID) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is ParseID.
func (c *ID) UnmarshalText(text []byte) error {
	v, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*c = v
	return nil
}
