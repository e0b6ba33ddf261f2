package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"trunkline/internal/calls"
)

// Ways in which records come.
const (
	WayFile    = "file"    // A command read a file.
	WayUpload  = "upload"  // A program sent them over HTTP.
	WayCollect = "collect" // They were collected as the PBX wrote them.
	WayAgain   = "again"   // What an earlier import kept was read anew.
)

// Errors of imports and of taking them back.
var (
	ErrUndoing = errors.New("calls of this PBX are being taken back")
	ErrUndone  = errors.New("the import was taken back meanwhile")
	ErrNone    = errors.New("there is no such import")
	ErrNothing = errors.New("there is nothing to take back")
)

// Import is one reading of records of a PBX: a file, an upload, or a stream that is collected.
type Import struct {
	ID       int64
	Tenant   string
	PBX      string
	Origin   string // Name of the file or capture.
	Stream   string // Tells a file that is followed from others of its name; empty for what is read at once.
	Way      string
	By       string          // Who brought it.
	Settings json.RawMessage // How the PBX was set up when it was read, by key.
	Again    int64           // The import whose text is read anew; 0: none.

	// What the reader was told beside the settings; see smdr.Options.
	Reference time.Time
	Day       time.Time
	Strict    bool

	Begun    time.Time
	Ended    time.Time // Zero: it goes on, or it broke off.
	Lines    int64
	Calls    int64 // That were sent to be rated.
	Unusable int64 // Records that could not be read or rated.
	First    time.Time
	Last     time.Time // Setups of its first and last call; zero without calls.

	Undo   int64 // The undo that took it back; 0: it stands.
	Undone bool  // The undo has ended.
	Kept   bool  // Its text is kept, so it can be read anew.
}

// Filter says which imports are wanted. Empty conditions are none.
type Filter struct {
	IDs        []int64
	Tenant     string
	PBX        string
	Origin     string
	From, Till time.Time // With a call whose setup is in [From, Till).
	Standing   bool      // Only those that were not taken back.
	Limit      int       // 1 to 10,000; 0: 100.
}

// Part are calls that an import has sent, and the digests of the texts that they were read from.
type Part struct {
	Calls       []calls.ID
	Texts       [][]byte // Digests, as Digest makes them.
	First, Last time.Time
}

// Fault is a record of a foreign system that could not be read or rated.
type Fault struct {
	ID     int64
	Import int64 // The import that met it; 0: it is from before imports were kept.
	Tenant string
	PBX    string
	Origin string // Name of the file, or of the day's capture.
	Line   int64  // Of the origin, from 1.
	Reason string
	Raw    string
	Found  time.Time
}

// FaultFilter says which faults are wanted. Empty conditions are none.
type FaultFilter struct {
	Tenant string
	PBX    string
	After  int64 // Ids above this one.
	Limit  int   // 1 to 10,000; 0: 100.
}

// Store keeps imports: what each has sent, its text, and what could not be used. All methods may be repeated.
type Store interface {
	// Open begins an import; one of a stream that stands goes on.
	Open(ctx context.Context, i Import) (Import, error)
	// Keep keeps text of an import; at is its place in the file, in bytes.
	Keep(ctx context.Context, id, at int64, text []byte) error
	// Claim notes calls of an import before they are sent, and returns the sequence number that each is to be sent with: one more
	// for every time that the call was taken back. Entries about the texts that could be read now are settled. It is ErrUndone for
	// an import that does not stand, and ErrUndoing while calls of the PBX are being taken back.
	Claim(ctx context.Context, id int64, p Part) ([]uint16, error)
	// Add keeps faults. One that is there already, from the same line of the same origin, is not kept again.
	Add(ctx context.Context, faults []Fault) error
	// Tell adds to what an import has read; end says that this was all of it.
	Tell(ctx context.Context, id, lines, calls, unusable int64, end bool) error
	// Imports returns imports, the newest first.
	Imports(ctx context.Context, f Filter) ([]Import, error)
	// Text calls do for the text of an import, piece by piece in the order of the file.
	Text(ctx context.Context, id int64, do func([]byte) error) error
}

// Name is how an import is called in a list.
func (i *Import) Name() string {
	return fmt.Sprintf("%d (%s, %s of %s)", i.ID, i.Origin, i.PBX, i.Tenant)
}

// State says in words what has become of an import.
func (i *Import) State() string {
	switch {
	case i.Undone:
		return fmt.Sprintf("taken back by %d", i.Undo)
	case i.Undo != 0:
		return fmt.Sprintf("taken back in part by %d: undo it again", i.Undo)
	case i.Ended.IsZero() && i.Way == WayCollect:
		return "goes on"
	case i.Ended.IsZero():
		return "broke off: import it again"
	}
	return "stands"
}

// Changed names the settings, in order, that an import was read by and that are others now.
func (i *Import) Changed(now json.RawMessage) ([]string, error) {
	var then, today map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(i.Settings, &then), json.Unmarshal(now, &today)); err != nil {
		return nil, fmt.Errorf("settings of import %d: %w", i.ID, err)
	}
	return differences(then, today), nil
}
