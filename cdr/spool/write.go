package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"trunkline/cdr"
	"trunkline/internal/clock"
)

const (
	maxGroup = 1024     // Writes that one fsync serves, at most.
	maxWrite = 32 << 20 // Bytes that one fsync serves, about.

	syncEvery = 10 * time.Millisecond // Where many calls end, an fsync follows another no sooner. Nobody on the phone waits for it.
)

// write is one call of Record on its way to the disk.
type write struct {
	data   []byte
	frames int64
	done   chan error
}

// Record writes legs to the disk and returns when they are safe there; calls that come together share one fsync. After
// an error they may be there or not, and are to be recorded again. ErrFull says that the disk or the spool has no room.
func (s *Spool) Record(ctx context.Context, legs []*cdr.Leg) error {
	if len(legs) == 0 {
		return nil
	}
	w := &write{frames: int64(len(legs)), done: make(chan error, 1)}
	now := s.cfg.Clock.Now()
	for _, leg := range legs {
		before := len(w.data)
		w.data = appendFrame(w.data, now, leg)
		if len(w.data)-before-headLength > bodyLimit {
			return fmt.Errorf("%w: %s takes %d bytes", ErrTooLarge, leg.ID(), len(w.data)-before)
		}
	}
	select {
	case s.writes <- w:
	case <-s.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		select { // The writer may have been at it.
		case err := <-w.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// writeAll writes what comes, as much at a time as has come together.
func (s *Spool) writeAll(ctx context.Context) {
	var group []*write
	var crowded time.Time // When the last group of several was written.
	for {
		select {
		case w := <-s.writes:
			group = append(group[:0], w)
		case <-s.done:
			return
		}
		if wait := syncEvery - s.cfg.Clock.Now().Sub(crowded); wait > 0 && wait <= syncEvery {
			_ = clock.Sleep(ctx, s.cfg.Clock, wait) // When the spool is closed meanwhile, what came is written all the same.
		}
		size := len(group[0].data)
	gather:
		for len(group) < maxGroup && size < maxWrite {
			select {
			case w := <-s.writes:
				group = append(group, w)
				size += len(w.data)
			default:
				break gather
			}
		}
		err := s.writeGroup(group, int64(size))
		if len(group) > 1 {
			crowded = s.cfg.Clock.Now()
		}
		for _, w := range group {
			w.done <- err
		}
	}
}

func (s *Spool) writeGroup(group []*write, size int64) error {
	s.mu.Lock()
	total, active := s.bytes(), s.segments[len(s.segments)-1]
	s.mu.Unlock()
	if total+size > s.cfg.MaxBytes {
		return fmt.Errorf("%w: %d bytes wait for the stream, and %d are allowed", ErrFull, total, s.cfg.MaxBytes)
	}
	if active.size >= s.cfg.SegmentBytes {
		if err := s.rotate(); err != nil {
			return noRoom(err)
		}
	}
	if err := s.writeFile(group); err != nil {
		// What the file holds behind its last whole frame is not known: what comes next goes into a new one.
		if rotateErr := s.rotate(); rotateErr != nil {
			s.cfg.Log.Error("the spool cannot begin a new file", "error", rotateErr)
		}
		return noRoom(err)
	}
	s.mu.Lock()
	last := &s.segments[len(s.segments)-1]
	for _, w := range group {
		last.frames += w.frames
		s.written += w.frames
	}
	last.size += size
	s.mu.Unlock()
	s.nudge()
	return nil
}

func (s *Spool) writeFile(group []*write) error {
	s.mu.Lock()
	at := s.segments[len(s.segments)-1].size
	s.mu.Unlock()
	for _, w := range group {
		n, err := s.file.WriteAt(w.data, at)
		if err != nil {
			return errors.Join(fmt.Errorf("write the spool: %w", err), s.file.Truncate(s.whole()))
		}
		at += int64(n)
	}
	if err := s.file.Sync(); err != nil {
		return errors.Join(fmt.Errorf("write the spool: %w", err), s.file.Truncate(s.whole()))
	}
	return nil
}

// whole is the size of the whole frames in the last segment.
func (s *Spool) whole() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.segments[len(s.segments)-1].size
}

func noRoom(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// rotate begins a new segment.
func (s *Spool) rotate() error {
	s.mu.Lock()
	number := s.read.Segment + 1
	if n := len(s.segments); n > 0 {
		number = max(number, s.segments[n-1].number+1)
	}
	s.mu.Unlock()
	path := segmentPath(s.cfg.Dir, number)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // Made of the operator's folder.
	if err != nil {
		return fmt.Errorf("begin a file of the spool: %w", err)
	}
	if err := syncDir(s.cfg.Dir); err != nil {
		return errors.Join(err, f.Close(), os.Remove(path))
	}
	var before error
	if s.file != nil {
		before = s.file.Close()
	}
	s.file = f
	s.mu.Lock()
	s.segments = append(s.segments, segment{number: number, path: path})
	s.mu.Unlock()
	if before != nil {
		s.cfg.Log.Warn("a file of the spool could not be closed", "error", before)
	}
	return nil
}

// nudge tells the sender that there is something to do.
func (s *Spool) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
