package sipproxy

import (
	"sync"
	"sync/atomic"
)

// restMost is how many hands may wait for work.
const restMost = 64

// hands do what may block. One that is done waits for more: the stack of a new goroutine would have to grow for every call.
type hands struct {
	group *sync.WaitGroup // Of all that run.
	stop  <-chan struct{} // Sends those home that wait.
	work  chan func()
	rest  atomic.Int32 // How many wait.
}

func newHands(group *sync.WaitGroup, stop <-chan struct{}) *hands {
	return &hands{group: group, stop: stop, work: make(chan func())}
}

// do has f done by one that waits, or else by a new one.
func (h *hands) do(f func()) {
	select {
	case h.work <- f:
	default:
		h.group.Go(func() {
			for next := f; next != nil; next = h.wait() {
				next()
			}
		})
	}
}

// wait returns the next thing to do, or nothing when enough others wait already or all are sent home.
func (h *hands) wait() func() {
	defer h.rest.Add(-1)
	if h.rest.Add(1) > restMost {
		return nil
	}
	select {
	case f := <-h.work:
		return f
	case <-h.stop:
		return nil
	}
}
