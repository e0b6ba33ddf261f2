package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
)

// Config is what a worker works with.
type Config struct {
	Topic     string
	Stream    Stream
	Books     Books
	Calls     Calls
	Graveyard Graveyard
	Prices    func() Prices            // What holds now; asked once for each delivery.
	Country   func(e164.Number) string // The ISO 3166 code of a number's country; nil: none.
	Clock     clock.Clock
	Log       *slog.Logger
}

const (
	pauseFirst = 200 * time.Millisecond
	pauseMax   = 10 * time.Second
	storing    = 2 // Batches that are stored at a time: while the store works on one, the next is made ready for it.
	backlog    = 1 // Batches that are posted and wait beside them.
	recovered  = 4 // Batches that are read at a time when what was left over is stored.
)

// Worker accounts for the legs of a topic. Several may share one.
type Worker struct {
	cfg   Config
	stats counts
}

type counts struct {
	legs, repeated, records, dead, batches atomic.Int64
}

// Stats is what a worker has done since it began.
type Stats struct {
	Legs     int64 // Legs read, with those that came again.
	Repeated int64 // Legs that had been accounted for before.
	Records  int64 // Rated legs stored.
	Dead     int64 // Legs that could not be rated.
	Batches  int64 // Batches stored.
}

// New returns a worker; Run makes it work.
func New(cfg Config) *Worker { return &Worker{cfg: cfg} }

// Stats returns what the worker has done.
func (w *Worker) Stats() Stats {
	return Stats{
		Legs: w.stats.legs.Load(), Repeated: w.stats.repeated.Load(), Records: w.stats.records.Load(),
		Dead: w.stats.dead.Load(), Batches: w.stats.batches.Load(),
	}
}

// Run works until ctx ends; then it returns nil. An engine that is away is waited for, with growing pauses.
func (w *Worker) Run(ctx context.Context) error {
	wait := backoff{}
	for ctx.Err() == nil {
		err := w.session(ctx, &wait)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, cdr.ErrRevoked), errors.Is(err, ErrMoved):
			w.cfg.Log.InfoContext(ctx, "the parts of the stream are dealt out again", "topic", w.cfg.Topic, "cause", err)
		default:
			w.cfg.Log.WarnContext(ctx, "the worker cannot go on yet; trying again", "topic", w.cfg.Topic, "error", err)
			_ = wait.sleep(ctx, w.cfg.Clock) // It fails when ctx ends, which the loop sees by itself.
		}
	}
	return nil
}

// session works on the parts that it is dealt until they are taken away or something fails.
func (w *Worker) session(ctx context.Context, wait *backoff) error {
	parts, err := w.cfg.Stream.Join(ctx)
	if err != nil {
		return err
	}
	if err := w.Recover(ctx); err != nil {
		return err
	}
	marks, err := w.cfg.Books.Marks(ctx, w.cfg.Topic, parts)
	if err != nil {
		return err
	}
	if err := w.cfg.Stream.Start(ctx, marks); err != nil {
		return err
	}
	wait.reset()
	w.cfg.Log.InfoContext(ctx, "the worker reads", "topic", w.cfg.Topic, "parts", parts)
	return w.work(ctx, marks)
}

// Recover stores what was posted and not confirmed as stored: by this worker in a former life, or by one that died.
func (w *Worker) Recover(ctx context.Context) error {
	after := int64(0)
	for {
		batches, err := w.cfg.Books.Waiting(ctx, after, recovered)
		if err != nil {
			return err
		}
		for _, b := range batches {
			if err := w.Deliver(ctx, b); err != nil {
				return err
			}
			after = b.ID
		}
		if len(batches) < recovered {
			return nil
		}
	}
}

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
		err := w.storeAll(ctx, posted)
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
	at := make(map[int]int64, len(marks))
	for _, m := range marks {
		at[m.Part] = m.Next
	}
	for {
		messages, err := w.cfg.Stream.Fetch(ctx)
		if err != nil {
			return err
		}
		d := w.Read(messages, at)
		batch, err := w.post(ctx, d)
		if err != nil {
			return err
		}
		out := delivered{batch: batch}
		for _, s := range d.Steps {
			at[s.Part] = s.Next
			out.marks = append(out.marks, cdr.Mark{Part: s.Part, Next: s.Next})
		}
		select {
		case posted <- out:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Read makes a delivery of messages. The marks stand at the places in at, by part.
func (w *Worker) Read(messages []cdr.Message, at map[int]int64) *Delivery {
	d := &Delivery{Source: w.cfg.Topic, Legs: make([]cdr.Leg, len(messages))}
	next := make(map[int]int64, len(at))
	n := 0
	for _, m := range messages {
		next[m.Part] = m.Offset + 1
		if err := cdr.DecodeLeg(m.Value, &d.Legs[n]); err != nil {
			d.Broken = append(d.Broken, Dead{Message: m.Value, Reason: ReasonUnreadable, Detail: err.Error()})
			continue
		}
		n++
	}
	d.Legs = d.Legs[:n]
	for part, to := range next {
		d.Steps = append(d.Steps, Step{Part: part, From: at[part], Next: to})
	}
	return d
}

// post posts a delivery, again and again while the ledger is away.
func (w *Worker) post(ctx context.Context, d *Delivery) (Batch, error) {
	wait := backoff{}
	for {
		batch, err := w.cfg.Books.Post(ctx, d, w.Rate)
		switch {
		case err == nil:
			fresh := int64(len(batch.Records) + len(batch.Dead))
			came := int64(len(d.Legs) + len(d.Broken))
			w.stats.legs.Add(came)
			w.stats.repeated.Add(came - fresh)
			return batch, nil
		case errors.Is(err, ErrMoved), ctx.Err() != nil:
			return Batch{}, err
		}
		w.cfg.Log.WarnContext(ctx, "legs cannot be posted yet; trying again", "legs", len(d.Legs), "error", err)
		if err := wait.sleep(ctx, w.cfg.Clock); err != nil {
			return Batch{}, err
		}
	}
}

// Rate prices legs; it is what Books call back.
func (w *Worker) Rate(f Fresh) (Outcome, error) {
	r := rater{prices: w.cfg.Prices(), country: w.cfg.Country, now: w.cfg.Clock.Now()}
	return r.rate(f)
}

// storeAll stores what was posted, some batches at a time: each by itself is stored once, in whatever order. The stream is
// told in the order in which they were posted.
func (w *Worker) storeAll(ctx context.Context, posted <-chan delivered) error {
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
			stored := w.store(ctx, d.batch)
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
func (w *Worker) store(ctx context.Context, b Batch) bool {
	wait := backoff{}
	for {
		err := w.Deliver(ctx, b)
		if err == nil || ctx.Err() != nil {
			return err == nil
		}
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
	if err := w.cfg.Calls.WriteRecords(ctx, token(b.ID), b.Records); err != nil {
		return err
	}
	if len(b.Dead) > 0 {
		letters := make([]cdr.Envelope, 0, len(b.Dead))
		for _, d := range b.Dead {
			e := cdr.Envelope{Value: d.Message, Reason: d.Reason}
			if d.Leg != nil {
				e.Key = d.Leg.Call.Bytes()
			}
			letters = append(letters, e)
		}
		if err := w.cfg.Graveyard.Send(ctx, letters); err != nil {
			return err
		}
	}
	if err := w.cfg.Books.Stored(ctx, b.ID); err != nil {
		return err
	}
	w.stats.records.Add(int64(len(b.Records)))
	w.stats.dead.Add(int64(len(b.Dead)))
	w.stats.batches.Add(1)
	return nil
}

// token is the name under which the store of calls knows a batch.
func token(batch int64) string { return fmt.Sprintf("batch/%d", batch) }

// Retry prices legs again that could not be rated, by the ids of their entries, and stores what could be rated now. It
// returns how many legs were rated.
func (w *Worker) Retry(ctx context.Context, books Retrier, ids []int64) (int, error) {
	batch, err := books.Retry(ctx, ids, w.Rate)
	if err != nil {
		return 0, err
	}
	batch.Dead = nil // Their copies are in the topic.
	return len(batch.Records), w.Deliver(ctx, batch)
}

// backoff makes pauses that grow.
type backoff struct{ next time.Duration }

func (b *backoff) reset() { b.next = 0 }

func (b *backoff) sleep(ctx context.Context, c clock.Clock) error {
	d := max(b.next, pauseFirst)
	b.next = min(2*d, pauseMax)
	return clock.Sleep(ctx, c, d)
}
