package app

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"time"

	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/internal/node"
	"trunkline/ledger"
)

const (
	beatEvery = 10 * time.Second
	beatLimit = 5 * time.Second
	haltEvery = time.Second

	// ReserveFile is the file that keeps room on the disk aside.
	ReserveFile = "reserve"
)

// presence is this proxy as the ledger knows it.
type presence struct {
	identity *node.Identity
	life     ledger.Life
	beats    int64 // As the ledger counted them last.
	last     int64 // Hold that it said was made last.

	twice    atomic.Bool // Another process was started with our identity since.
	disputed atomic.Bool // There is one that was started before.
}

// present reads who we are from the data folder, and has the ledger know.
func (s *System) present(ctx context.Context) error {
	id, err := node.Open(disk.OS{}, s.config.Data)
	if err != nil {
		return err
	}
	p := &presence{identity: id, life: ledger.Life{
		Node: id.ID, Name: s.config.Node, Life: id.Life(), Former: id.Former(), New: id.New() && !s.hasHistory(),
	}}
	standing, err := s.Stores.Ledger.Register(ctx, p.life)
	if err != nil {
		return err
	}
	p.beats, p.last = standing.Beats, standing.Sequence
	p.disputed.Store(standing.Disputed)
	s.presence = p
	return nil
}

// hasHistory reports whether the data folder was a proxy's before it had an identity.
func (s *System) hasHistory() bool {
	for _, dir := range []string{"sip", "spool"} {
		if names, err := (disk.OS{}).Names(filepath.Join(s.config.Data, dir)); err == nil && len(names) > 0 {
			return true
		}
	}
	return false
}

// beat tells the ledger again and again that this proxy is there, and up to which of its holds the stream has all legs.
func (s *System) beat(ctx context.Context) {
	for {
		s.beatOnce(ctx)
		if clock.Sleep(ctx, clock.System{}, beatEvery) != nil {
			return
		}
	}
}

func (s *System) beatOnce(ctx context.Context) {
	lent := s.lease.Calls()
	recorded := s.proxy.Recorded(lent...)
	finished := s.quotas.Finished(s.proxy.Recorded, s.proxy.Clean() >= 0)
	clean, sent := s.clean(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beatLimit)
	defer cancel()
	p := s.presence
	standing, err := s.Stores.Ledger.Beat(ctx, p.life, clean)
	if errors.Is(err, ledger.ErrNoNode) { // It was given up, or the ledger was restored from a backup that does not know it.
		standing, err = s.Stores.Ledger.Register(ctx, p.life)
		standing.Beats = 0 // What was said before means nothing.
	}
	if p.twice.Swap(errors.Is(err, ledger.ErrNodeTwice)) != errors.Is(err, ledger.ErrNodeTwice) && err != nil {
		s.log.ErrorContext(ctx, "another process was started on a copy of this data folder: new calls that cost money are refused here. Stop one of them, and say "+
			"so with `trunkline node resolve`", "node", p.life.Name, "identity", p.life.Node)
	}
	if err != nil {
		if s.life.Err() == nil {
			s.log.WarnContext(ctx, "the ledger was not told that this proxy is there", "error", err)
		}
		return
	}
	s.heard(ctx, standing)
	if recorded && sent {
		s.lease.InStream(len(lent), standing.Beats)
	}
	if sent && standing.Beats > 0 {
		if err := s.quotas.Finish(ctx, finished, standing.Beats); err != nil {
			s.log.WarnContext(ctx, "quotas whose calls are over are told to the ledger with the next sign of life", "error", err)
		}
	}
	share, err := s.Stores.Ledger.Share(ctx, p.life.Node, s.lease.Known())
	if err != nil {
		s.log.WarnContext(ctx, "the share of what may be let pass while the ledger is away is not known anew", "error", err)
		return
	}
	s.lease.Assign(share.Millionths)
	s.lease.Settled(share.SettledBeat)
}

// heard takes what the ledger says. Where it has not counted our signs of life one by one it has gone back in time, or an answer was lost.
func (s *System) heard(ctx context.Context, standing ledger.Standing) {
	p := s.presence
	if p.disputed.Swap(standing.Disputed) != standing.Disputed && standing.Disputed {
		s.log.ErrorContext(ctx, "another process is running on a copy of this data folder. Stop it, and say so with `trunkline node resolve`",
			"node", p.life.Name, "identity", p.life.Node)
	}
	if standing.Beats <= p.beats || standing.Sequence < p.last {
		s.log.WarnContext(ctx, "the ledger has gone back in time: what is held for calls in progress stays held until they are over", "node", p.life.Name)
	}
	if standing.Beats != p.beats+1 {
		s.proxy.Unsure()
	}
	p.beats, p.last = standing.Beats, standing.Sequence
	s.proxy.Told(standing.Sequence)
}

// clean is up to which hold the stream has the legs of all our calls; -1: that cannot be said, as some wait, or were damaged. sent tells whether the
// stream has all that was recorded.
func (s *System) clean(ctx context.Context) (clean int64, sent bool) {
	ctx, cancel := context.WithTimeout(ctx, beatLimit)
	defer cancel()
	clean = s.proxy.Clean()
	damaged, err := s.spool.Damaged()
	if err != nil || damaged > 0 || s.proxy.JournalStats().Damaged > 0 || s.spool.Flush(ctx) != nil {
		return -1, false
	}
	return clean, true
}

// watchHalt has calls that cost money refused while their legs could not be written, or while another process has our identity.
func (s *System) watchHalt(ctx context.Context) {
	for clock.Sleep(ctx, clock.System{}, haltEvery) == nil {
		switch {
		case s.presence.twice.Load():
			s.proxy.Halt("node")
		case s.spool.Err() != nil:
			s.proxy.Halt("spool")
		default:
			s.proxy.Halt("")
		}
	}
}

// keepRoom keeps room aside on the disk of the data folder.
func (s *System) keepRoom() (err error) {
	if s.config.Reserve <= 0 {
		return nil
	}
	s.room, err = disk.OpenReserve(disk.OS{}, filepath.Join(s.config.Data, ReserveFile), s.config.Reserve)
	if err == nil && !s.room.Whole() {
		s.log.Error("the disk is too full to keep room aside: calls that cost money are refused until it can be kept", "bytes", s.config.Reserve, "folder", s.config.Data)
	}
	return err
}
