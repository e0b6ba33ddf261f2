package sim

import (
	"time"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
)

// stage is how far a call has come, as its proxy knows it.
type stage int

const (
	unknown  stage = iota // Nobody has written it down.
	placed                // It is being set up.
	answered              // It is talked.
	over
	gone // Its legs are recorded.
)

// fate is what is true of a call, whoever remembers it: the phones know how long they talk, and the world what was promised about it.
type fate struct {
	id        calls.ID
	tenant    ledger.Account
	extension string
	quote     rating.Quote
	talk      time.Duration // How long the parties want to talk; 0: nobody answers.
	connect   time.Time     // In true time; zero: it was not.
	granted   time.Duration
	draw      cdr.Draw // What it has of a quota,
	// that serves calls of any extension, as there was no cap on those of each: such a call counts for the tenant alone.
	anyExtension bool
	ended        time.Time // In true time; zero: nobody has ended it.

	memory, disk, lasting stage // As the process knows it, as its files say, and as they say after the death of the machine.

	promised bool // The spool has answered that its legs are safe.
	excused  bool // A bit of it was flipped, or the machine died before what was written of it was to last.
	blind    bool // Its proxy was not there all the time: nobody can say exactly how long it was.
}

// talking reports whether the phones may be talking: they are connected, and within what was granted.
func (f *fate) talking(now time.Time) bool {
	return !f.connect.IsZero() && f.ended.IsZero() && now.Before(f.connect.Add(f.granted))
}

// back is what a proxy finds of a call when it is started: how far it has come. It answers what is wrong with that.
func (f *fate) back(found, sure stage) string {
	was := f.memory
	f.memory, f.disk, f.lasting = found, found, min(f.lasting, found)
	switch {
	case f.excused:
	case found == unknown && (was == gone || sure == unknown):
		f.excused = f.excused || !f.promised // Nobody had written down that there was such a call.
	case found == unknown:
		return "is lost: it was in the journal"
	case sure == gone:
		return "comes back, and it was recorded"
	case sure == over && found < over:
		return "comes back, and it was over"
	case found < sure:
		return "comes back less far than it was in the journal"
	}
	return ""
}

func legIDOf(f *fate) worker.LegID { return worker.LegID{Call: f.id} }
