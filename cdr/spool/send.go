package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"trunkline/cdr"
	"trunkline/internal/clock"
)

const (
	sendFrames = 5000                  // Legs in one Send, at most.
	sendBytes  = 4 << 20               // Bytes in one Send, about.
	linger     = 25 * time.Millisecond // Legs that come within so long go together: what they cost to send is mostly per Send.
	noteEvery  = time.Second           // The position is saved so often: what was sent since is sent again after a crash.
	readAhead  = 1 << 16
	retryFirst = 100 * time.Millisecond
	retryMax   = 10 * time.Second
)

// sendAll sends what is in the spool, in its order, for ever. What cannot be sent is tried again with growing pauses.
func (s *Spool) sendAll(ctx context.Context) {
	pause := retryFirst
	for {
		chunk, err := s.nextChunk()
		if err == nil && len(chunk.legs) == 0 {
			select {
			case <-s.wake:
				if clock.Sleep(ctx, s.cfg.Clock, linger) != nil {
					return
				}
				continue
			case <-ctx.Done():
				return
			}
		}
		if err == nil {
			err = s.sender.Send(ctx, chunk.legs)
		}
		if err == nil {
			s.advance(chunk)
			pause = retryFirst
			continue
		}
		if ctx.Err() != nil {
			return
		}
		s.cfg.Log.WarnContext(ctx, "legs wait in the spool; trying again", "error", err, "pause", pause, "waiting", s.Stats().Waiting)
		if clock.Sleep(ctx, s.cfg.Clock, pause) != nil {
			return
		}
		pause = min(2*pause, retryMax)
	}
}

// chunk is what is sent at a time: frames of one segment.
type chunk struct {
	legs []cdr.Envelope
	next position
}

// nextChunk reads what follows the position; nothing where all was sent.
func (s *Spool) nextChunk() (chunk, error) {
	seg, at, ok := s.nextSegment()
	if !ok {
		return chunk{}, nil
	}
	f, err := os.Open(seg.path)
	if err != nil {
		return chunk{}, fmt.Errorf("read the spool: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(at.Offset, io.SeekStart); err != nil {
		return chunk{}, fmt.Errorf("read the spool: %w", err)
	}
	r := s.reader
	r.Reset(io.LimitReader(f, seg.size-at.Offset))
	c := chunk{next: at}
	for bytes := 0; len(c.legs) < sendFrames && bytes < sendBytes; {
		frame, err := readFrame(r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return chunk{}, fmt.Errorf("read the spool, %s at byte %d: %w", seg.path, c.next.Offset, err)
		}
		if len(c.legs) == 0 {
			s.mu.Lock()
			s.oldest = frame.at
			s.mu.Unlock()
		}
		c.legs = append(c.legs, frame.Envelope)
		c.next.Offset += frame.size
		bytes += len(frame.Value)
	}
	return c, nil
}

// nextSegment returns the segment that is read and the place in it. Segments that were sent to their end are removed.
func (s *Spool) nextSegment() (segment, position, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.segments) > 0 {
		first := s.segments[0]
		if s.read.Segment != first.number {
			s.read = position{Segment: first.number}
		}
		if s.read.Offset < first.size {
			return first, s.read, true
		}
		if len(s.segments) == 1 {
			return segment{}, position{}, false // It is written to.
		}
		if err := os.Remove(first.path); err != nil {
			s.cfg.Log.Warn("a file of the spool that was sent cannot be removed", "error", err)
		}
		s.segments = s.segments[1:]
	}
	return segment{}, position{}, false
}

// advance notes that a chunk was sent.
func (s *Spool) advance(c chunk) {
	s.mu.Lock()
	s.read = c.next
	s.sent += int64(len(c.legs))
	s.oldest = time.Time{}
	s.idle.Broadcast()
	s.mu.Unlock()
	if now := s.cfg.Clock.Now(); now.Sub(s.noted) >= noteEvery || now.Before(s.noted) {
		s.noted = now
		s.savePosition(c.next)
	}
}
