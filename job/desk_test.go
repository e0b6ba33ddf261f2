package job_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/job"
	"trunkline/job/memory"
)

// floor is a desk of one process whose jobs beat every second of virtual time.
type floor struct {
	*job.Desk

	t    *testing.T
	book *memory.Book
}

func newFloor(t *testing.T, change ...func(*job.Config)) *floor {
	t.Helper()
	book := memory.NewBook(clock.System{})
	c := job.Config{Book: book, Node: "one", Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}
	for _, do := range change {
		do(&c)
	}
	return &floor{job.NewDesk(c), t, book}
}

// pass lets virtual time go by.
func pass(d time.Duration) { _ = clock.Sleep(context.Background(), clock.System{}, d) }

// order is a job that nobody else asks for.
func order(subject string) job.Job {
	return job.Job{Kind: job.Export, By: "user:olga", Purpose: "calls", Subject: subject}
}

func (f *floor) state(t *testing.T, id string) job.Job {
	t.Helper()
	j, err := f.book.Job(t.Context(), id)
	require.NoError(t, err)
	return j
}

// wait is work that goes on until it is stopped.
func wait(ctx context.Context, _ *job.Meter) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// TestEndsOfJobs tells how a job ends, whatever happens to it. Time is virtual.
func TestEndsOfJobs(t *testing.T) {
	t.Parallel()
	help := &job.TellError{Err: errors.New("the period is closed already")}
	for name, c := range map[string]struct {
		work job.Work
		then func(f *floor, id string)
		want job.State
		note string
	}{
		"it is done":         {work: func(_ context.Context, m *job.Meter) error { m.Note("%d invoices issued", 3); return nil }, want: job.Done, note: "%d invoices issued"},
		"what helps is told": {work: func(context.Context, *job.Meter) error { return help }, want: job.Failed, note: "the period is closed already"},
		"what does not is for the log": {
			work: func(context.Context, *job.Meter) error { return errors.New("password of the database is wrong") }, want: job.Failed, note: "It could not be done at the moment; ask again in a while.",
		},
		"a fault of the program": {work: func(context.Context, *job.Meter) error { panic("nil map") }, want: job.Failed, note: "It could not be done at the moment; ask again in a while."},
		"it takes too long":      {work: wait, then: func(*floor, string) { pass(2 * time.Hour) }, want: job.Failed, note: "it took too long: more than 2h0m0s"},
		"somebody stops it":      {work: wait, then: func(f *floor, id string) { require.NoError(f.t, f.book.Stop(f.t.Context(), id, "user:max")) }, want: job.Cancelled},
		"the process ends":       {work: wait, then: func(f *floor, _ string) { f.Close() }, want: job.Lost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFloor(t)
				defer f.Close()
				begun, err := f.Start(t.Context(), order(""), c.work)
				require.NoError(t, err)
				require.Equal(t, job.Queued, begun.State)
				if c.then != nil {
					pass(time.Millisecond)
					require.Equal(t, job.Running, runs(t, f, begun.ID), "it is told within a second that it runs")
					c.then(f, begun.ID)
				}
				pass(2 * time.Second)
				j := f.state(t, begun.ID)
				require.Equal(t, c.want, j.State)
				require.Equal(t, c.note, j.Note)
				require.True(t, j.State.Over())
				require.False(t, j.Ended.IsZero())
			})
		})
	}
}

func runs(t *testing.T, f *floor, id string) job.State {
	t.Helper()
	pass(time.Second)
	return f.state(t, id).State
}

// TestTurns lets so many run at a time, in their turn, and refuses more than may wait.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFloor(t, func(c *job.Config) { c.AtOnce, c.Waiting = 1, 1 })
		defer f.Close()
		first, err := f.Start(t.Context(), order(""), wait)
		require.NoError(t, err)
		synctest.Wait()
		second, err := f.Start(t.Context(), order(""), wait)
		require.NoError(t, err)
		_, err = f.Start(t.Context(), order(""), wait)
		require.ErrorIs(t, err, job.ErrFull)
		pass(2 * time.Second)
		require.Equal(t, job.Running, f.state(t, first.ID).State)
		require.Equal(t, job.Queued, f.state(t, second.ID).State)
		require.NoError(t, f.book.Stop(t.Context(), first.ID, "user:olga"))
		pass(3 * time.Second)
		require.Equal(t, job.Cancelled, f.state(t, first.ID).State)
		require.Equal(t, job.Running, f.state(t, second.ID).State, "its turn has come")
		f.Close()
		_, err = f.Start(t.Context(), order(""), wait)
		require.ErrorIs(t, err, job.ErrFull, "a desk that is closed takes nothing")
	})
}

// TestWhatIsAloneIsClaimed keeps two of the same from working on the same thing, at whatever process they were asked for.
func TestWhatIsAloneIsClaimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := newFloor(t)
		two := newFloor(t, func(c *job.Config) { c.Book, c.Node = one.book, "two" })
		defer one.Close()
		defer two.Close()
		begun, err := one.Start(t.Context(), order("2026-11"), wait)
		require.NoError(t, err)
		_, err = two.Start(t.Context(), order("2026-11"), wait)
		require.ErrorIs(t, err, job.ErrBusy)
		_, err = two.Start(t.Context(), order("2026-10"), wait)
		require.NoError(t, err, "another thing")
		require.NoError(t, one.book.Stop(t.Context(), begun.ID, "user:max"))
		pass(2 * time.Second)
		_, err = two.Start(t.Context(), order("2026-11"), wait)
		require.NoError(t, err, "the first is over")
	})
}

// deaf loses what a process says: it is cut off.
type deaf struct{ *memory.Book }

func (deaf) Beat(context.Context, string, job.Standing) (bool, error) {
	return false, errors.New("no connection")
}

// TestLostNode gives a job up whose process is not heard of, and lets somebody else do it; the process, heard again, keeps nothing of it.
func TestLostNode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := memory.NewBook(clock.System{})
		cut := newFloor(t, func(c *job.Config) { c.Book = deaf{book} })
		well := newFloor(t, func(c *job.Config) { c.Book = book })
		defer cut.Close()
		defer well.Close()
		begun, err := cut.Start(t.Context(), order("2026-11"), func(ctx context.Context, m *job.Meter) error {
			out := m.File(ctx, "late.csv")
			pass(time.Minute) //nolint:contextcheck // It does not hear that it is to end.
			_, _ = io.WriteString(out, "late")
			return out.Close()
		})
		require.NoError(t, err)
		pass(31 * time.Second)
		again, err := well.Start(t.Context(), order("2026-11"), func(context.Context, *job.Meter) error { return nil })
		require.NoError(t, err)
		pass(time.Minute)
		j, err := book.Job(t.Context(), begun.ID)
		require.NoError(t, err)
		require.Equal(t, job.Lost, j.State)
		require.Empty(t, j.File)
		j, err = book.Job(t.Context(), again.ID)
		require.NoError(t, err)
		require.Equal(t, job.Done, j.State)
	})
}

// TestResults come in parts that are never whole in memory, and only of work that ended well.
func TestResults(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 300_000) // Three parts.
	for name, c := range map[string]struct {
		fails bool
		want  string
	}{"it ends well": {false, long}, "it fails after the file": {true, ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFloor(t)
				defer f.Close()
				begun, err := f.Start(t.Context(), order(""), func(ctx context.Context, m *job.Meter) error {
					m.Of(10)
					m.At(5)
					m.Link("/calls")
					out := m.File(ctx, "calls.csv")
					if _, err := io.WriteString(out, long); err != nil {
						return err
					}
					if err := out.Close(); err != nil || c.fails {
						return errors.Join(err, errors.New("and then"))
					}
					return nil
				})
				require.NoError(t, err)
				pass(2 * time.Second)
				var got strings.Builder
				parts := 0
				require.NoError(t, f.book.Result(t.Context(), begun.ID, func(part []byte) error {
					parts++
					require.LessOrEqual(t, len(part), 1<<20)
					got.Write(part)
					return nil
				}))
				j := f.state(t, begun.ID)
				require.Equal(t, c.want, got.String())
				require.Equal(t, int64(len(c.want)), j.Size)
				require.Equal(t, c.want != "", j.File == "calls.csv")
				require.Equal(t, c.want != "", parts == 3)
				require.Equal(t, "/calls", j.Link)
			})
		})
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for want, s := range map[int64]job.Standing{
		100: {State: job.Done}, -1: {State: job.Running, Done: 5}, 50: {State: job.Running, Done: 5, Total: 10}, 0: {State: job.Queued, Total: 10},
		99: {State: job.Running, Done: 999, Total: 1000},
	} {
		require.Equal(t, want, s.Percent())
	}
	s := job.Standing{State: job.Running, Done: 20, Total: 10}
	require.Equal(t, int64(100), s.Percent(), "more came than was counted")
}

// TestWorkThatWasCutOffIsAskedForAgain loses a job with its process: it is shown as lost, its result is gone, and the same may be asked for, which
// runs to its end.
func TestWorkThatWasCutOffIsAskedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := memory.NewBook(clock.System{})
		killed := order("2026-11")
		killed.ID, killed.State = "killed", job.Running
		require.NoError(t, book.Open(t.Context(), &killed))
		f := newFloor(t, func(c *job.Config) { c.Book = book })
		f.book = book
		defer f.Close()
		_, err := f.Start(t.Context(), order("2026-11"), wait)
		require.ErrorIs(t, err, job.ErrBusy, "nobody knows yet that it is gone")
		pass(time.Minute)
		require.Equal(t, job.Lost, f.state(t, "killed").State)
		again, err := f.Start(t.Context(), order("2026-11"), func(_ context.Context, m *job.Meter) error {
			m.Note("%d calls", 3)
			return nil
		})
		require.NoError(t, err)
		pass(time.Second)
		require.Equal(t, job.Done, f.state(t, again.ID).State)
		require.Equal(t, []int64{3}, f.state(t, again.ID).Figures)
	})
}
