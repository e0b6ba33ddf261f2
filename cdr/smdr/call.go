package smdr

import (
	"strings"
	"time"

	"trunkline/internal/calls"
)

// Call is one call as a foreign system recorded it: one record, or several that were joined.
type Call struct {
	Source    string    // Name of the format.
	Line      int64     // Number of the first line that it was made of, from 1.
	Start     time.Time // When it began: seizure or first ring; in the reader's time zone.
	Ring      time.Duration
	Duration  time.Duration // From answer to end, as the system counted it; zero for an unanswered call.
	Answered  bool
	Direction calls.Direction // Zero when the record does not tell.
	Guessed   bool            // Direction was told by the lengths of From and To alone.
	Longest   int             // Guessed: the length of the longest extension.
	Second    bool            // It is the second leg of a call whose first leg has a record of its own.
	From      string          // The caller as recorded.
	To        string          // The called as recorded: digits as dialled, or a short number.
	Number    string          // The own number (DID) that was called, where the record has it.
	Extension string          // Whose call it was: who made it, or who answered it first.
	Answerer  string          // Guessed: the extension whose phone answered, should it be an incoming call.
	Trunk     string
	Incoming  string // The line that it came in by, where the record has both and it may be an incoming call.
	Account   string
	Cause     string // What the system says of how the call was handled or ended.
	Records   int    // How many records were joined into it, at least 1.
	Raw       string // Its lines, with "\n" between them.

	// Digest names the first record by its bytes, and Again counts equal records in one run of equal time stamps, from 0.
	// Wall is the recorded clock reading of the first record, taken for UTC. Together they are the identity of the call in
	// its stream: they come out the same whenever and in whatever pieces the same records are read.
	Digest uint64
	Again  int
	Wall   time.Time
}

// Fault is a record that could not be read.
type Fault struct {
	Line   int64 // Number of its first line, from 1.
	Reason string
	Raw    string
}

// Sink takes what a reader makes of its bytes. A call is valid until the method returns; its strings may be kept.
type Sink interface {
	Call(c *Call) error
	Fault(f Fault) error
}

// valid makes text that every store takes: PostgreSQL refuses zero bytes and broken UTF-8.
func valid(raw string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(raw, "\x00", ""), "\ufffd")
}
