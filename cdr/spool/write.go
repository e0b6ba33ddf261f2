package spool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/internal/frame"
)

const (
	maxGroup = 1024     // Writes that one fsync serves, at most.
	maxWrite = 32 << 20 // Bytes that one fsync serves, about.

	syncEvery = 10 * time.Millisecond // Where many calls end, an fsync follows another no sooner. Nobody on the phone waits for it.
)

// write is one call of Record on its way to the disk.
type write struct {
	data    []byte
	lengths []int // Of its frames.
	frames  int64
	done    chan error
}

// Record writes the legs of calls to the disk and returns when they are safe there; what comes together shares one fsync. After
// an error they may be there or not, and are to be recorded again. ErrFull says that the disk or the spool has no room.
func (s *Spool) Record(ctx context.Context, calls ...[]*cdr.Leg) error {
	legs := slices.Concat(calls...)
	if len(legs) == 0 {
		return nil
	}
	w := &write{frames: int64(len(legs)), done: make(chan error, 1)}
	now := s.cfg.Clock.Now()
	for _, leg := range legs {
		before := len(w.data)
		w.data = appendFrame(w.data, now, leg)
		w.lengths = append(w.lengths, len(w.data)-before)
		if len(w.data)-before-frame.HeadLength > bodyLimit {
			return fmt.Errorf("%w: %s takes %d bytes", ErrTooLarge, leg.ID(), len(w.data)-before)
		}
	}
	if s.cfg.Untended {
		return s.writeNoted([]*write{w}, int64(len(w.data)))
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
		err := s.writeNoted(group, int64(size))
		if len(group) > 1 {
			crowded = s.cfg.Clock.Now()
		}
		for _, w := range group {
			w.done <- err
		}
	}
}

// writeNoted writes a group and notes what became of it.
func (s *Spool) writeNoted(group []*write, size int64) error {
	err := s.writeGroup(group, size)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = err
	return err
}

func (s *Spool) writeGroup(group []*write, size int64) error {
	s.mu.Lock()
	total, full := s.bytes(), len(s.segments) > 0 && s.segments[len(s.segments)-1].size >= s.cfg.SegmentBytes
	s.mu.Unlock()
	if total+size > s.cfg.MaxBytes {
		return fmt.Errorf("%w: %d bytes wait for the stream, and %d are allowed", ErrFull, total, s.cfg.MaxBytes)
	}
	if s.file == nil || full {
		if err := s.rotate(); err != nil {
			return noRoom(err)
		}
	}
	if err := s.writeFile(group); err != nil {
		// What the file holds behind its last whole frame is not known: what comes next goes into a new one.
		if rotateErr := s.rotate(); rotateErr != nil {
			s.cfg.Log.Error("the spool cannot begin a new file", "error", rotateErr)
			s.leave()
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
	seg := s.segments[len(s.segments)-1]
	s.mu.Unlock()
	at := seg.size
	for _, w := range group {
		w.seal(seg.format)
		if err := s.put(w.data, at); err != nil {
			return errors.Join(fmt.Errorf("write the spool: %w", err), s.file.Truncate(seg.size))
		}
		at += int64(len(w.data))
	}
	if err := s.file.Sync(); err != nil {
		return errors.Join(fmt.Errorf("write the spool: %w", err), s.file.Truncate(seg.size))
	}
	return nil
}

// put writes to the file. Where the disk is full it takes of the room that is kept aside.
func (s *Spool) put(data []byte, at int64) error {
	_, err := s.file.WriteAt(data, at)
	for err != nil && disk.NoRoom(err) && s.cfg.Room != nil && s.cfg.Room.Give(int64(len(data))) {
		_, err = s.file.WriteAt(data, at)
	}
	return err
}

// seal writes the heads of the frames, now that it is known which file they get into.
func (w *write) seal(f frame.Format) {
	at := 0
	for _, n := range w.lengths {
		f.Seal(w.data[at : at+n])
		at += n
	}
}

func noRoom(err error) error {
	if disk.NoRoom(err) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// rotate begins a new segment.
func (s *Spool) rotate() error {
	seg := newSegment(s.cfg.Dir, s.last+1)
	f, err := s.cfg.Disk.Create(seg.path)
	for err != nil && disk.NoRoom(err) && s.cfg.Room != nil && s.cfg.Room.Give(0) {
		f, err = s.cfg.Disk.Create(seg.path)
	}
	if err != nil {
		return fmt.Errorf("begin a file of the spool: %w", err)
	}
	if err := s.cfg.Disk.SyncDir(s.cfg.Dir); err != nil {
		return errors.Join(fmt.Errorf("begin a file of the spool: %w", err), f.Close(), s.cfg.Disk.Remove(seg.path))
	}
	s.leave()
	s.file, s.last = f, seg.number
	s.mu.Lock()
	s.segments = append(s.segments, seg)
	s.mu.Unlock()
	return nil
}

// leave closes the file that was written to.
func (s *Spool) leave() {
	if s.file == nil {
		return
	}
	if err := s.file.Close(); err != nil {
		s.cfg.Log.Warn("a file of the spool could not be closed", "error", err)
	}
	s.file = nil
}

// nudge tells the sender that there is something to do.
func (s *Spool) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
