package spool_test

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"trunkline/cdr"
	"trunkline/cdr/spool"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
)

const (
	childDir   = "SPOOL_TEST_DIR"
	childLimit = "SPOOL_TEST_LIMIT"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		writeUntilKilled(dir)
	}
	goleak.VerifyTestMain(m)
}

// stream is a Sender that fails while it is away, and notes what it was sent.
type stream struct {
	mu   sync.Mutex
	away bool
	got  []calls.ID
}

func (s *stream) Send(_ context.Context, legs []cdr.Envelope) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return errors.New("the stream is away")
	}
	for _, e := range legs {
		var leg cdr.Leg
		if err := cdr.DecodeLeg(e.Value, &leg); err != nil {
			return err
		}
		s.got = append(s.got, leg.Call)
	}
	return nil
}

func (s *stream) back() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = false
}

func (s *stream) calls() []calls.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]calls.ID(nil), s.got...)
}

func newLeg(tb testing.TB) *cdr.Leg {
	tb.Helper()
	id, err := calls.NewID()
	require.NoError(tb, err)
	return &cdr.Leg{Call: id, Kind: cdr.Ingress, Direction: calls.Outbound, Setup: time.Unix(1.7e9, 0).UTC(), Tenant: "beauty"}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func open(tb testing.TB, cfg spool.Config, s spool.Sender) *spool.Spool {
	tb.Helper()
	cfg.Log = quiet()
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	opened, err := spool.Open(cfg, s)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, opened.Close()) })
	return opened
}

func flush(tb testing.TB, s *spool.Spool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	require.NoError(tb, s.Flush(ctx))
}

func TestOrderIsKeptOverSegmentsAndRestarts(t *testing.T) {
	cfg := spool.Config{Dir: t.TempDir(), SegmentBytes: 500}
	out := &stream{away: true}
	var want []calls.ID
	for range 3 {
		s := open(t, cfg, out)
		for range 20 {
			leg, second := newLeg(t), newLeg(t)
			want = append(want, leg.Call, second.Call)
			require.NoError(t, s.Record(t.Context(), []*cdr.Leg{leg, second}))
		}
		require.Equal(t, int64(len(want)), s.Stats().Waiting)
		require.NoError(t, s.Close())
		require.ErrorIs(t, s.Record(t.Context(), []*cdr.Leg{newLeg(t)}), spool.ErrClosed)
	}
	out.back()
	s := open(t, cfg, out)
	flush(t, s)
	require.Equal(t, want, out.calls())
	require.Equal(t, spool.Stats{}, s.Stats())
	require.NoError(t, s.Close())

	s = open(t, cfg, out)
	flush(t, s)
	require.Equal(t, want, out.calls(), "what was sent is not sent again")
	files, err := filepath.Glob(filepath.Join(cfg.Dir, "*.legs"))
	require.NoError(t, err)
	require.LessOrEqual(t, len(files), 2, "what was sent is removed")
}

func TestManyRecordAtOnce(t *testing.T) {
	out := &stream{}
	s := open(t, spool.Config{Dir: t.TempDir(), SegmentBytes: 4096}, out)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			for range 10 {
				if err := s.Record(context.WithoutCancel(t.Context()), []*cdr.Leg{newLeg(t)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	flush(t, s)
	seen := make(map[calls.ID]bool)
	for _, id := range out.calls() {
		seen[id] = true
	}
	require.Len(t, seen, 500)
}

func TestFullSpoolRefusesAndRecovers(t *testing.T) {
	out := &stream{away: true}
	s := open(t, spool.Config{Dir: t.TempDir(), MaxBytes: 1000}, out)
	kept := 0
	var err error
	for err == nil {
		if err = s.Record(t.Context(), []*cdr.Leg{newLeg(t)}); err == nil {
			kept++
		}
	}
	require.ErrorIs(t, err, spool.ErrFull)
	require.Positive(t, kept)
	out.back()
	flush(t, s)
	require.NoError(t, s.Record(t.Context(), []*cdr.Leg{newLeg(t)}))
	flush(t, s)
	require.Len(t, out.calls(), kept+1)
}

func TestTooLarge(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir()}, &stream{})
	leg := newLeg(t)
	leg.Trace = make([]byte, 1<<20)
	require.ErrorIs(t, s.Record(t.Context(), []*cdr.Leg{leg}), spool.ErrTooLarge)
}

func TestLag(t *testing.T) {
	c := clock.NewManual(time.Unix(1.7e9, 0))
	out := &stream{away: true}
	s := open(t, spool.Config{Dir: t.TempDir(), Clock: c}, out)
	require.NoError(t, s.Record(t.Context(), []*cdr.Leg{newLeg(t)}))
	require.Eventually(t, func() bool { c.Advance(time.Second); return s.Stats().Lag >= 3*time.Second }, 10*time.Second, time.Millisecond)
	out.back()
	require.Eventually(t, func() bool { c.Advance(time.Second); return s.Stats().Waiting == 0 }, 10*time.Second, time.Millisecond)
	require.Zero(t, s.Stats().Lag)
}

// TestTornWrite cuts the last file at every length: the legs before the cut are sent, and the spool goes on.
func TestTornWrite(t *testing.T) {
	dir := t.TempDir()
	away := &stream{away: true}
	s := open(t, spool.Config{Dir: dir}, away)
	first, second := newLeg(t), newLeg(t)
	require.NoError(t, s.Record(t.Context(), []*cdr.Leg{first}))
	length := s.Stats().Bytes
	require.NoError(t, s.Record(t.Context(), []*cdr.Leg{second}))
	require.NoError(t, s.Close())
	files, err := filepath.Glob(filepath.Join(dir, "*.legs"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	whole, err := os.ReadFile(files[0])
	require.NoError(t, err)
	for cut := int64(1); cut < int64(len(whole)); cut++ {
		torn := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(torn, filepath.Base(files[0])), whole[:cut], 0o600))
		out := &stream{}
		s := open(t, spool.Config{Dir: torn}, out)
		third := newLeg(t)
		require.NoError(t, s.Record(t.Context(), []*cdr.Leg{third}))
		flush(t, s)
		require.NoError(t, s.Close())
		want := []calls.ID{third.Call}
		if cut >= length {
			want = []calls.ID{first.Call, third.Call}
		}
		require.Equal(t, want, out.calls(), "cut at %d", cut)
	}
}

// TestKilled kills a process that records as fast as it can, and checks that everything it was told is safe is there.
// In half of the rounds the disk takes no more than a part of the last write.
func TestKilled(t *testing.T) {
	for _, limit := range []string{"", "20000"} {
		dir := t.TempDir()
		for range 3 {
			acked := runChild(t, dir, limit)
			out := &stream{}
			s := open(t, spool.Config{Dir: dir}, out)
			flush(t, s)
			require.NoError(t, s.Close())
			got := make(map[string]bool)
			for _, id := range out.calls() {
				got[id.String()] = true
			}
			for _, id := range acked {
				require.True(t, got[id], id)
			}
		}
	}
}

// runChild starts the recording process, kills it after some answers, and returns the calls that it was answered for.
func runChild(t *testing.T, dir, limit string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childLimit+"="+limit)
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var acked []string
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		acked = append(acked, lines.Text())
		if len(acked) == 300 {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait()
	require.NotEmpty(t, acked)
	return acked
}

func writeUntilKilled(dir string) {
	if os.Getenv(childLimit) != "" {
		_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 20000, Max: 20000})
	}
	s, err := spool.Open(spool.Config{Dir: dir, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}, &stream{away: true})
	if err != nil {
		panic(err)
	}
	failures := 0
	for failures < 3 {
		id, err := calls.NewID()
		if err != nil {
			panic(err)
		}
		leg := &cdr.Leg{Call: id, Kind: cdr.Egress, Direction: calls.Outbound, Remote: "127.0.0.1:5060"}
		if s.Record(context.Background(), []*cdr.Leg{leg}) != nil {
			failures++
			continue
		}
		if _, err := os.Stdout.WriteString(id.String() + "\n"); err != nil {
			panic(err)
		}
	}
	os.Exit(1) //nolint:forbidigo // It is the main function of the process that is killed.
}

func BenchmarkRecord(b *testing.B) {
	s, err := spool.Open(spool.Config{Dir: b.TempDir(), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}, &stream{})
	require.NoError(b, err)
	leg := newLeg(b)
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := s.Record(context.Background(), []*cdr.Leg{leg}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	require.NoError(b, s.Close())
}
