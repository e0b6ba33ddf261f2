package callstate

import (
	"time"

	"trunkline/cdr"
)

// LastHeard is the last that was heard of a call, and its end.
type LastHeard struct {
	Near Instant  `cbor:"1,keyasint,omitempty"` // The caller's last sign of life.
	Far  Instant  `cbor:"2,keyasint,omitempty"` // That of the party that answered.
	Over *Release `cbor:"3,keyasint,omitempty"`
}

// Release is how a call came to its end.
type Release struct {
	At     Instant  `cbor:"1,keyasint"`
	Side   cdr.Side `cbor:"2,keyasint,omitempty"`
	Cause  uint8    `cbor:"3,keyasint,omitempty"`
	Reason string   `cbor:"4,keyasint,omitempty"`
	Status int      `cbor:"5,keyasint,omitempty"`
}

// Instant is a time in microseconds since 1970, UTC; 0 is none.
type Instant int64

// InstantOf returns a moment with the microsecond that it is in; the zero time is 0.
func InstantOf(t time.Time) Instant {
	if t.IsZero() {
		return 0
	}
	return Instant(t.UnixMicro())
}

// Time returns the moment, UTC; the zero time for 0.
func (i Instant) Time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(i)).UTC()
}
