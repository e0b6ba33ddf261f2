package ledger

import (
	"errors"
	"time"
)

// ErrNoNode is returned, wrapped, for a proxy that never gave a sign of life.
var ErrNoNode = errors.New("there is no such proxy")

// Node is a proxy that money is held by.
type Node struct {
	Name    string
	Seen    time.Time // Its last sign of life.
	Clean   time.Time // Its calls that began before are over and their legs in the stream.
	Settled time.Time // Its calls that began before are accounted for.
	GivenUp time.Time // When an operator said that it never comes back; zero: it may.
	Why     string
	Overdue int64 // Holds of calls that must be over by now.
}
