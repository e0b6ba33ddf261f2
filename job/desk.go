package job

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"trunkline/internal/clock"
)

// Work is what a job does. It ends soon after its context, with nothing half done.
type Work func(ctx context.Context, m *Meter) error

// Config says what a Desk works with.
type Config struct {
	Book    Book
	Node    string        // Name of this process, for people.
	AtOnce  int           // Jobs that run at a time; 0: 2.
	Waiting int           // Jobs that may wait for them; 0: 50.
	Longest time.Duration // What a job may take; 0: two hours.
	Every   time.Duration // How often it is told how far a job is; 0: every second.
	Clock   clock.Clock
	Log     *slog.Logger
}

func (c *Config) fill() {
	if c.AtOnce <= 0 {
		c.AtOnce = 2
	}
	if c.Waiting <= 0 {
		c.Waiting = 50
	}
	if c.Longest <= 0 {
		c.Longest = 2 * time.Hour
	}
	if c.Every <= 0 {
		c.Every = time.Second
	}
}

// Desk takes jobs and does them in this process. It is safe for concurrent use.
type Desk struct {
	c     Config
	turns chan struct{}
	life  context.Context //nolint:containedctx // Jobs hang on it, and it ends with the process.
	end   context.CancelCauseFunc

	mu     sync.Mutex
	there  int
	closed bool
	jobs   sync.WaitGroup
}

// NewDesk returns a desk, which somebody closes.
func NewDesk(c Config) *Desk {
	c.fill()
	d := &Desk{c: c, turns: make(chan struct{}, c.AtOnce)}
	d.life, d.end = context.WithCancelCause(context.Background())
	return d
}

// What ends a job beside its work and ErrStopped.
var (
	errShutdown = errors.New("the process was stopped")
	errTooLong  = errors.New("it took too long")
	errPanic    = errors.New("panic")
)

// endTime bounds how long the end of a job is tried to be told.
const endTime = 10 * time.Second

// Close stops what is being done and waits for it. What is interrupted so is shown as that.
func (d *Desk) Close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.end(errShutdown)
	d.jobs.Wait()
}

// Start begins a job and returns it at once. Errors are ErrBusy, ErrFull, or the store's.
func (d *Desk) Start(ctx context.Context, j Job, work Work) (Job, error) {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return j, fmt.Errorf("name a job: %w", err)
	}
	j.ID, j.Node, j.Requested, j.Standing = hex.EncodeToString(id[:]), d.c.Node, d.c.Clock.Now(), Standing{State: Queued}
	if err := d.enter(); err != nil {
		return j, err
	}
	if err := d.c.Book.Open(ctx, &j); err != nil {
		d.leave()
		return j, err
	}
	go d.run(j, work) //nolint:contextcheck // It goes on when who asked has gone.
	return j, nil
}

func (d *Desk) enter() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.there >= d.c.AtOnce+d.c.Waiting {
		return fmt.Errorf("%w: %d jobs run or wait at this process", ErrFull, d.there)
	}
	d.there++
	d.jobs.Add(1)
	return nil
}

func (d *Desk) leave() {
	d.mu.Lock()
	d.there--
	d.mu.Unlock()
	d.jobs.Done()
}

// run sees a job through.
func (d *Desk) run(j Job, work Work) {
	defer d.leave()
	ctx, stop := context.WithCancelCause(d.life)
	m := &Meter{book: d.c.Book, id: j.ID, s: j.Standing}
	told := make(chan struct{})
	go func() {
		defer close(told)
		d.tell(ctx, stop, m)
	}()
	err := d.work(ctx, m, work)
	cause := context.Cause(ctx)
	stop(nil)
	<-told
	d.finish(&j, m.standing(), err, cause)
}

// work waits for a turn and does the work.
func (d *Desk) work(ctx context.Context, m *Meter, work Work) (err error) {
	select {
	case d.turns <- struct{}{}:
		defer func() { <-d.turns }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errPanic, v)
		}
	}()
	m.set(func(s *Standing) { s.State, s.Started = Running, d.c.Clock.Now() })
	ctx, cancel := context.WithTimeoutCause(ctx, d.c.Longest, errTooLong)
	defer cancel()
	if err = work(ctx, m); err != nil && errors.Is(context.Cause(ctx), errTooLong) {
		err = &TellError{fmt.Errorf("%w: more than %s", errTooLong, d.c.Longest)}
	}
	return err
}

// tell says how far a job is until it ends, and stops it when somebody wants that.
func (d *Desk) tell(ctx context.Context, stop context.CancelCauseFunc, m *Meter) {
	for clock.Sleep(ctx, d.c.Clock, d.c.Every) == nil {
		wanted, err := d.c.Book.Beat(ctx, m.id, m.standing())
		switch {
		case errors.Is(err, ErrGone):
			stop(ErrGone)
		case err != nil && ctx.Err() == nil:
			d.c.Log.WarnContext(ctx, "how far a job is could not be told", "job", m.id, "error", err)
		case wanted:
			stop(ErrStopped)
		}
	}
}

// finish keeps what became of a job.
func (d *Desk) finish(j *Job, s Standing, err, cause error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.life), endTime)
	defer cancel()
	var told *TellError
	switch {
	case err == nil:
		s.State = Done
	case errors.Is(cause, ErrStopped):
		s.State = Cancelled
	case errors.Is(cause, errShutdown):
		s.State = Lost
	case errors.Is(cause, ErrGone):
		d.c.Log.WarnContext(ctx, "a job was given up: it had not been heard of for too long", "job", j.ID, "kind", j.Kind)
		return
	case errors.As(err, &told):
		s.State, s.Note, s.Figures = Failed, told.Error(), nil
	default:
		s.State, s.Note, s.Figures = Failed, "It could not be done at the moment; ask again in a while.", nil
		d.c.Log.ErrorContext(ctx, "a job failed", "job", j.ID, "kind", j.Kind, "asked", j.Purpose, "error", err)
	}
	if s.State != Done {
		s.File, s.Size = "", 0
	}
	if err := d.c.Book.End(ctx, j.ID, s); err != nil {
		d.c.Log.ErrorContext(ctx, "the end of a job could not be told", "job", j.ID, "kind", j.Kind, "error", err)
	}
}
