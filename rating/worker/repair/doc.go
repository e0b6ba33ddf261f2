// Package repair brings the ledger and the store of calls back into agreement when one of them has gone back in time: it was
// restored from a backup, or a replica that was behind has taken over. Every batch of the ledger has a key that no other history
// has; what one of the two has and the other has not is found by it, told, and healed.
package repair
