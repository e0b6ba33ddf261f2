package memory

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"trunkline/internal/clock"
	"trunkline/job"
)

// The bounds of what is kept.
const (
	mine      = 5                // Unfinished jobs of one person or program.
	lostAfter = 30 * time.Second // A job that was not heard of so long is lost.
)

// Book keeps jobs. It is safe for concurrent use.
type Book struct {
	clock clock.Clock
	mu    sync.Mutex
	jobs  []*kept
}

type kept struct {
	job.Job

	beat  time.Time
	parts [][]byte
}

// NewBook returns an empty book.
func NewBook(c clock.Clock) *Book { return &Book{clock: c} }

// Open implements job.Book.
func (b *Book) Open(_ context.Context, j *job.Job) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bury()
	open := 0
	for _, k := range b.jobs {
		switch {
		case k.State.Over():
		case j.Subject != "" && k.Kind == j.Kind && k.Subject == j.Subject:
			return fmt.Errorf("%w: %s %s", job.ErrBusy, j.Kind, j.Subject)
		case k.By == j.By:
			open++
		}
	}
	if open >= mine {
		return fmt.Errorf("%w: %d jobs of yours are not over yet", job.ErrFull, open)
	}
	b.jobs = append(b.jobs, &kept{Job: *j, beat: b.clock.Now()})
	return nil
}

// bury gives up jobs that have not been heard of for too long.
func (b *Book) bury() {
	for _, k := range b.jobs {
		if !k.State.Over() && b.clock.Now().Sub(k.beat) > lostAfter {
			k.State, k.Ended, k.parts = job.Lost, k.beat, nil
		}
	}
}

// find returns a job that is not over; job.ErrGone.
func (b *Book) find(id string) (*kept, error) {
	b.bury()
	i := slices.IndexFunc(b.jobs, func(k *kept) bool { return k.ID == id && !k.State.Over() })
	if i < 0 {
		return nil, job.ErrGone
	}
	return b.jobs[i], nil
}

// Beat implements job.Book.
func (b *Book) Beat(_ context.Context, id string, s job.Standing) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, err := b.find(id)
	if err != nil {
		return false, err
	}
	k.Standing, k.beat = s, b.clock.Now()
	return k.Cancelling, nil
}

// Part implements job.Book.
func (b *Book) Part(_ context.Context, id string, _ int, content []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, err := b.find(id)
	if err == nil {
		k.parts = append(k.parts, slices.Clone(content))
	}
	return err
}

// End implements job.Book.
func (b *Book) End(_ context.Context, id string, s job.Standing) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, err := b.find(id)
	if err != nil {
		return err
	}
	k.Standing, k.Ended = s, b.clock.Now()
	if s.File == "" {
		k.parts = nil
	}
	return nil
}

// Job returns one job; job.ErrNoJob.
func (b *Book) Job(_ context.Context, id string) (job.Job, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bury()
	for _, k := range b.jobs {
		if k.ID == id {
			return k.Job, nil
		}
	}
	return job.Job{}, job.ErrNoJob
}

// List returns somebody's jobs, or all for an empty name, the newest first.
func (b *Book) List(_ context.Context, by string, limit int) ([]job.Job, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bury()
	var out []job.Job
	for _, k := range slices.Backward(b.jobs) {
		if (by == "" || k.By == by) && len(out) < limit {
			out = append(out, k.Job)
		}
	}
	return out, nil
}

// Stop asks a job to stop; job.ErrGone: it is over.
func (b *Book) Stop(_ context.Context, id, _ string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, err := b.find(id)
	if err == nil {
		k.Cancelling = true
	}
	return err
}

// Result gives the parts of a result one after the other.
func (b *Book) Result(_ context.Context, id string, do func(part []byte) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range b.jobs {
		if k.ID != id {
			continue
		}
		for _, part := range k.parts {
			if err := do(part); err != nil {
				return err
			}
		}
	}
	return nil
}
