package spool

import (
	"context"
	"fmt"
	"time"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/internal/frame"
)

const (
	sendFrames = 5000                  // Legs in one Send, at most.
	sendBytes  = 4 << 20               // Bytes in one Send, about.
	linger     = 25 * time.Millisecond // Legs that come within so long go together: what they cost to send is mostly per Send.
	noteEvery  = time.Second           // The position is saved so often: what was sent since is sent again after a crash.
	retryFirst = 100 * time.Millisecond
	retryMax   = 10 * time.Second
)

// sendAll sends what is in the spool, in its order, for ever. What cannot be sent is tried again with growing pauses.
func (s *Spool) sendAll(ctx context.Context) {
	pause := retryFirst
	for {
		some, err := s.sendNext(ctx)
		if err == nil && !some {
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

// SendNext sends once for an Untended spool what is otherwise sent in the background. It may be repeated.
func (s *Spool) SendNext(ctx context.Context) error {
	_, err := s.sendNext(ctx)
	return err
}

// sendNext sends what comes next; some reports whether there was something.
func (s *Spool) sendNext(ctx context.Context) (some bool, err error) {
	c, err := s.nextChunk()
	if err != nil || len(c.legs) == 0 {
		return false, err
	}
	if err := s.sender.Send(ctx, c.legs); err != nil {
		return true, err
	}
	s.advance(c)
	return true, nil
}

// chunk is what is sent at a time: frames of one segment.
type chunk struct {
	legs []cdr.Envelope
	next position
}

// nextChunk reads what follows the position; nothing where all was sent. What is damaged is kept aside and passed over: the legs behind it
// do not wait for it.
func (s *Spool) nextChunk() (chunk, error) {
	seg, at, ok := s.nextSegment()
	if !ok {
		return chunk{}, nil
	}
	data, err := s.load(&seg, at.Offset)
	if err != nil {
		return chunk{}, err
	}
	c := chunk{next: at}
	bytes := 0
	for p := range seg.parts(data) {
		r, whole := readBody(p.Body)
		if !whole {
			s.damage(seg.number, p, at.Offset, data)
		} else {
			if len(c.legs) == 0 {
				s.mu.Lock()
				s.oldest = r.at
				s.mu.Unlock()
			}
			c.legs = append(c.legs, r.Envelope)
			bytes += len(r.Value)
		}
		c.next.Offset += p.Length
		if len(c.legs) >= sendFrames || bytes >= sendBytes {
			break
		}
	}
	if len(c.legs) == 0 { // Only damage.
		s.advance(c)
		return s.nextChunk()
	}
	return c, nil
}

// load reads a segment from a place on.
func (s *Spool) load(seg *segment, from int64) ([]byte, error) {
	f, err := s.cfg.Disk.Open(seg.path)
	if err != nil {
		return nil, fmt.Errorf("read the spool: %w", err)
	}
	defer f.Close()
	n := int(seg.size - from)
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
	}
	data := s.buf[:n]
	if _, err := f.ReadAt(data, from); err == nil {
		return data, nil
	}
	whole, _, err := disk.Salvage(s.cfg.Disk, seg.path)
	if err != nil {
		return nil, fmt.Errorf("read the spool: %w", err)
	}
	clear(data[copy(data, whole[min(from, int64(len(whole))):]):])
	return data, nil
}

// damage keeps a part aside that cannot be read.
func (s *Spool) damage(number int64, p frame.Part, base int64, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body := data[p.Offset : p.Offset+p.Length]
	at := frame.Part{Kind: p.Kind, Offset: base + p.Offset, Length: p.Length}
	for i := range s.segments {
		if s.segments[i].number == number {
			s.aside(&s.segments[i], at, body)
		}
	}
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
		s.leaveBehind(first)
		s.segments = s.segments[1:]
	}
	return segment{}, position{}, false
}

// leaveBehind removes the file of a segment that was sent to its end, unless it has a damaged part that is nowhere else. It is called with
// the lock held.
func (s *Spool) leaveBehind(seg segment) {
	if seg.keep {
		s.kept = append(s.kept, seg)
		return
	}
	if err := s.cfg.Disk.Remove(seg.path); err != nil {
		s.cfg.Log.Warn("a file of the spool that was sent cannot be removed", "error", err)
	}
}

// advance notes that a chunk was sent.
func (s *Spool) advance(c chunk) {
	s.mu.Lock()
	s.read = c.next
	s.sent += int64(len(c.legs))
	for i := range s.segments {
		if seg := &s.segments[i]; seg.number == c.next.Segment {
			seg.passed += int64(len(c.legs))
			if lost := seg.frames - seg.passed; lost > 0 && c.next.Offset >= seg.size { // They were damaged after they had been counted.
				seg.passed += lost
				s.sent += lost
			}
		}
	}
	s.oldest = time.Time{}
	s.idle.Broadcast()
	s.mu.Unlock()
	if now := s.cfg.Clock.Now(); now.Sub(s.noted) >= noteEvery || now.Before(s.noted) {
		s.noted = now
		s.savePosition(c.next)
	}
}
