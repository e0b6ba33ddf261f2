package collect_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"trunkline/cdr/collect"
	"trunkline/cdr/smdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// books count calls by identity, as the worker does.
type books struct {
	mu     sync.Mutex
	calls  map[calls.ID]string
	told   int
	faults []string
	mapper smdr.Mapper
}

type nowhere struct{ smdr.Plan }

func (nowhere) Own(string) (smdr.Owned, bool) { return smdr.Owned{}, false }

func (nowhere) Place(string, string, string, time.Time) smdr.Place { return smdr.Place{Internal: true} }

func newBooks() *books {
	return &books{calls: make(map[calls.ID]string), mapper: smdr.Mapper{Tenant: "t", PBX: "p", Plan: nowhere{}}}
}

func (b *books) Call(c *smdr.Call) error {
	leg, reason := b.mapper.Leg(c)
	if reason != "" {
		return fmt.Errorf("unexpected: %s", reason)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls[leg.Call] = c.Raw
	b.told++
	return nil
}

func (b *books) Fault(f smdr.Fault) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, f.Reason)
	return nil
}

func (b *books) Flush() error { return nil }

func (b *books) Keep(int64, []byte) error { return nil }

func (b *books) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, raw := range b.calls {
		out = append(out, raw)
	}
	slices.Sort(out)
	return out
}

func line(i int) string {
	return fmt.Sprintf("01/02/26 %02d:%02dAM %-5d 0001 %-50s      00:01'%02d", 1+i/60%11, i%60, 1200+i%7, fmt.Sprint("8495", 1000000+i), i%60)
}

func wanted(n int) []string {
	var out []string
	for i := range n {
		out = append(out, line(i))
	}
	slices.Sort(out)
	return out
}

type site struct {
	t      *testing.T
	dir    string
	books  *books
	format *smdr.Format
	log    *slog.Logger
}

func newSite(t *testing.T) *site {
	t.Helper()
	f, err := smdr.BuiltIn("panasonic-tda-c")
	require.NoError(t, err)
	return &site{t, t.TempDir(), newBooks(), f, slog.New(slog.DiscardHandler)}
}

// follow follows a folder until the returned function is called.
func (s *site) follow(dir string, capture bool) (stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	f := &collect.Follower{
		Dir: dir, Capture: capture, State: filepath.Join(s.dir, "state", "state.json"), Format: s.format,
		Output: func(string, string) collect.Output { return s.books }, Poll: 5 * time.Millisecond, Clock: clock.System{}, Log: s.log,
	}
	var group sync.WaitGroup
	group.Go(func() {
		if err := f.Run(ctx); err != nil {
			s.t.Error(err)
		}
	})
	return func() { cancel(); group.Wait() }
}

func (s *site) expect(n int) {
	s.t.Helper()
	want := wanted(n)
	require.Eventually(s.t, func() bool { return slices.Equal(want, s.books.lines()) }, 20*time.Second, 5*time.Millisecond)
}

// A PBX that breaks off within a line and repeats its whole buffer on the next connection: no line is lost, none counted
// twice, and the cut line is listed.
func TestListenSurvivesBreaksAndRepetitions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	keep, err := collect.OpenCaptures(filepath.Join(s.dir, "in"), clock.System{})
	require.NoError(t, err)
	l, err := collect.Listen(t.Context(), "127.0.0.1:0", nil, keep, s.log)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if err := l.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop := s.follow(keep.Dir(), true)
	push := func(text string) {
		conn, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		_, err = io.WriteString(conn, text)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	var buffer strings.Builder
	for i := range 100 {
		buffer.WriteString(line(i) + "\r\n")
	}
	all := buffer.String()
	push(all[:len(all)/2-7])
	require.Eventually(t, func() bool { return len(s.books.lines()) > 30 }, 20*time.Second, 5*time.Millisecond)
	stop() // The collector restarts in between.
	push(all)
	stop = s.follow(keep.Dir(), true)
	s.expect(100)
	push(all)
	push(line(100) + "\r\n")
	s.expect(101)
	stop()
	cancel()
	group.Wait()
	require.Len(t, s.books.faults, 1)
	require.Contains(t, s.books.faults[0], "cut off")
}

// A folder in which a file grows, is rotated by renaming, and a new one takes its name; the collector restarts.
func TestFolderWithRotation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	dir := filepath.Join(s.dir, "cdr")
	require.NoError(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "smdr.log")
	add := func(from, till int) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		for i := from; i < till; i++ {
			_, err := io.WriteString(f, line(i)+"\n")
			require.NoError(t, err)
		}
		require.NoError(t, f.Close())
	}
	add(0, 10)
	stop := s.follow(dir, false)
	s.expect(10)
	add(10, 20)
	require.NoError(t, os.Rename(path, path+".1"))
	add(20, 30)
	s.expect(30)
	stop()
	add(30, 40)
	told := s.books.told
	stop = s.follow(dir, false)
	s.expect(40)
	stop()
	require.Equal(t, told+10, s.books.told, "what was read before the restart is not sent again")
}

// A PBX that waits for us and asks for a log-in; it drops the connection after a few lines.
func TestConnectLogsInAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var group sync.WaitGroup
	group.Go(func() { pbx(t, l) })
	keep, err := collect.OpenCaptures(filepath.Join(s.dir, "in"), clock.System{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	c := &collect.Connection{
		Address: l.Addr().String(), User: "SMDR", Password: "PCCSMDR", Keep: keep, Clock: clock.System{}, Log: s.log,
	}
	group.Go(func() {
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop := s.follow(keep.Dir(), true)
	s.expect(20)
	stop()
	cancel()
	require.NoError(t, l.Close())
	group.Wait()
	require.Empty(t, s.books.faults)
}

// pbx plays two connections: ten lines each.
func pbx(t *testing.T, l net.Listener) {
	t.Helper()
	for round := range 2 {
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		answer := func(prompt, want string) {
			if _, err := io.WriteString(conn, prompt); err != nil {
				t.Error(err)
			}
			got := make([]byte, len(want))
			if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
				t.Errorf("%q, %v: want %q", got, err, want)
			}
		}
		answer("-", "SMDR\r\n")
		answer("\r\nEnter Password:", "PCCSMDR\r\n")
		for i := range 10 {
			if _, err := io.WriteString(conn, line(10*round+i)+"\r\n"); err != nil {
				t.Error(err)
			}
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A device is read like a connection; here a file stands for the serial line, and its end for a line that was pulled.
func TestSerialDevice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	file := filepath.Join(s.dir, "tty")
	require.NoError(t, os.WriteFile(file, []byte(line(0)+"\r"+line(1)+"\r"), 0o600))
	keep, err := collect.OpenCaptures(filepath.Join(s.dir, "in"), clock.System{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	c := &collect.Connection{Device: file, Keep: keep, Clock: clock.System{}, Log: s.log}
	group.Go(func() {
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop := s.follow(keep.Dir(), true)
	s.expect(2)
	stop()
	cancel()
	group.Wait()
}
