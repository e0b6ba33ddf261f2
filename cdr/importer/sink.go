package importer

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"trunkline/cdr"
	"trunkline/cdr/smdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
)

// Sender takes legs on their way to the topic.
type Sender interface {
	Send(ctx context.Context, legs []cdr.Envelope) error
}

const (
	callChunk  = 2000 // Legs that are sent together.
	faultChunk = 500
	textChunk  = 1 << 20
)

// Sink sends the calls of one import to the topic and keeps what cannot be used. It is not safe for concurrent use.
type Sink struct {
	Mapper *smdr.Mapper
	Sender Sender
	Store  Store

	ctx    context.Context //nolint:containedctx // Lives as long as one stream is read.
	begin  Import
	id     int64
	legs   []cdr.Leg
	texts  [][]byte
	faults []Fault
	text   []byte
	at     int64
	told   Totals
	totals Totals
}

// Totals count what a sink was given.
type Totals struct {
	Sent     int64
	Refused  int64 // Calls that were read and cannot be rated.
	Unusable int64 // Those, and the records that could not be read.
	Lines    int64
}

// NewSink returns a sink of an import, which begins with the first that it is given.
func NewSink(ctx context.Context, m *smdr.Mapper, to Sender, keep Store, i Import) *Sink {
	return &Sink{Mapper: m, Sender: to, Store: keep, ctx: ctx, begin: i}
}

// Reading says how the import is read, so that it can be read so again.
func (s *Sink) Reading(o smdr.Options) {
	s.begin.Reference, s.begin.Day, s.begin.Strict = o.Reference, o.Day, o.Strict
}

// Totals returns what was given so far.
func (s *Sink) Totals() Totals { return s.totals }

// ID is the number of the import; 0 before anything was given.
func (s *Sink) ID() int64 { return s.id }

// Within makes the sink work under another context until the function that it returns is called.
func (s *Sink) Within(ctx context.Context) (back func()) { //nolint:contextcheck // It is given one.
	whole := s.ctx
	s.ctx = ctx
	return func() { s.ctx = whole }
}

// Open begins the import, if that was not done yet.
func (s *Sink) Open() error {
	if s.id != 0 {
		return nil
	}
	i, err := s.Store.Open(s.ctx, s.begin)
	if err == nil {
		s.id = i.ID
	}
	return err
}

// Keep keeps text that stands at a place of the file. Text follows on the text before it.
func (s *Sink) Keep(at int64, p []byte) error {
	if len(s.text) == 0 {
		s.at = at
	}
	s.text = append(s.text, p...)
	if len(s.text) < textChunk {
		return nil
	}
	return s.flushText()
}

// Call implements smdr.Sink.
func (s *Sink) Call(c *smdr.Call) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	leg, reason := s.Mapper.Leg(c)
	if reason != "" {
		s.totals.Refused++
		return s.Fault(smdr.Fault{Line: c.Line, Reason: reason, Raw: c.Raw})
	}
	s.legs = append(s.legs, leg)
	s.texts = append(s.texts, digests(c)...)
	if len(s.legs) < callChunk {
		return nil
	}
	return s.flushLegs()
}

// digests are those of the whole text of a call, and of each of its records.
func digests(c *smdr.Call) [][]byte {
	out := [][]byte{Digest(c.Raw)}
	if c.Records > 1 {
		for line := range strings.SplitSeq(c.Raw, "\n") {
			out = append(out, Digest(line))
		}
	}
	return out
}

// Digest is what the text of a record is known by.
func Digest(raw string) []byte {
	sum := sha256.Sum256([]byte(raw))
	return sum[:16]
}

// Fault implements smdr.Sink.
func (s *Sink) Fault(f smdr.Fault) error {
	if err := s.Open(); err != nil {
		return err
	}
	s.totals.Unusable++
	s.faults = append(s.faults, Fault{
		Import: s.id, Tenant: s.Mapper.Tenant, PBX: s.Mapper.PBX, Origin: s.begin.Origin, Line: f.Line, Reason: f.Reason, Raw: f.Raw,
	})
	if len(s.faults) < faultChunk {
		return nil
	}
	return s.flushFaults()
}

func (s *Sink) flushText() error {
	if len(s.text) == 0 {
		return nil
	}
	if err := s.Open(); err != nil {
		return err
	}
	if err := s.Store.Keep(s.ctx, s.id, s.at, s.text); err != nil {
		return err
	}
	s.text = s.text[:0]
	return nil
}

// flushLegs notes which calls the import brings, and then sends them: one that is taken back between the two is known to be.
func (s *Sink) flushLegs() error {
	if len(s.legs) == 0 {
		return nil
	}
	if err := s.flushText(); err != nil {
		return err
	}
	if err := s.Open(); err != nil {
		return err
	}
	seqs, err := s.Store.Claim(s.ctx, s.id, s.part())
	if err != nil {
		return err
	}
	legs := make([]cdr.Envelope, len(s.legs))
	for i := range s.legs {
		l := &s.legs[i]
		l.Seq = seqs[i]
		legs[i] = cdr.Envelope{Key: l.Call.Bytes(), Value: cdr.AppendLeg(nil, l)}
	}
	if err := s.Sender.Send(s.ctx, legs); err != nil {
		return err
	}
	s.totals.Sent += int64(len(legs))
	s.legs, s.texts = s.legs[:0], s.texts[:0]
	return nil
}

func (s *Sink) part() Part {
	p := Part{Calls: make([]calls.ID, len(s.legs)), Texts: s.texts}
	for i := range s.legs {
		l := &s.legs[i]
		p.Calls[i] = l.Call
		p.First, p.Last = first(p.First, l.Setup), clock.Later(p.Last, l.Setup)
	}
	return p
}

// first is the earlier of two moments, of which the one so far may not be known yet.
func first(soFar, at time.Time) time.Time {
	if soFar.IsZero() {
		return at
	}
	return clock.Earlier(soFar, at)
}

func (s *Sink) flushFaults() error {
	if err := s.Store.Add(s.ctx, s.faults); err != nil {
		return err
	}
	s.faults = s.faults[:0]
	return nil
}

// Flush sends and keeps what has gathered. When it returns without an error, nothing of what was read can be lost.
func (s *Sink) Flush() error {
	if err := errors.Join(s.flushText(), s.flushLegs(), s.flushFaults()); err != nil {
		return err
	}
	return s.tell(false)
}

// End sends what has gathered and ends the import, which has read so many lines.
func (s *Sink) End(lines int64) error {
	if err := errors.Join(s.flushText(), s.flushLegs(), s.flushFaults(), s.Open()); err != nil {
		return err
	}
	s.totals.Lines = lines
	return s.tell(true)
}

// tell adds what was read since the last time to the import.
func (s *Sink) tell(end bool) error {
	now, before := s.totals, s.told
	if s.id == 0 || now == before && !end {
		return nil
	}
	err := s.Store.Tell(s.ctx, s.id, now.Lines-before.Lines, now.Sent-before.Sent, now.Unusable-before.Unusable, end)
	if err == nil {
		s.told = now
	}
	return err
}
