package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/internal/disk"
)

// Errors of a spool.
var (
	ErrFull     = errors.New("the spool is full")
	ErrClosed   = errors.New("the spool is closed")
	ErrTooLarge = errors.New("the leg is too large for the spool")
)

// Sender takes legs to the stream. When Send returns nil the stream has all of them for good; after an error it may have
// some, and is sent all of them again. The values must not be kept.
type Sender interface {
	Send(ctx context.Context, legs []cdr.Envelope) error
}

// Config says where a spool is and how large it may grow.
type Config struct {
	Dir          string // Its own folder.
	MaxBytes     int64  // Of legs that wait; the disk needs room for one segment more. 0: one gibibyte.
	SegmentBytes int64  // 0: sixteen mebibytes.
	Clock        clock.Clock
	Log          *slog.Logger
	Disk         disk.FS       // Nil: the machine's.
	Room         *disk.Reserve // Drawn on when the disk is full, so that calls in progress can be recorded; nil: none is kept.
	Untended     bool          // Nothing goes on in the background: Record writes itself, and whoever has the spool calls SendNext.
}

const (
	defaultMax     = 1 << 30
	defaultSegment = 16 << 20
	positionFile   = "sent"
)

// Spool is an open spool. It is safe for concurrent use.
type Spool struct {
	cfg    Config
	sender Sender

	writes chan *write
	wake   chan struct{} // The sender has something to do.
	done   chan struct{} // Closed by Close.
	group  sync.WaitGroup
	stop   context.CancelFunc

	mu       sync.Mutex
	segments []segment // Not yet sent to their end, in order; the last is written to.
	kept     []segment // Sent to their end, and with a damaged part that could not be kept aside yet.
	read     position
	oldest   time.Time // When the oldest leg that was not sent came; zero when the sender has not looked yet.
	sent     int64     // Frames sent since Open, with those of the segments found.
	written  int64     // Frames written since Open, likewise.
	idle     *sync.Cond
	closed   bool
	fault    error // Why the last write failed; nil: it did not.

	file disk.File // The last segment; only the writer touches it. Nil: it could not be made.
	last int64     // Number of the last segment.

	// Only the sender touches these.
	buf   []byte
	noted time.Time // When the position was saved.
}

// position is the place up to which legs were sent.
type position struct {
	Segment int64 `json:"segment"`
	Offset  int64 `json:"offset"`
}

// Open opens the spool of a folder, makes it where there is none, and begins to send what is in it.
func Open(cfg Config, sender Sender) (*Spool, error) {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = defaultMax
	}
	if cfg.SegmentBytes <= 0 {
		cfg.SegmentBytes = min(defaultSegment, cfg.MaxBytes)
	}
	if cfg.Disk == nil {
		cfg.Disk = disk.OS{}
	}
	if err := cfg.Disk.MkdirAll(cfg.Dir); err != nil {
		return nil, fmt.Errorf("folder of the spool: %w", err)
	}
	s := &Spool{
		cfg: cfg, sender: sender,
		writes: make(chan *write, maxGroup), wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	s.idle = sync.NewCond(&s.mu)
	if err := s.recover(); err != nil {
		return nil, err
	}
	if err := s.rotate(); err != nil && !errors.Is(noRoom(err), ErrFull) { // A full disk is told by Record.
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if !cfg.Untended {
		s.group.Go(func() { s.writeAll(ctx) })
		s.group.Go(func() { s.sendAll(ctx) })
	}
	return s, nil
}

// Stats is how a spool stands.
type Stats struct {
	Waiting int64         // Legs that the stream does not have yet.
	Bytes   int64         // What they take.
	Lag     time.Duration // How long the oldest of them has waited.
}

// Stats returns how the spool stands, for metrics and health.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Waiting: s.written - s.sent, Bytes: s.bytes()}
	if st.Waiting > 0 && !s.oldest.IsZero() {
		st.Lag = max(0, s.cfg.Clock.Now().Sub(s.oldest))
	}
	return st
}

// Err tells why the last legs could not be written; nil: they could.
func (s *Spool) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

// bytes is what was not sent yet. It is called with the lock held.
func (s *Spool) bytes() int64 {
	var n int64
	for _, seg := range s.segments {
		n += seg.size
		if seg.number == s.read.Segment {
			n -= s.read.Offset
		}
	}
	return n
}

// Flush waits until the stream has everything that was recorded before, or ctx ends.
func (s *Spool) Flush(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.idle.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	target := s.written
	for s.sent < target && ctx.Err() == nil && !s.closed {
		s.idle.Wait()
	}
	if s.sent < target && s.closed {
		return ErrClosed
	}
	return ctx.Err()
}

// Close ends the spool. What was not sent is kept for the next Open.
func (s *Spool) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.idle.Broadcast()
	s.mu.Unlock()
	close(s.done)
	s.stop()
	s.group.Wait()
	s.savePosition(s.read)
	if s.file == nil {
		return nil
	}
	if err := s.file.Close(); err != nil {
		return fmt.Errorf("close the spool: %w", err)
	}
	return nil
}
