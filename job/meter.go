package job

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
)

const (
	// MaxResult bounds the result of a job, in bytes.
	MaxResult = 256 << 20
	partSize  = 1 << 20
)

// Meter is what work tells how far it is with. It is safe for concurrent use.
type Meter struct {
	book Book
	id   string
	mu   sync.Mutex
	s    Standing
}

// Of says how much there is to do; 0: not known.
func (m *Meter) Of(total int64) { m.set(func(s *Standing) { s.Total = total }) }

// At says how much is done.
func (m *Meter) At(done int64) { m.set(func(s *Standing) { s.Done = done }) }

// Note tells something, in a text with places for figures such as "%d invoices issued".
func (m *Meter) Note(text string, figures ...int64) {
	m.set(func(s *Standing) { s.Note, s.Figures = text, figures })
}

// Link names the page of what came of it.
func (m *Meter) Link(page string) { m.set(func(s *Standing) { s.Link = page }) }

func (m *Meter) set(do func(*Standing)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	do(&m.s)
}

// standing is how far it is.
func (m *Meter) standing() Standing {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.s
	s.Figures = slices.Clone(s.Figures)
	return s
}

// File begins the result, of which a job has one. It is there when it was closed and the work ended without an error.
func (m *Meter) File(ctx context.Context, name string) io.WriteCloser {
	return &result{ctx: ctx, m: m, name: name}
}

// result is written in parts, so that it is never whole in memory.
type result struct {
	ctx  context.Context //nolint:containedctx // An io.Writer has no other place for it.
	m    *Meter
	name string
	buf  []byte
	seq  int
	size int64
}

// Write implements io.Writer.
func (r *result) Write(b []byte) (int, error) {
	if r.size += int64(len(b)); r.size > MaxResult {
		return 0, &TellError{fmt.Errorf("the result has more than %d MiB: ask for a shorter period, or narrow it down", MaxResult>>20)} //nolint:err113 // Told as it is.
	}
	r.buf = append(r.buf, b...)
	for len(r.buf) >= partSize {
		if err := r.part(r.buf[:partSize]); err != nil {
			return 0, err
		}
		r.buf = append(r.buf[:0], r.buf[partSize:]...)
	}
	return len(b), nil
}

func (r *result) part(content []byte) error {
	if err := r.m.book.Part(r.ctx, r.m.id, r.seq, content); err != nil {
		return fmt.Errorf("keep the result: %w", err)
	}
	r.seq++
	return nil
}

// Close implements io.Closer.
func (r *result) Close() error {
	if len(r.buf) > 0 {
		if err := r.part(r.buf); err != nil {
			return err
		}
		r.buf = nil
	}
	r.m.set(func(s *Standing) { s.File, s.Size = r.name, r.size })
	return nil
}
