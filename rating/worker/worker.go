package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
)

// Config is what a worker works with.
type Config struct {
	Topic       string
	Stream      Stream
	Books       Books
	Calls       Calls
	DeadLetters DeadLetterTopic          // Nil: batches with dead letters are stored and left for a worker that has one.
	Prices      func() Prices            // What holds now; asked once for each delivery.
	Country     func(e164.Number) string // The ISO 3166 code of a number's country; nil: none.
	// Agree is asked before the stream is read, and after every break: it brings the ledger and the store of calls into agreement
	// where one of them has gone back in time. Nil: they are taken to agree.
	Agree func(context.Context) error
	Clock clock.Clock
	Log   *slog.Logger
}

const (
	pauseFirst = 200 * time.Millisecond
	pauseMax   = 10 * time.Second
	storing    = 2 // Batches that are stored at a time: while the store works on one, the next is made ready for it.
	backlog    = 1 // Batches that are posted and wait beside them.
	postLimit  = 2 * time.Minute
	recovered  = 4 // Batches that are read at a time when what was left over is stored.
)

// Worker accounts for the legs of a topic. Several may share one.
type Worker struct {
	cfg   Config
	stats counts
	still atomic.Pointer[standstill]
}

// standstill is since when nothing goes on, and why.
type standstill struct {
	since time.Time
	cause error
}

// Still returns since when the worker has failed at whatever it tried, and why; the zero time: it has not.
func (w *Worker) Still() (since time.Time, cause error) {
	if s := w.still.Load(); s != nil {
		return s.since, s.cause
	}
	return time.Time{}, nil
}

// failed notes a failure, went that something succeeded.
func (w *Worker) failed(cause error) {
	since := w.cfg.Clock.Now()
	if s := w.still.Load(); s != nil {
		since = s.since
	}
	w.still.Store(&standstill{since, cause})
}

func (w *Worker) went() {
	if w.still.Load() != nil {
		w.still.Store(nil)
	}
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
			w.failed(err)
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
	if w.cfg.Agree != nil {
		if err := w.cfg.Agree(ctx); err != nil {
			return err
		}
	}
	if err := w.Recover(ctx); err != nil {
		return err
	}
	marks, err := w.cfg.Books.Marks(ctx, w.cfg.Topic, parts)
	if err != nil {
		return err
	}
	if marks, err = w.checkMarks(ctx, marks); err != nil {
		return err
	}
	if err := w.cfg.Stream.Start(ctx, marks); err != nil {
		return err
	}
	wait.reset()
	w.went()
	w.cfg.Log.InfoContext(ctx, "the worker reads", "topic", w.cfg.Topic, "parts", parts)
	return w.work(ctx, marks)
}

// checkMarks compares the marks with the stream. Those that do not fit, because the topic was made anew or went back in time,
// go on where the stream does; legs that come again by that are known by their identity.
func (w *Worker) checkMarks(ctx context.Context, marks []cdr.Mark) ([]cdr.Mark, error) {
	fit, breaks, err := w.cfg.Stream.Check(ctx, marks)
	if err != nil || len(breaks) == 0 {
		return fit, err
	}
	if err := w.cfg.Books.Restart(ctx, w.cfg.Topic, breaks); err != nil {
		return nil, err
	}
	for _, b := range breaks {
		w.cfg.Log.ErrorContext(ctx, "the stream does not fit what was accounted for; it is read on from where it is whole, and legs that are known are passed over",
			"topic", w.cfg.Topic, "partition", b.Part, "kind", b.Kind, "cause", b.Cause, "stood_at", b.Next, "goes_on_at", b.Now.Next, "lost", b.Lost)
		fit = append(fit, b.Now)
	}
	return fit, nil
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
			if err := w.deliverAgain(ctx, b); err != nil {
				return err
			}
			after = b.ID
		}
		if len(batches) < recovered {
			return nil
		}
	}
}

// deliverAgain delivers a batch that may have been stored before: so long ago that the store has forgotten its token, or before the
// store went back in time, and remembers the token of what it has lost.
func (w *Worker) deliverAgain(ctx context.Context, b Batch) error {
	for _, token := range []string{b.Token(), b.Token() + "/" + rand.Text()} {
		rows, err := w.cfg.Calls.RowsOf(ctx, b.Records)
		if err != nil {
			return err
		}
		if rows > 0 || len(b.Records) == 0 { // Some of them, or too many, are for repair to put right.
			break
		}
		if err := w.cfg.Calls.WriteRecords(ctx, token, b.Records); err != nil {
			return err
		}
	}
	if err := w.cfg.Calls.Summed(ctx, b.Records); err != nil {
		return err
	}
	stored := b
	stored.Records = nil
	if err := w.Deliver(ctx, stored); err != nil {
		return err
	}
	w.stats.records.Add(int64(len(b.Records)))
	return nil
}

// Retry prices legs again that could not be rated, by the ids of their entries, and stores what could be rated now. It
// returns how many legs were rated.
func (w *Worker) Retry(ctx context.Context, books Retrier, ids []int64) (int, error) {
	batch, err := books.Retry(ctx, ids, w.Rate)
	if err != nil {
		return 0, err
	}
	batch.DeadLetters = nil // Their copies are in the topic.
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
