package worker

import (
	"context"
	"errors"

	"trunkline/cdr"
)

// delivered is a batch on its way to the store, with the marks that go with it.
type delivered struct {
	batch Batch
	marks []cdr.Mark
}

// work posts what it reads while others store what was posted before.
func (w *Worker) work(ctx context.Context, marks []cdr.Mark) error {
	posted, failed := make(chan delivered, backlog), make(chan error, 1)
	ctx, stop := context.WithCancelCause(ctx)
	go func() {
		err := w.storeAll(ctx, stop, posted)
		stop(err)
		failed <- err
	}()
	err := w.postAll(ctx, marks, posted)
	close(posted)
	if storeErr := <-failed; storeErr != nil {
		err = storeErr
	}
	stop(err)
	return err
}

func (w *Worker) postAll(ctx context.Context, marks []cdr.Mark, posted chan<- delivered) error {
	at := make(map[int]cdr.Mark, len(marks))
	for _, m := range marks {
		at[m.Part] = m
	}
	for {
		messages, err := w.cfg.Stream.Fetch(ctx)
		if err != nil {
			return err
		}
		if err := w.postMessages(ctx, messages, at, posted); err != nil {
			return err
		}
	}
}

// postMessages posts messages and hands the batch on. Where the ledger refuses what is in them, they are divided until the one
// that it refuses is a dead letter and all others are accounted for.
func (w *Worker) postMessages(ctx context.Context, messages []cdr.Message, at map[int]cdr.Mark, posted chan<- delivered) error {
	d := w.Read(messages, at)
	batch, err := w.post(ctx, d)
	switch {
	case errors.Is(err, ErrRefused) && len(messages) > 1:
		w.cfg.Log.WarnContext(ctx, "the ledger refuses something in a delivery; it is divided", "legs", len(messages), "error", err)
		half := len(messages) / 2
		if err := w.postMessages(ctx, messages[:half], at, posted); err != nil {
			return err
		}
		return w.postMessages(ctx, messages[half:], at, posted)
	case errors.Is(err, ErrRefused):
		w.cfg.Log.ErrorContext(ctx, "the ledger refuses a leg; it is kept as a dead letter", "partition", messages[0].Part, "offset", messages[0].Offset, "error", err)
		d.Legs, d.Broken = nil, []DeadLetter{{Message: messages[0].Value, Reason: ReasonRefused, Detail: err.Error()}}
		batch, err = w.post(ctx, d)
	}
	if err != nil {
		return err
	}
	out := delivered{batch: batch}
	for _, s := range d.Steps {
		m := cdr.Mark{Part: s.Part, Next: s.Next, Topic: s.Topic, Last: s.Last}
		at[s.Part] = m
		out.marks = append(out.marks, m)
	}
	select {
	case posted <- out:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Read makes a delivery of messages. The marks stand at the places in at, by part.
func (w *Worker) Read(messages []cdr.Message, at map[int]cdr.Mark) *Delivery {
	d := &Delivery{Source: w.cfg.Topic, Legs: make([]cdr.Leg, len(messages))}
	last := make(map[int]cdr.Message, len(at))
	n := 0
	for _, m := range messages {
		last[m.Part] = m
		if err := cdr.DecodeLeg(m.Value, &d.Legs[n]); err != nil {
			d.Broken = append(d.Broken, DeadLetter{Message: m.Value, Reason: ReasonUnreadable, Detail: err.Error()})
			continue
		}
		n++
	}
	d.Legs = d.Legs[:n]
	for part, m := range last {
		d.Steps = append(d.Steps, Step{
			Part: part, From: at[part].Next, Next: m.Offset + 1, Topic: at[part].Topic, Last: m.Fingerprint(),
		})
	}
	return d
}

// post posts a delivery, again and again while the ledger is away.
func (w *Worker) post(ctx context.Context, d *Delivery) (Batch, error) {
	wait := backoff{}
	for {
		batch, err := w.postOnce(ctx, d)
		switch {
		case err == nil:
			w.went()
			fresh := int64(len(batch.Records) + len(batch.DeadLetters))
			came := int64(len(d.Legs) + len(d.Broken))
			w.stats.legs.Add(came)
			w.stats.repeated.Add(came - fresh)
			return batch, nil
		case errors.Is(err, ErrMoved), errors.Is(err, ErrRefused), ctx.Err() != nil:
			return Batch{}, err
		}
		w.failed(err)
		w.cfg.Log.WarnContext(ctx, "legs cannot be posted yet; trying again", "legs", len(d.Legs), "error", err)
		if err := wait.sleep(ctx, w.cfg.Clock); err != nil {
			return Batch{}, err
		}
	}
}

// postOnce gives a posting up that takes too long: its connection may be half dead, and the part of the stream waits for it.
func (w *Worker) postOnce(ctx context.Context, d *Delivery) (Batch, error) {
	ctx, cancel := context.WithTimeout(ctx, postLimit)
	defer cancel()
	return w.cfg.Books.Post(ctx, d, w.Rate)
}

// Rate prices legs; it is what Books call back.
func (w *Worker) Rate(f Fresh) (Outcome, error) {
	r := rater{prices: w.cfg.Prices(), country: w.cfg.Country, now: w.cfg.Clock.Now()}
	return r.rate(f)
}
