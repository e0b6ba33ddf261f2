package ledger

import (
	"errors"
	"time"
)

// Errors about proxies.
var (
	ErrNoNode    = errors.New("there is no such proxy")
	ErrNodeTaken = errors.New("the name belongs to another proxy")                           // The message says to which, and what to do.
	ErrNodeCopy  = errors.New("the data folder is a copy, or is older than its proxy")       // The proxy was started on another one since.
	ErrNodeTwice = errors.New("another process was started with the identity of this proxy") // On a copy of its folder.
)

// Node is a proxy that money is held by.
type Node struct {
	ID       string    // The identity of its data folder. One that was never started since there are identities has its name.
	Name     string    // A label: one proxy has it at a time, beside those that were given up.
	Seen     time.Time // Its last sign of life.
	Clean    int64     // Holds up to that number belong to calls that are over, with their legs in the stream; -1: it has not said.
	Settled  int64     // Those up to that number were accounted for.
	GivenUp  time.Time // When an operator said that it never comes back; zero: it may.
	Why      string
	Disputed time.Time // When two processes were noticed that have its identity; zero: none were.
	Overdue  int64     // Holds of calls that must be over by now, and quotas whose calls must be.
	Beats    int64     // How many signs of life it gave.
}

// Share is a proxy's part of what all proxies together may let pass while the ledger is away.
type Share struct {
	Millionths  int64
	SettledBeat int64 // All that the stream had by that sign of life of the proxy was accounted for.
}

// NodeEvent is something that became of a proxy, or that an operator did about one.
type NodeEvent struct {
	At     time.Time
	Node   string // The identity.
	Name   string
	What   string // registered, adopted, renamed, given_up, back, disputed, resolved, damage_sent or damage_settled.
	Reason string
}

// Life is the start of a process on the data folder of a proxy.
type Life struct {
	Node   string   // The identity.
	Name   string   // The label that it wants.
	Life   string   // A name for the start.
	Former []string // Those of earlier starts on the folder: the ledger knows one of them, the last unless it was restored from a backup.
	New    bool     // The folder is new: it has no journal and no spool of earlier calls.
}

// Standing is what the ledger says to a proxy.
type Standing struct {
	Sequence int64 // Holds that are made from now on have greater numbers.
	Beats    int64 // One more with every beat. Where that is not so the ledger has gone back in time, or its answer was lost.
	Disputed bool  // There is another process with the identity.
}
