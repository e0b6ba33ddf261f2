package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"trunkline/cdr"
)

// storeAll stores what was posted, some batches at a time: each by itself is stored once, in whatever order. The stream is
// told in the order in which they were posted. A batch that the ledger does not know any more stops all.
func (w *Worker) storeAll(ctx context.Context, stop context.CancelCauseFunc, posted <-chan delivered) error {
	var group sync.WaitGroup
	busy := make(chan struct{}, storing)
	before := make(chan struct{})
	close(before)
	for d := range posted {
		busy <- struct{}{} // It waits no longer than a batch that is being stored, which ends with ctx.
		after := make(chan struct{})
		last := before
		group.Go(func() {
			defer close(after)
			stored := w.store(ctx, stop, d.batch)
			<-last // A batch that cannot be stored yet holds up those after it.
			<-busy
			if !stored {
				return
			}
			if err := w.cfg.Stream.Commit(d.marks); err != nil {
				// Only who looks at the group's lag sees a difference.
				w.cfg.Log.DebugContext(ctx, "the stream was not told how far it was read", "error", err)
			}
		})
		before = after
	}
	group.Wait()
	return context.Cause(ctx)
}

// store delivers a batch, again and again until ctx ends; then it reports false.
func (w *Worker) store(ctx context.Context, stop context.CancelCauseFunc, b Batch) bool {
	wait := backoff{}
	for {
		err := w.Deliver(ctx, b)
		if err == nil {
			w.went()
		}
		if err == nil || ctx.Err() != nil {
			return err == nil
		}
		if errors.Is(err, ErrForeign) {
			stop(err)
			return false
		}
		w.failed(err)
		w.cfg.Log.WarnContext(ctx, "rated legs cannot be stored yet; trying again", "batch", b.ID, "error", err)
		if wait.sleep(ctx, w.cfg.Clock) != nil {
			return false
		}
	}
}

// Deliver brings a batch to the store of calls and copies of its dead to their topic, and confirms it. It may be repeated.
func (w *Worker) Deliver(ctx context.Context, b Batch) error {
	if b.ID == 0 {
		return nil
	}
	if err := w.cfg.Calls.WriteRecords(ctx, b.Token(), b.Records); err != nil {
		return err
	}
	if err := w.cfg.Calls.Summed(ctx, b.Records); err != nil {
		return err
	}
	if len(b.DeadLetters) > 0 && w.cfg.DeadLetters == nil {
		return nil // Whoever has the topic of dead letters confirms it.
	}
	if len(b.DeadLetters) > 0 {
		letters := make([]cdr.Envelope, 0, len(b.DeadLetters))
		for _, d := range b.DeadLetters {
			e := cdr.Envelope{Value: d.Message, Reason: d.Reason}
			if d.Leg != nil {
				e.Key = d.Leg.Call.Bytes()
			}
			letters = append(letters, e)
		}
		if err := w.cfg.DeadLetters.Send(ctx, letters); err != nil {
			return err
		}
	}
	if err := w.cfg.Books.Stored(ctx, b); err != nil {
		return err
	}
	w.stats.records.Add(int64(len(b.Records)))
	w.stats.dead.Add(int64(len(b.DeadLetters)))
	w.stats.batches.Add(1)
	return nil
}

// Token is the name under which the store of calls takes a batch once. No other batch has it: a ledger that was restored from a
// backup hands numbers out again, but never keys.
func (b Batch) Token() string {
	if b.Key == 0 {
		return fmt.Sprintf("batch/%d", b.ID)
	}
	return fmt.Sprintf("batch/%d/%016x", b.ID, b.Key)
}
