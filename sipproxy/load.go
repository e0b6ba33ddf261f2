package sipproxy

import "sync/atomic"

// load is how many calls there are, and whether more are welcome. All shards share it.
type load struct {
	inProgress atomic.Int64
	postponed  atomic.Int64 // Refused calls that are recorded when there is room on the disk again.
	asking     atomic.Int64 // New calls that wait for the ledger.
	draining   atomic.Bool
	halted     atomic.Pointer[string] // Why calls that cost money are refused; nil or empty: nobody has asked for that.
}
