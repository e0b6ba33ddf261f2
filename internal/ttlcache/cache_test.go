package ttlcache_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"trunkline/internal/clock"
	"trunkline/internal/ttlcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errNo = errors.New("no")

func answers(c clock.Clock, entries int, size int64) *ttlcache.Cache[string] {
	return ttlcache.New(ttlcache.Options[string]{
		For: 2 * time.Second, Wait: time.Minute, Entries: entries, Size: size, SizeOf: func(s string) int64 { return int64(len(s)) }, Clock: c,
	})
}

// asker counts how often it is asked and says the number.
func asker(n *atomic.Int64) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return strconv.FormatInt(n.Add(1), 10), nil }
}

func get(t *testing.T, a *ttlcache.Cache[string], key string, ask func(context.Context) (string, error)) string {
	t.Helper()
	answer, err := a.Get(t.Context(), key, ask)
	require.NoError(t, err)
	return answer
}

func TestKeptForAMoment(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC))
	a := answers(c, 10, 100)
	var n atomic.Int64
	require.Equal(t, "1", get(t, a, "x", asker(&n)))
	c.Advance(1999 * time.Millisecond)
	require.Equal(t, "1", get(t, a, "x", asker(&n)))
	require.Equal(t, "2", get(t, a, "y", asker(&n)), "another question has its own answer")
	c.Advance(time.Millisecond)
	require.Equal(t, "3", get(t, a, "x", asker(&n)))
}

// TestAgeCountsFromTheQuestion does not keep an answer that took longer than it may be old.
func TestAgeCountsFromTheQuestion(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC))
	a := answers(c, 10, 100)
	slow := func(context.Context) (string, error) {
		c.Advance(3 * time.Second)
		return "slow", nil
	}
	require.Equal(t, "slow", get(t, a, "x", slow))
	var n atomic.Int64
	require.Equal(t, "1", get(t, a, "x", asker(&n)))
}

func TestErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	a := answers(clock.System{}, 10, 100)
	_, err := a.Get(t.Context(), "x", func(context.Context) (string, error) { return "", errNo })
	require.ErrorIs(t, err, errNo)
	var n atomic.Int64
	require.Equal(t, "1", get(t, a, "x", asker(&n)))
}

// TestBounds keeps no more than it may: the oldest go, and what is too large is not kept at all.
func TestBounds(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC))
	a := answers(c, 3, 10)
	say := func(text string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return text, nil }
	}
	for _, key := range []string{"a", "b", "c", "d"} {
		get(t, a, key, say("old"))
		c.Advance(time.Millisecond)
	}
	require.Equal(t, "new", get(t, a, "a", say("new")), "the fourth drove it out")
	require.Equal(t, "old", get(t, a, "d", say("new")))
	get(t, a, "large", say("0123456789x"))
	require.Equal(t, "again", get(t, a, "large", say("again")))
	get(t, a, "ten", say("0123456789"))
	require.Equal(t, "0123456789", get(t, a, "ten", say("x")))
	require.Equal(t, "new", get(t, a, "d", say("new")), "ten bytes leave room for no other")
}

// TestAskedOnce has many ask at the same time: one question, one answer. One who goes away does not take it from the others.
func TestAskedOnce(t *testing.T) {
	t.Parallel()
	a := answers(clock.System{}, 10, 100)
	var n atomic.Int64
	begun, finish := make(chan struct{}), make(chan struct{})
	ask := func(ctx context.Context) (string, error) {
		close(begun)
		<-finish
		return strconv.FormatInt(n.Add(1), 10), ctx.Err()
	}
	gone, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := a.Get(gone, "x", ask)
		left <- err
	}()
	<-begun
	var group sync.WaitGroup
	got := make([]string, 20)
	for i := range got {
		group.Go(func() { got[i], _ = a.Get(t.Context(), "x", asker(&n)) })
	}
	leave()
	require.ErrorIs(t, <-left, context.Canceled)
	close(finish)
	group.Wait()
	for _, answer := range got {
		require.Equal(t, "1", answer)
	}
	require.Equal(t, int64(1), n.Load())
}
