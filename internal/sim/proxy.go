package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/cdr/spool"
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
	calls   map[cdr.CallID]*call
	ended   []cdr.CallID // Calls that are over and that the ledger was not told of.
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
	p.calls, p.order, p.ended, p.twice = make(map[cdr.CallID]*call), holds.New(holds.Unknown), nil, false
	if err := p.takeBack(); err != nil {
		return err
	}
	p.lives = append(p.lives, fmt.Sprint("life-", len(p.lives)))
	return p.register()
}

// life is the start of the process, as the ledger is told.
func (p *proxy) life() ledger.Life {
	n := len(p.lives) - 1
	return ledger.Life{Node: p.id, Name: p.name, Life: p.lives[n], Former: p.lives[:n]}
}

func (p *proxy) register() error {
	standing, err := p.w.store.Register(p.w.ctx, p.life())
	if err != nil {
		return err
	}
	p.beats = standing.Beats
	p.order.Told(standing.Sequence)
	return nil
}

// takeBack takes the calls back that the journal has, and checks that they are those that it has to have.
func (p *proxy) takeBack() error {
	entries := p.journal.Entries()
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if text, ok := strings.CutPrefix(key, endPrefix); ok {
			id, err := cdr.ParseCallID(text)
			if err != nil {
				return err
			}
			p.ended = append(p.ended, id)
			continue
		}
		text, ok := strings.CutPrefix(key, callPrefix)
		if !ok {
			continue
		}
		if err := p.takeBackCall(text, entries[key], entries[lastPrefix+text]); err != nil {
			return err
		}
	}
	for _, f := range p.fates {
		found, sure := unknown, f.disk
		if p.died {
			sure = f.lasting
		}
		if c := p.calls[f.id]; c != nil {
			found = c.stage()
		}
		if wrong := f.back(found, sure); wrong != "" {
			return p.w.violated("%s: call %s %s", p.name, f.id, wrong)
		}
	}
	p.fates = slices.DeleteFunc(p.fates, func(f *fate) bool { return f.memory == unknown })
	p.died = false
	return nil
}

func (c *call) stage() stage {
	switch {
	case c.Over != 0:
		return over
	case c.Connect != 0:
		return answered
	}
	return placed
}

func (p *proxy) takeBackCall(text string, value, heard []byte) error {
	id, err := cdr.ParseCallID(text)
	if err != nil {
		return err
	}
	c := &call{id: id, kept: true}
	for _, f := range p.all {
		if f.id == id {
			c.fate = f
		}
	}
	if c.fate == nil {
		return p.w.violated("%s: call %s comes back, and there never was one", p.name, id)
	}
	if !slices.Contains(p.fates, c.fate) {
		p.fates = append(p.fates, c.fate)
	}
	if err := cbor.Unmarshal(value, &c.memo); err != nil {
		return err
	}
	if len(heard) > 0 {
		if err := cbor.Unmarshal(heard, &c.last); err != nil {
			return err
		}
	}
	p.order.Restore(id)
	p.calls[id] = c
	if c.Over == 0 {
		c.fate.blind = true
	}
	if c.Boot != p.machine.Boot() { // After the death of the machine the wall has to tell how long the call has lasted.
		known := max(c.Setup, c.Connect, c.Heard)
		c.Began = p.machine.Elapsed() - time.Duration(max(p.machine.Now().UnixMicro(), known)-c.Setup)*time.Microsecond
	}
	return nil
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

// tellOf notes that a call is over, for the ledger.
func (p *proxy) tellOf(id cdr.CallID) { p.ended = append(p.ended, id) }

// tell tells the ledger which calls are over; an answer may be lost. What it does not hear is in the journal.
func (p *proxy) tell() error {
	w := p.w
	if len(p.ended) == 0 {
		return nil
	}
	away := w.ledgerAway || w.chance(6)
	if !away {
		calls := make([]uuid.UUID, len(p.ended))
		for i, id := range p.ended {
			calls[i] = id.Bytes()
		}
		if err := w.store.End(w.ctx, calls); err != nil {
			return err
		}
		away = w.chance(6)
	}
	for _, id := range p.ended {
		key := endPrefix + id.String()
		switch {
		case !away:
			_ = p.journal.Remove(key)
		case !p.journal.Has(key):
			_ = p.journal.Write(journal.Change{Key: key, Value: []byte{1}})
		}
	}
	p.noteWritten()
	if !away {
		p.ended = nil
	}
	return nil
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

// Send implements spool.Sender: it brings legs to the stream. When the answer is lost they are sent again.
func (p *proxy) Send(_ context.Context, legs []cdr.Envelope) error {
	w := p.w
	if w.streamAway {
		return errAway
	}
	n := len(legs)
	if w.chance(2) {
		n = 1 + w.random.IntN(n)
	}
	for i := range legs[:n] {
		value := slices.Clone(legs[i].Value)
		w.stream.put(w.stream.partOf(legs[i].Key), value)
		p.brought = append(p.brought, value)
		var l cdr.Leg
		if err := cdr.DecodeLeg(value, &l); err != nil {
			return err
		}
		if one := p.promised[legID(&l)]; one != nil {
			one.sent = true
		}
	}
	if n < len(legs) || w.chance(8) {
		w.trace("%s: the stream's answer for %d of %d legs is lost", p.name, n, len(legs))
		return errAway
	}
	return nil
}

// send sends what comes next in the spool.
func (p *proxy) send() {
	if !p.dead {
		_ = p.spool.SendNext(p.w.ctx) // It is tried again.
	}
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

// clean is up to which hold all calls of the proxy are over, with their legs in the stream.
func (p *proxy) clean() int64 {
	clean := p.order.Clean()
	damaged, err := p.spool.Damaged()
	if p.w.options.Fault == CleanInSpite {
		damaged = 0
	} else if p.journal.Stats().Damaged > 0 {
		return holds.Unknown
	}
	if err != nil || damaged > 0 || p.spool.Stats().Waiting > 0 {
		return holds.Unknown
	}
	return clean
}

// beat tells the ledger that the proxy is there. Where it has not counted the signs of life one by one, it has gone back in time.
func (p *proxy) beat() error {
	standing, err := p.w.store.Beat(p.w.ctx, p.life(), p.clean())
	if errors.Is(err, ledger.ErrNoNode) {
		standing, err = p.w.store.Register(p.w.ctx, p.life())
		standing.Beats = 0
	}
	if p.twice = errors.Is(err, ledger.ErrNodeTwice); p.twice {
		return nil
	}
	if err != nil || p.w.chance(12) { // The answer is lost.
		return err
	}
	if standing.Beats != p.beats+1 {
		p.order.Unsure()
	}
	p.beats = standing.Beats
	p.order.Told(standing.Sequence)
	return nil
}

// namesake starts another process that says it is this proxy: one with the name and an identity of its own, or one on a copy of its folder that was
// not started last. Where the ledger takes it, it says that all its calls are over: it has none.
func (p *proxy) namesake() error {
	w := p.w
	if w.ledgerAway || p.dead {
		return nil
	}
	life := ledger.Life{Node: "another", Name: p.name, Life: "first", New: true}
	if w.chance(2) {
		life.Node, life.New = p.id, false
	}
	standing, err := w.store.Register(w.ctx, life)
	w.trace("%s: another process says it is this one: %v", p.name, err)
	if err != nil {
		return nil //nolint:nilerr // That is as it should be.
	}
	_, err = w.store.Beat(w.ctx, life, standing.Sequence)
	return err
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
