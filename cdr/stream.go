package cdr

import "errors"

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
	Value  []byte
}

// Mark says up to where a part of the stream was read: Next is the offset that is to be read next.
type Mark struct {
	Part int
	Next int64
}
