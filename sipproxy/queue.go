package sipproxy

import (
	"sync"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/wire"
)

const (
	queueMost = 8192 // Messages that may wait for a shard; more are dropped, and their senders retransmit.
	queueKept = 256  // Room that a queue keeps for what comes next.
)

// event is what a shard does next: it takes a message or runs a function.
type event struct {
	msg  sip.Message
	flow wire.Flow
	run  func()
}

// queue has events handled one after the other, in the order in which they came. Whoever adds one to a queue at rest handles it,
// and what comes meanwhile, alone: waking another goroutine costs as much as handling a message. An event that is added while
// another one is handled, by its handler too, waits its turn.
type queue struct {
	handle func(event)

	mu      sync.Mutex
	rest    *sync.Cond
	waiting []event
	spare   []event // Room that is used again.
	busy    bool    // Somebody handles events, or the queue was not opened yet.
	closed  bool
}

func newQueue(handle func(event)) *queue {
	q := &queue{handle: handle, busy: true}
	q.rest = sync.NewCond(&q.mu)
	return q
}

// add reports false when the event was thrown away: too many messages wait, or the queue is closed.
func (q *queue) add(e event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || (e.run == nil && len(q.waiting) >= queueMost) {
		return false
	}
	q.waiting = append(q.waiting, e)
	if !q.busy {
		q.busy = true
		q.work()
	}
	return true
}

// open begins with what was added before.
func (q *queue) open() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.work()
}

// close throws away what waits, and waits for what is just being handled. It must not be called by a handler.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for q.busy {
		q.rest.Wait()
	}
}

// work handles events until there are none. It is called with the lock held, which others can take meanwhile.
func (q *queue) work() {
	for len(q.waiting) > 0 && !q.closed {
		batch := q.waiting
		q.waiting, q.spare = q.spare, nil
		q.mu.Unlock()
		for _, e := range batch {
			q.handle(e)
		}
		clear(batch)
		q.mu.Lock()
		if cap(batch) <= queueKept {
			q.spare = batch[:0]
		}
	}
	q.busy = false
	q.rest.Broadcast()
}
