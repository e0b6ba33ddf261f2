package sipproxy

import (
	"slices"
	"sync"
	"time"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
)

const (
	recordRetry  = time.Second
	recordGather = 10 * time.Millisecond // Calls that end within it are recorded together. Nobody on the phone waits for it.
	recordMost   = 256                   // That are recorded together.
)

// recording hands the legs of calls that are over to the recorder, again and again until they are safe on disk, and only then takes the
// calls out of the journal. One goroutine does it for all, as waking one for each call costs more than what it does.
type recording struct {
	mu      sync.Mutex
	waiting []over
	busy    bool // The goroutine is there.
}

// over is a call that is to be recorded.
type over struct {
	call *call
	legs []*cdr.Leg
}

// record has the legs of a call that is over recorded.
func (s *shard) record(c *call) {
	legs := c.legs()
	if !c.kept && !c.asked && s.halt() != "" {
		s.postpone(c, legs)
		return
	}
	r := s.recording
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, over{c, legs})
	if !r.busy {
		r.busy = true
		s.work.background.Go(s.recordAll)
	}
}

// recordAll records what waits until nothing does. Calls that could not be recorded are tried again a second later, and nobody waits for them.
func (s *shard) recordAll() {
	var failed []over
	var due time.Duration // When those that failed are tried again, by the clock that never steps.
	for {
		batch := s.recording.take(len(failed) > 0)
		if len(failed) > 0 && s.clock.Elapsed() >= due {
			batch, failed = slices.Concat(failed, batch), nil
		}
		if len(batch) == 0 && len(failed) == 0 {
			return
		}
		if again := s.recordBatch(batch); len(again) > 0 {
			if len(failed) == 0 {
				due = s.clock.Elapsed() + recordRetry
			}
			failed = slices.Concat(failed, again)
		}
		if s.work.lifetime.Err() != nil && len(failed) > 0 {
			return // The journal still has the calls: they are recorded after the restart.
		}
		_ = clock.Sleep(s.work.lifetime, s.clock, recordGather) // What waits when the proxy stops is tried once more.
	}
}

// recordBatch returns the calls that could not be recorded. One that the recorder does not take does not keep others from it.
func (s *shard) recordBatch(batch []over) (failed []over) {
	if len(batch) == 0 {
		return nil
	}
	legs := make([][]*cdr.Leg, 0, len(batch))
	for _, o := range batch {
		legs = append(legs, o.legs)
	}
	err := s.recorder.Record(s.work.lifetime, legs...)
	switch {
	case err == nil:
		s.forgetKept(batch)
		return nil
	case len(batch) == 1:
		batch[0].call.log.Error("the legs of the call could not be recorded; trying again", "error", err)
		return batch
	}
	half := len(batch) / 2
	return slices.Concat(s.recordBatch(batch[:half]), s.recordBatch(batch[half:]))
}

// forgetKept takes calls that are recorded out of the journal.
func (s *shard) forgetKept(recorded []over) {
	ids := make([]calls.ID, 0, len(recorded))
	for _, o := range recorded {
		ids = append(ids, o.call.id)
		for _, f := range o.call.onward {
			ids = append(ids, f.id)
		}
	}
	keys := make([]string, 0, keysOfCall*len(ids))
	for _, id := range ids {
		s.order.End(id)
		keys = append(keys, keptKeys(id)...)
	}
	_ = s.journal.Remove(keys...) // What cannot be removed now is removed later; the call would be recorded again, which counts once.
}

// take returns what is to be recorded next. Nothing: whoever asked is to end, unless it has something left to do.
func (r *recording) take(more bool) []over {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.waiting), recordMost)
	batch := slices.Clone(r.waiting[:n])
	r.waiting = slices.Delete(r.waiting, 0, n)
	r.busy = n > 0 || more
	return batch
}
