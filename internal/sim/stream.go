package sim

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"

	"trunkline/cdr"
	"trunkline/rating/worker"
)

// stream is the topic: parts that grow.
type stream struct {
	parts [][]cdr.Message
	sent  int64 // Messages so far.
	id    int   // Another one whenever the topic is made anew.
}

// topicID is the id of the topic as marks have it.
func (s *stream) topicID() string { return strconv.Itoa(s.id) }

// check compares a mark with the stream, as the consumer does.
func (s *stream) check(m cdr.Mark) (cdr.Mark, *cdr.Break) {
	all := s.parts[m.Part]
	b := &cdr.Break{Mark: m, Now: cdr.Mark{Part: m.Part, Topic: s.topicID()}, Lost: -1}
	switch {
	case m.Topic != "" && m.Topic != s.topicID():
		b.Kind = cdr.BreakTopic
	case m.Next > int64(len(all)), m.Last != 0 && all[m.Next-1].Fingerprint() != m.Last:
		b.Kind = cdr.BreakBack
	default:
		m.Topic = s.topicID()
		return m, nil
	}
	return b.Now, b
}

// partOf is the part of a call.
func (s *stream) partOf(key [16]byte) int { return int(key[15]) % len(s.parts) }

func (s *stream) put(part int, value []byte) {
	s.sent++
	s.parts[part] = append(s.parts[part], cdr.Message{Part: part, Offset: int64(len(s.parts[part])), At: s.sent, Value: value})
}

// bring puts a leg into the part of its call, unless it is there.
func (s *stream) bring(value []byte) {
	var l cdr.Leg
	if cdr.DecodeLeg(value, &l) != nil {
		return
	}
	part := s.partOf(l.Call.Bytes())
	if !slices.ContainsFunc(s.parts[part], func(m cdr.Message) bool { return bytes.Equal(m.Value, value) }) {
		s.put(part, value)
	}
}

// again brings a message once more, as a spool does that has forgotten how far it was.
func (s *stream) again(w *world) {
	part := w.random.IntN(len(s.parts))
	if n := len(s.parts[part]); n > 0 {
		s.put(part, s.parts[part][w.random.IntN(n)].Value)
	}
}

// flakyBooks are away at times, and their answers are lost.
type flakyBooks struct {
	worker.Books

	w *world
}

// Post implements worker.Books.
func (b *flakyBooks) Post(ctx context.Context, d *worker.Delivery, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	if b.w.ledgerAway {
		return worker.Batch{}, errAway
	}
	batch, err := b.Books.Post(ctx, d, rate)
	if err == nil && b.w.chance(8) {
		return worker.Batch{}, errAway
	}
	return batch, err
}

// Stored implements worker.Books.
func (b *flakyBooks) Stored(ctx context.Context, batch worker.Batch) error {
	if b.w.ledgerAway || b.w.chance(8) {
		return errAway
	}
	return b.Books.Stored(ctx, batch)
}

// flakyCalls are away at times, and their answers are lost.
type flakyCalls struct {
	worker.Calls

	w *world
}

// WriteRecords implements worker.Calls.
func (c *flakyCalls) WriteRecords(ctx context.Context, token string, records []cdr.Record) error {
	if c.w.callsAway {
		return errAway
	}
	err := c.Calls.WriteRecords(ctx, token, records)
	if err == nil && c.w.chance(8) {
		return errAway
	}
	return err
}

// reader is a worker in the steps that it takes.
type reader struct {
	w      *world
	joined bool
	at     map[int]cdr.Mark // The parts that it thinks it has, with its marks.
	stuck  *worker.Delivery
	queue  []worker.Batch // Posted and not stored yet.
}

// die forgets all that it has not written down.
func (r *reader) die() {
	r.w.trace("a worker is killed with %d batches to store", len(r.queue))
	*r = reader{w: r.w}
}

// step takes the next step: join, store what waits, or read and post.
func (r *reader) step() error {
	switch {
	case !r.joined:
		return r.join()
	case len(r.queue) > 0 && (len(r.queue) > 2 || r.w.chance(2)):
		return r.store()
	}
	return r.post()
}

// join takes parts over: all of them, or some; another reader may think that it has the same.
func (r *reader) join() error {
	if err := r.w.agree(); err != nil {
		r.w.trace("a worker cannot join yet: %v", err)
		return nil
	}
	if err := r.w.worker.Recover(r.w.ctx); err != nil {
		r.w.trace("a worker cannot join yet: %v", err)
		return nil
	}
	var parts []int
	for p := range r.w.stream.parts {
		if len(r.w.readers) == 1 || !r.w.chance(3) {
			parts = append(parts, p)
		}
	}
	marks, err := r.w.books.Marks(r.w.ctx, topic, parts)
	if err != nil {
		return err
	}
	at := make(map[int]cdr.Mark)
	for _, m := range marks {
		now, broken := r.w.stream.check(m)
		if broken != nil && !r.w.blindMarks() {
			if err := r.w.books.Restart(r.w.ctx, topic, []cdr.Break{*broken}); errors.Is(err, worker.ErrMoved) {
				return nil
			} else if err != nil {
				return err
			}
		} else if broken != nil { // A fault on purpose: the mark is taken as it is, as far as there is something to read.
			now = m
			now.Next = min(m.Next, int64(len(r.w.stream.parts[m.Part])))
		}
		at[m.Part] = now
	}
	r.at, r.joined = at, true
	return nil
}

// catchUp goes on until the books are at the end of the stream and all is stored.
func (r *reader) catchUp() error {
	for range 5000 {
		if err := r.step(); err != nil {
			return err
		}
		behind, err := r.w.behind()
		if err != nil || !behind && len(r.queue) == 0 && r.joined {
			return err
		}
	}
	return nil
}

func (r *reader) store() error {
	switch err := r.w.worker.Deliver(r.w.ctx, r.queue[0]); {
	case err == nil:
		r.queue = r.queue[1:]
	case errors.Is(err, worker.ErrForeign):
		r.queue, r.joined, r.stuck = nil, false, nil
	}
	return nil
}

// post posts what it could not post before, or what it reads next, in pieces of any size.
func (r *reader) post() error {
	if r.stuck == nil {
		messages := r.read()
		if len(messages) == 0 {
			if r.w.chance(10) {
				r.joined = false // The parts are dealt out again.
			}
			return nil
		}
		r.stuck = r.w.worker.Read(messages, r.at)
	}
	batch, err := r.w.books.Post(r.w.ctx, r.stuck, r.w.worker.Rate)
	switch {
	case errors.Is(err, worker.ErrMoved):
		r.joined, r.stuck = false, nil
		return nil
	case errors.Is(err, errAway):
		return nil
	case err != nil:
		return err
	}
	for _, s := range r.stuck.Steps {
		r.at[s.Part] = cdr.Mark{Part: s.Part, Next: s.Next, Topic: s.Topic, Last: s.Last}
	}
	r.stuck = nil
	if batch.ID != 0 {
		r.queue = append(r.queue, batch)
	}
	return nil
}

func (r *reader) read() []cdr.Message {
	if r.w.streamAway {
		return nil
	}
	var out []cdr.Message
	for part := range r.w.stream.parts {
		mark, mine := r.at[part]
		from := mark.Next
		all := r.w.stream.parts[part]
		if !mine || from >= int64(len(all)) {
			continue
		}
		n := min(int64(1+r.w.random.IntN(10)), int64(len(all))-from)
		out = append(out, all[from:from+n]...)
	}
	return out
}
