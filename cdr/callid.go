package cdr

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// CallID names one call through the whole engine: in logs, in the ledger, on the stream and in ClickHouse.
// It is a UUIDv7 (RFC 9562, section 5.7), so that ids sort by the time at which they were minted.
type CallID struct {
	id uuid.UUID
}

// NewCallID mints an id.
func NewCallID() (CallID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return CallID{}, fmt.Errorf("mint call id: %w", err)
	}
	return CallID{id}, nil
}

// CallIDAt makes the id of a call that began at the given moment, told apart from others of the same millisecond by
// salt. The same moment and salt give the same id: importers and simulations that run twice name the same calls.
func CallIDAt(at time.Time, salt uint64) CallID {
	var id uuid.UUID
	ms := uint64(at.UnixMilli())
	binary.BigEndian.PutUint64(id[0:8], ms<<16|7<<12|(salt>>50)&0xfff)
	binary.BigEndian.PutUint64(id[8:16], 1<<63|salt&(1<<62-1))
	return CallID{id}
}

// ParseCallID reads the text form of an id.
func ParseCallID(s string) (CallID, error) {
	id, err := uuid.Parse(s)
	if err != nil {
		return CallID{}, fmt.Errorf("call id %q: %w", s, err)
	}
	return CallID{id}, nil
}

// CallIDFromBytes is the reverse of Bytes.
func CallIDFromBytes(b []byte) (CallID, error) {
	id, err := uuid.FromBytes(b)
	if err != nil {
		return CallID{}, fmt.Errorf("call id: %w", err)
	}
	return CallID{id}, nil
}

// Bytes returns the sixteen bytes of the id.
func (c CallID) Bytes() [16]byte { return c.id }

// String returns the id in its usual text form.
func (c CallID) String() string { return c.id.String() }

// Time is the moment at which the id was minted, UTC, by the clock of who minted it.
func (c CallID) Time() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(c.id[0:8]) >> 16)).UTC()
}

// IsZero reports whether there is no id.
func (c CallID) IsZero() bool { return c.id == uuid.Nil }

// MarshalText writes the text form.
func (c CallID) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is ParseCallID.
func (c *CallID) UnmarshalText(text []byte) error {
	v, err := ParseCallID(string(text))
	if err != nil {
		return err
	}
	*c = v
	return nil
}
