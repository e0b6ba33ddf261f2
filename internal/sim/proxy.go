package sim

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"trunkline/cdr"
	"trunkline/cdr/spool"
	"trunkline/credit/quota"
	"trunkline/internal/calls"
	"trunkline/internal/disk"
	"trunkline/internal/faultfs"
	"trunkline/ledger"
	"trunkline/rating/worker"
	"trunkline/sipproxy/holds"
	"trunkline/sipproxy/journal"
)

// The files of a proxy. Segments are short, so that worlds come to the end of many.
const (
	journalDir   = "/proxy/sip"
	spoolDir     = "/proxy/spool"
	reserveFile  = "/proxy/reserve"
	roomAside    = 16 << 10
	segmentBytes = 4 << 10
	smallSpool   = 16 << 10
	idleTend     = 5 * time.Minute
)

// proxy is one that places calls. What is on its disk outlives it, what it has in memory does not.
type proxy struct {
	w       *world
	id      string
	name    string
	lives   []string
	machine *machine
	disk    *faultfs.Disk
	most    int64 // Of the spool, in bytes; 0: as much as the real one.

	journal *journal.Journal
	spool   *spool.Spool
	order   *holds.Order
	pool    *quota.Pool
	scopes  map[string]*quota.Scope
	caps    map[ledger.Account]ledger.ConcurrencyCaps // As they were when the last scope was looked at.
	calls   map[calls.ID]*call
	ended   []calls.ID // Calls that are over and that the ledger was not told of.
	beats   int64
	twice   bool // Another process was started with its identity.

	down  time.Time // When it is there again.
	there time.Time // Since when it is; zero: it never was away.
	dead  bool      // It is to be started.
	died  bool      // With its machine.

	busy   bool // The journal was written to.
	tended time.Time

	fates    []*fate // Of calls of which the disk may know something.
	all      []*fate
	promised map[worker.LegID]*promise
	promises []*promise // All of them, in their order.
	brought  [][]byte   // All that it ever brought to the stream.

	trouble string // What is wrong with the disk; empty: nothing.
	lied    bool   // The disk has said that it had synced, and it had not.
	flipped bool
}

// promise is a leg that is safe, as the spool has said.
type promise struct {
	leg    *cdr.Leg
	sent   bool
	struck bool // A bit of it was flipped: it may be lost.
	lied   bool // The disk had lied about it when its machine died: it may be lost, too.
}

func newProxy(w *world, name string) (*proxy, error) {
	p := &proxy{
		w: w, id: "id-of-" + name, name: name, disk: faultfs.New(), machine: &machine{world: w.clock, booted: w.clock.Now()},
		promised: make(map[worker.LegID]*promise),
	}
	if w.chance(4) {
		p.most = smallSpool
	}
	if w.options.Fault == NoSync {
		p.disk.LoseSyncs(true)
	}
	return p, p.start()
}

func legID(l *cdr.Leg) worker.LegID { return worker.LegID{Call: l.Call, Seq: l.Seq} }

// start starts the process: it reads its disk, and the ledger is told.
func (p *proxy) start() error {
	room, err := disk.OpenReserve(p.disk, reserveFile, roomAside)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	var files disk.FS = p.disk
	if p.w.options.Fault == BehindTorn {
		files = appending{p.disk}
	}
	p.journal, err = journal.Open(journal.Options{Dir: journalDir, FS: files, Clock: p.machine, Log: log, Room: room, SegmentBytes: segmentBytes, Untended: true})
	if err != nil {
		return err
	}
	p.spool, err = spool.Open(spool.Config{
		Dir: spoolDir, Disk: p.disk, Clock: p.machine, Log: log, Room: room, SegmentBytes: segmentBytes, MaxBytes: p.most, Untended: true,
	}, p)
	if err != nil {
		return err
	}
	p.busy = true
	p.calls, p.order, p.ended, p.twice = make(map[calls.ID]*call), holds.New(holds.Unknown), nil, false
	if err := p.takeBack(); err != nil {
		return err
	}
	p.lives = append(p.lives, fmt.Sprint("life-", len(p.lives)))
	p.pool, p.scopes = p.newPool(), make(map[string]*quota.Scope)
	p.caps = make(map[ledger.Account]ledger.ConcurrencyCaps)
	return p.register()
}

// noteWritten notes what the journal has on its disk by now.
func (p *proxy) noteWritten() {
	p.busy = true
	if p.journal.Stats().Owed > 0 {
		return
	}
	for _, f := range p.fates {
		f.disk = f.memory
	}
}

// tend is what the journal does in the background. While nothing happens it does it less often.
func (p *proxy) tend() {
	now := p.w.clock.Now()
	if p.journal.Err() == nil && !p.busy && now.Sub(p.tended) < idleTend {
		return
	}
	p.busy, p.tended = false, now
	p.journal.Tend()
	p.noteWritten()
	p.busy = !p.journal.Stats().Lasts
	if p.journal.Stats().Owed > 0 || !p.journal.Stats().Lasts || p.lied {
		return
	}
	p.fates = slices.DeleteFunc(p.fates, func(f *fate) bool {
		f.lasting = f.disk
		return f.lasting == gone
	})
}

// inOrder returns the calls in memory, the oldest first.
func (p *proxy) inOrder() []*call {
	out := make([]*call, 0, len(p.calls))
	for _, c := range p.calls {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.Setup, b.Setup), cmp.Compare(a.id.String(), b.id.String()))
	})
	return out
}

// pass has the process do what is due; one that is not there is started when it is time.
func (p *proxy) pass() error {
	now := p.w.clock.Now()
	if p.dead {
		if err := p.rise(now); err != nil || p.dead {
			return err
		}
	}
	if err := p.tell(); err != nil {
		return err
	}
	_ = p.pool.Tend(p.w.ctx)
	for _, c := range p.inOrder() {
		if c.Over != 0 {
			p.again(c, now)
			continue
		}
		p.goOn(c, now)
	}
	p.tend()
	return nil
}

// again records a call that is over and that the spool did not take, or that was over before a restart.
func (p *proxy) again(c *call, now time.Time) {
	if c.fate.ended.IsZero() {
		c.fate.ended = now
	}
	if c.fate.memory < over {
		c.fate.memory = over
	}
	p.record(c)
}

// rise starts the process again, as far as the world lets it.
func (p *proxy) rise(now time.Time) error {
	if now.Before(p.down) {
		return nil
	}
	if p.w.ledgerAway {
		p.down = now.Add(10 * time.Second)
		return nil
	}
	err := p.start()
	var violation *ViolationError
	if err != nil && p.trouble != "" && !errors.As(err, &violation) {
		p.w.trace("%s: cannot be started: %v", p.name, err)
		p.down = now.Add(10 * time.Second)
		return nil
	}
	if err != nil {
		return err
	}
	p.dead, p.there = false, now
	p.w.trace("%s: is there again, with %d calls", p.name, len(p.calls))
	return nil
}

// die kills the process for a while, or the machine with it.
func (p *proxy) die(machine bool) {
	if p.dead {
		return
	}
	p.w.trace("%s: killed, with %d calls; with its machine: %t", p.name, len(p.calls), machine)
	p.dead, p.down = true, p.w.clock.Now().Add(time.Duration(p.w.random.IntN(300))*time.Second)
	p.forget()
	if machine {
		p.crash()
	}
	if p.w.options.Fault == LostSpool {
		p.loseSpool()
	}
}

// forget notes which calls only the memory had: those that were over without ever having been in the journal.
func (p *proxy) forget() {
	for _, c := range p.calls {
		if !c.kept && !c.fate.promised {
			c.fate.excused = true
		}
	}
}

// pass lets time go by.
func (w *world) pass(d time.Duration) error {
	for d > 0 {
		part := min(d, 20*time.Second)
		w.clock.Advance(part)
		d -= part
		for _, p := range w.proxies {
			if err := p.pass(); err != nil {
				return err
			}
		}
	}
	return nil
}
