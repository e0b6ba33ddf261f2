package main

import (
	"context"
	"errors"

	"trunkline/cdr"
	"trunkline/cdr/smdr"
	"trunkline/sql/postgres"
)

// legSender is what takes legs on their way to the topic.
type legSender interface {
	Send(ctx context.Context, legs []cdr.Envelope) error
}

// faultKeeper is what keeps records that could not be used.
type faultKeeper interface {
	Add(ctx context.Context, faults []postgres.ImportFault) error
}

const (
	importChunk = 2000 // Legs that are sent together.
	faultChunk  = 500
)

// importSink sends the calls of one stream to the topic and keeps what cannot be used.
type importSink struct {
	ctx     context.Context //nolint:containedctx // Lives as long as one stream is read.
	mapper  *smdr.Mapper
	sender  legSender
	keeper  faultKeeper
	origin  string
	legs    []cdr.Envelope
	faults  []postgres.ImportFault
	sent    int64
	refused int64 // Calls that were read and cannot be rated.
}

// Call implements smdr.Sink.
func (s *importSink) Call(c *smdr.Call) error {
	leg, reason := s.mapper.Leg(c)
	if reason != "" {
		s.refused++
		return s.Fault(smdr.Fault{Line: c.Line, Reason: reason, Raw: c.Raw})
	}
	s.legs = append(s.legs, cdr.Envelope{Key: leg.Call.Bytes(), Value: cdr.AppendLeg(nil, &leg)})
	if len(s.legs) < importChunk {
		return nil
	}
	return s.flushLegs()
}

// Fault implements smdr.Sink.
func (s *importSink) Fault(f smdr.Fault) error {
	s.faults = append(s.faults, postgres.ImportFault{
		Tenant: s.mapper.Tenant, PBX: s.mapper.PBX, Origin: s.origin, Line: f.Line, Reason: f.Reason, Raw: f.Raw,
	})
	if len(s.faults) < faultChunk {
		return nil
	}
	return s.flushFaults()
}

func (s *importSink) flushLegs() error {
	if len(s.legs) == 0 {
		return nil
	}
	if err := s.sender.Send(s.ctx, s.legs); err != nil {
		return err
	}
	s.sent += int64(len(s.legs))
	s.legs = s.legs[:0]
	return nil
}

func (s *importSink) flushFaults() error {
	if err := s.keeper.Add(s.ctx, s.faults); err != nil {
		return err
	}
	s.faults = s.faults[:0]
	return nil
}

// flush sends and keeps what has gathered. When it returns without an error, nothing of what was read can be lost.
func (s *importSink) flush() error {
	return errors.Join(s.flushLegs(), s.flushFaults())
}
