package worker_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/kafka"
	"trunkline/internal/embedded/enginetest"
	"trunkline/rating/worker"
)

// halting are books whose first posting waits, before it begins or after its commit, until it is let go on.
type halting struct {
	worker.Books

	after   bool
	once    sync.Once
	reached chan struct{}
	goOn    chan struct{}
}

func (h *halting) Post(ctx context.Context, d *worker.Delivery, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	wait := func() {
		h.once.Do(func() {
			close(h.reached)
			<-h.goOn
		})
	}
	if !h.after {
		wait()
	}
	batch, err := h.Books.Post(ctx, d, rate)
	if h.after {
		wait()
	}
	return batch, err
}

// TestRebalanceInMidBatch takes the parts of a worker away while it is posting: who gets them posts the same legs at the same
// time, or finds them posted, and every leg counts once. Then the broker is killed under both.
func TestRebalanceInMidBatch(t *testing.T) {
	for name, after := range map[string]bool{"before the commit": false, "after the commit": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 4)
			legs := w.calls(400)
			h := &halting{after: after, reached: make(chan struct{}), goOn: make(chan struct{})}
			first := w.start(func(p *wiring) {
				h.Books = p.books
				p.books, p.take = h, kafka.Take{Most: 150, Linger: 10 * time.Millisecond}
			})
			w.send(legs[:600])
			<-h.reached
			second := w.start(func(p *wiring) { p.take = kafka.Take{Most: 40, Linger: 10 * time.Millisecond} })
			require.Eventually(t, func() bool { return second.Stats().Batches > 0 || after }, time.Minute, 10*time.Millisecond,
				"the second gets parts while the first is busy")
			close(h.goOn)
			w.send(legs[600:900])
			enginetest.RestartKafka(t)
			w.send(legs[900:])
			w.settled()
			first.stop()
			second.stop()
			w.requireSums(len(legs))
		})
	}
}
