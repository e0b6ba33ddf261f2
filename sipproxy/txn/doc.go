// Package txn is the transaction layer of SIP (RFC 3261, section 17, with RFC 6026) for one shard of calls.
// A Layer is used by one goroutine at a time: everything in it runs in the order in which messages and timers reach its
// shard, so it has no locks, and what is over lives on as a few bytes in a queue, not as goroutines and timers.
package txn
