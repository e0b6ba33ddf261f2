package txn

import "time"

// expiry is a transaction that is over but must still absorb retransmissions until at.
type expiry struct {
	at     time.Time
	server *Server
	client *Client
}

// reaper is a queue of transactions that all wait equally long, so that no timer of its own is needed for each.
type reaper struct {
	after time.Duration
	queue []expiry
	head  int
}

func (r *reaper) add(now time.Time, e expiry) {
	e.at = now.Add(r.after)
	r.queue = append(r.queue, e)
}

func (r *reaper) sweep(now time.Time, forget func(expiry)) {
	for r.head < len(r.queue) && !r.queue[r.head].at.After(now) {
		forget(r.queue[r.head])
		r.queue[r.head] = expiry{}
		r.head++
	}
	if r.head > len(r.queue)/2 {
		n := copy(r.queue, r.queue[r.head:])
		clear(r.queue[n:])
		r.queue, r.head = r.queue[:n], 0
	}
}
