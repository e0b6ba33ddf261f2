package cdr

import (
	"encoding/binary"
	"errors"
	"hash/crc64"
)

// ErrRevoked says that the parts of the stream that a reader had were given to another.
var ErrRevoked = errors.New("the parts of the stream were taken away")

// Envelope is a leg on its way to the stream: its binary form under the key that it is ordered by, the call's id.
type Envelope struct {
	Key    [16]byte
	Value  []byte
	Reason string // Why a leg could not be rated; empty for others.
}

// Message is a leg as it comes from the stream, in its binary form, with its place there.
type Message struct {
	Part   int
	Offset int64
	At     int64  // When it was sent, milliseconds since 1970, by the clock of who sent it.
	Key    []byte // Only where it is asked for.
	Value  []byte
}

// Mark says up to where a partition of the stream was read, and of which stream.
type Mark struct {
	Part  int
	Next  int64  // The offset that is to be read next.
	Topic string // The topic's id (KIP-516), which a topic of the same name that is made anew does not have; empty: not known.
	Last  int64  // Fingerprint of the message before Next; 0: not known.
}

// Break says that a mark does not fit the stream, and where to go on instead.
type Break struct {
	Mark
	Now   Mark   // Where to go on.
	Kind  string // One of the Break words.
	Lost  int64  // How many messages were removed before they were read; negative: it cannot be known.
	Cause string // A sentence for people.
}

// Kinds of breaks.
const (
	BreakTopic   = "topic_made_anew"    // The topic has another id.
	BreakBack    = "topic_went_back"    // The same topic has other messages at these places, or fewer.
	BreakRemoved = "topic_legs_removed" // Messages were removed by retention before they were read.
)

// Fingerprint tells messages at one place of the stream apart, also a leg from the same leg that was sent again. It is never 0.
func (m *Message) Fingerprint() int64 {
	table := crc64.MakeTable(crc64.ECMA)                                           // Made once for all.
	sum := crc64.Checksum(binary.BigEndian.AppendUint64(nil, uint64(m.At)), table) //nolint:gosec // Bits.
	return int64(crc64.Update(sum, table, m.Value)>>1 | 1)                         //nolint:gosec // 63 bits.
}
