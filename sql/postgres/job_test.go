package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/job"
	"trunkline/sql/postgres"
)

// work is a job that goes on until it is told what becomes of it.
type work struct {
	begun chan struct{}
	end   chan error
}

func newWork() *work { return &work{make(chan struct{}), make(chan error, 1)} }

func (w *work) do(ctx context.Context, m *job.Meter) error {
	m.Of(40)
	m.At(10)
	close(w.begun)
	select {
	case err := <-w.end:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	out := m.File(ctx, "calls.csv")
	for range 3 {
		if _, err := out.Write(bytes.Repeat([]byte("x"), 1<<20-7)); err != nil {
			return err
		}
	}
	m.Note("%d calls", 40)
	return out.Close()
}

// desks are two processes over one database.
func desks(t *testing.T) (*postgres.DB, *postgres.Jobs, *job.Desk, *job.Desk) {
	t.Helper()
	db := open(t)
	store := postgres.NewJobs(db, clock.System{})
	config := job.Config{Book: store, Node: "one", AtOnce: 2, Waiting: 1, Every: 20 * time.Millisecond, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}
	one := job.NewDesk(config)
	t.Cleanup(one.Close)
	config.Node = "two"
	two := job.NewDesk(config)
	t.Cleanup(two.Close)
	return db, store, one, two
}

func becomes(t *testing.T, store *postgres.Jobs, id string, state job.State) job.Job {
	t.Helper()
	var j job.Job
	require.Eventually(t, func() bool {
		var err error
		j, err = store.Job(t.Context(), id)
		require.NoError(t, err)
		return j.State == state && (state.Over() || j.Done > 0)
	}, 10*time.Second, 10*time.Millisecond, "it becomes %s", state)
	return j
}

func TestJobs(t *testing.T) {
	t.Parallel()
	_, store, one, two := desks(t)
	w := newWork()
	order := job.Job{Kind: job.Close, By: "user:olga", Role: "operator", Subject: "2026-10", Purpose: "2026-10", Needs: []string{"invoices:write"}}
	j, err := one.Start(t.Context(), order, w.do)
	require.NoError(t, err)
	<-w.begun
	seen := becomes(t, store, j.ID, job.Running)
	require.Equal(t, int64(25), seen.Percent())
	_, err = two.Start(t.Context(), order, newWork().do)
	require.ErrorIs(t, err, job.ErrBusy, "the same is not done twice at a time, wherever it is asked for")
	w.end <- nil
	seen = becomes(t, store, j.ID, job.Done)
	require.Equal(t, "calls.csv", seen.File)
	var size int64
	require.NoError(t, store.Result(t.Context(), j.ID, func(part []byte) error {
		size += int64(len(part))
		return nil
	}))
	require.Equal(t, seen.Size, size)
	require.Equal(t, int64(3*(1<<20-7)), size)
	require.ErrorIs(t, store.Stop(t.Context(), j.ID, "user:olga"), job.ErrGone, "it is over")

	w = newWork()
	j, err = two.Start(t.Context(), order, w.do)
	require.NoError(t, err, "and may be asked for again")
	<-w.begun
	require.NoError(t, store.Stop(t.Context(), j.ID, "user:olga"), "from another process")
	seen = becomes(t, store, j.ID, job.Cancelled)
	require.Empty(t, seen.File)

	for what, err := range map[string]error{"it could not be read": &job.TellError{Err: errors.New("it could not be read")}, "at the moment": errors.New("secret address")} {
		w = newWork()
		w.end <- err
		j, err = one.Start(t.Context(), order, w.do)
		require.NoError(t, err)
		require.Contains(t, becomes(t, store, j.ID, job.Failed).Note, what)
	}
	j, err = one.Start(t.Context(), order, func(context.Context, *job.Meter) error { panic("oh") })
	require.NoError(t, err)
	becomes(t, store, j.ID, job.Failed)
	_, err = store.Job(t.Context(), "none")
	require.ErrorIs(t, err, job.ErrNoJob)
}

func TestJobsAreBounded(t *testing.T) {
	t.Parallel()
	_, store, one, two := desks(t)
	var ids []string
	for _, d := range []*job.Desk{one, one, one, two, two} {
		j, err := d.Start(t.Context(), job.Job{Kind: job.Export, By: "user:max"}, newWork().do)
		require.NoError(t, err)
		ids = append(ids, j.ID)
	}
	_, err := two.Start(t.Context(), job.Job{Kind: job.Export, By: "user:max"}, newWork().do)
	require.ErrorIs(t, err, job.ErrFull, "five of one person")
	_, err = one.Start(t.Context(), job.Job{Kind: job.Export, By: "user:olga"}, newWork().do)
	require.ErrorIs(t, err, job.ErrFull, "three of a process")
	require.Eventually(t, func() bool {
		all, err := store.List(t.Context(), "user:max", 10)
		require.NoError(t, err)
		queued := 0
		for i := range all {
			if all[i].State == job.Queued {
				queued++
			}
		}
		return queued == 1
	}, 10*time.Second, 10*time.Millisecond, "one of the three of the first process waits for its turn")
	others, err := store.List(t.Context(), "user:olga", 10)
	require.NoError(t, err)
	require.Empty(t, others)
	one.Close()
	for _, id := range ids[:3] {
		require.Equal(t, job.Lost, becomes(t, store, id, job.Lost).State, "a process that ends says what it has not done")
	}
	_, err = one.Start(t.Context(), job.Job{Kind: job.Export, By: "user:eva"}, newWork().do)
	require.ErrorIs(t, err, job.ErrFull)
}

// TestJobsOfAProcessThatIsGone has a process that is not heard of for too long, and comes back.
func TestJobsOfAProcessThatIsGone(t *testing.T) {
	t.Parallel()
	db, store, one, two := desks(t)
	w := newWork()
	order := job.Job{Kind: job.Apply, By: "user:olga", Subject: "deck alfa"}
	j := order
	j.ID, j.State = "of-a-dead-process", job.Queued
	require.NoError(t, store.Open(t.Context(), &j))
	require.NoError(t, store.Part(t.Context(), j.ID, 0, []byte("half")))
	_, err := two.Start(t.Context(), order, w.do)
	require.ErrorIs(t, err, job.ErrBusy)
	_, err = db.Pool().Exec(t.Context(), `UPDATE job SET beat_at = beat_at - interval '1 minute' WHERE id = $1`, j.ID)
	require.NoError(t, err)
	seen, err := store.Job(t.Context(), j.ID)
	require.NoError(t, err)
	require.Equal(t, job.Lost, seen.State)
	require.NoError(t, store.Result(t.Context(), j.ID, func([]byte) error { return errors.New("nothing half done is kept") }))
	_, err = store.Beat(t.Context(), j.ID, job.Standing{State: job.Running})
	require.ErrorIs(t, err, job.ErrGone, "if it comes back, it learns that it was given up")
	require.ErrorIs(t, store.End(t.Context(), j.ID, job.Standing{State: job.Done}), job.ErrGone)
	_, err = one.Start(t.Context(), order, w.do)
	require.NoError(t, err, "the same may be asked for again")
	w.end <- nil
}

func TestOldJobsAreTidied(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC))
	store := postgres.NewJobs(db, c)
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		require.NoError(t, store.Open(t.Context(), &job.Job{ID: id, Kind: job.Export, By: "user:max", Standing: job.Standing{State: job.Queued}, Requested: c.Now()}))
		require.NoError(t, store.Part(t.Context(), id, 0, []byte("calls")))
		c.Advance(time.Minute)
		require.NoError(t, store.End(t.Context(), id, job.Standing{State: job.Done, File: "calls.csv", Size: 5}))
	}
	results := func() (n int) {
		list, err := store.List(t.Context(), "", 10)
		require.NoError(t, err)
		for i := range list {
			if list[i].File != "" {
				n++
			}
		}
		var parts int
		require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM job_part`).Scan(&parts))
		require.Equal(t, n, parts)
		return n
	}
	require.Equal(t, 5, results(), "the oldest made room")
	c.Advance(25 * time.Hour)
	n, err := store.Tidy(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	require.Zero(t, results())
	c.Advance(91 * 24 * time.Hour)
	n, err = store.Tidy(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(6), n)
}
