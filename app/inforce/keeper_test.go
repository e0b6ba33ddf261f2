package inforce_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/app/inforce"
	"trunkline/internal/clock"
	"trunkline/provision"
)

var errAway = errors.New("the database does not answer")

// source is a store that may fail, and is heard or not.
type source struct {
	mu       sync.Mutex
	realm    string
	revision int64
	fault    error
	heard    chan struct{} // Of every change.
	deaf     error         // What listening ends with at once; nil: changes are heard.
	listened int
	asked    int
}

func newSource() *source {
	return &source{realm: "one.test", revision: 1, heard: make(chan struct{}, 10)}
}

// set stores another state, and tells of it.
func (s *source) set(realm string, fault error) {
	s.mu.Lock()
	s.realm, s.fault = realm, fault
	s.revision++
	s.mu.Unlock()
	s.heard <- struct{}{}
}

// mend lets the store answer again, without a change.
func (s *source) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.deaf = nil, nil
}

// Compile implements inforce.Source.
func (s *source) Compile(ctx context.Context, c *provision.Compiler) (*provision.Snapshot, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.fault != nil {
		return nil, s.revision, s.fault
	}
	b, err := provision.ReadBundle(fstest.MapFS{"operator.yaml": {Data: []byte("realm: " + s.realm + "\n")}}, "operator.yaml")
	if err != nil {
		return nil, s.revision, err
	}
	snapshot, err := c.Compile(ctx, b)
	return snapshot, s.revision, err
}

// Listen implements inforce.Source.
func (s *source) Listen(ctx context.Context, do func()) error {
	s.mu.Lock()
	s.listened++
	deaf := s.deaf
	s.mu.Unlock()
	if deaf != nil {
		return deaf
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.heard:
			do()
		}
	}
}

// log collects what is told.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

// keep starts a keeper with its loops, in virtual time, and ends them with the test.
func keep(t *testing.T, s *source) (*inforce.Keeper, *log) {
	t.Helper()
	told := &log{}
	k, err := inforce.New(t.Context(), s, clock.System{}, slog.New(slog.NewTextHandler(told, nil)))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var loops sync.WaitGroup
	loops.Go(func() { k.Watch(ctx) })
	loops.Go(func() { k.Retry(ctx) })
	t.Cleanup(func() {
		stop()
		loops.Wait()
	})
	synctest.Wait()
	return k, told
}

// pass lets virtual time go by.
func pass(d time.Duration) { _ = clock.Sleep(context.Background(), clock.System{}, d) }

func realm(k *inforce.Keeper) string { return k.Live.Snapshot().Operator().Realm }

// TestAChangeIsPutInForce hears of a change, and has it in force at once.
func TestAChangeIsPutInForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		k, told := keep(t, s)
		require.Equal(t, "one.test", realm(k))
		s.set("two.test", nil)
		synctest.Wait()
		require.Equal(t, "two.test", realm(k))
		require.Equal(t, int64(2), k.Revision.Load())
		require.Nil(t, k.Fault.Load())
		s.heard <- struct{}{}
		synctest.Wait()
		require.Equal(t, 1, told.count("provisioning in force"), "nothing has changed the second time")
	})
}

// TestAFaultyStateIsTriedAgain leaves the former state in force while the store fails, says so, and puts the new one in force as soon as it can,
// without another change.
func TestAFaultyStateIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		k, told := keep(t, s)
		s.set("two.test", errAway)
		synctest.Wait()
		require.Equal(t, "one.test", realm(k), "calls go on")
		fault := k.Fault.Load()
		require.NotNil(t, fault)
		require.ErrorIs(t, *fault, errAway)
		require.ErrorContains(t, *fault, "revision 2 is stored and cannot be put in force, revision 1 stays")
		pass(10 * time.Second)
		synctest.Wait()
		require.Equal(t, "one.test", realm(k))
		require.Equal(t, 1, told.count("cannot be put in force; the former"), "it is tried every two seconds, and told once a minute")
		pass(3 * time.Minute)
		synctest.Wait()
		require.LessOrEqual(t, told.count("cannot be put in force; the former"), 4)
		require.Greater(t, told.count("cannot be put in force; the former"), 1)
		s.mend()
		pass(3 * time.Second)
		synctest.Wait()
		require.Equal(t, "two.test", realm(k))
		require.Nil(t, k.Fault.Load())
	})
}

// TestNothingIsAskedWhileAllIsWell leaves the store alone between changes.
func TestNothingIsAskedWhileAllIsWell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		keep(t, s)
		pass(time.Hour)
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		require.Equal(t, 1, s.asked)
	})
}

// TestAChangeIsListenedForAgain comes back when changes are not heard for a while.
func TestAChangeIsListenedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		s.deaf = errAway
		k, told := keep(t, s)
		pass(5500 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, 6, told.count("are not heard for the moment"), "once a second")
		s.mend()
		pass(time.Second)
		s.set("two.test", nil)
		synctest.Wait()
		require.Equal(t, "two.test", realm(k))
	})
}

// TestThereHasToBeAFirstState refuses to start where nothing can be put in force.
func TestThereHasToBeAFirstState(t *testing.T) {
	t.Parallel()
	s := newSource()
	s.fault = errAway
	_, err := inforce.New(t.Context(), s, clock.System{}, slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, errAway)
}
