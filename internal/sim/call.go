package sim

import (
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/sipproxy/callstate"
	"trunkline/sipproxy/journal"
)

const (
	firstStretch = 30 * time.Second
	stretch      = 60 * time.Second
	lead         = 10 * time.Second
)

// memo is what the journal keeps of a call, as that of the real proxy: times are by the clock of the call, which begins with the wall at its
// setup and is not set.
type memo struct {
	Tenant    string
	Extension string
	To        string
	Setup     int64 // In microseconds since 1970, and so are all times.
	Connect   int64 // 0: it rings.
	Began     time.Duration
	Boot      string
	Granted   time.Duration
	Final     bool
	Draw      *callstate.Draw
}

// last is what the journal keeps of the last that was heard of a call.
type last struct {
	Heard int64
	Over  int64 // When it ended; 0: it has not.
}

// call is a call in the memory of a proxy.
type call struct {
	id   calls.ID
	fate *fate
	memo
	last
	kept bool // The journal was told of it.
}

// clockAt is what the clock of the call says at a moment of true time.
func (p *proxy) clockAt(c *call, at time.Time) int64 {
	if p.w.options.Fault == WallClock {
		return at.Add(p.machine.offset).UnixMicro()
	}
	return c.Setup + (p.machine.elapsedAt(at) - c.Began).Microseconds()
}

// trueAt is the moment of true time at which the clock of the call says so much.
func (p *proxy) trueAt(c *call, micros int64) time.Time {
	return p.machine.booted.Add(c.Began + time.Duration(micros-c.Setup)*time.Microsecond)
}

// halted reports whether calls that cost money are refused, as cmd/trunkline and sipproxy do.
func (p *proxy) halted() bool {
	if p.w.options.Fault == DeafToJournal {
		return false
	}
	return p.journal.Err() != nil || p.spool.Err() != nil || p.twice
}

// invite takes a new call: money is asked for, and it is written to the journal before it is connected.
func (p *proxy) invite() error {
	w := p.w
	if p.dead {
		return nil
	}
	if p.halted() {
		w.trace("%s: a call is refused: journal %v, spool %v, twice %t", p.name, p.journal.Err(), p.spool.Err(), p.twice)
		return nil
	}
	c, err := p.newCall()
	if err != nil {
		return err
	}
	p.order.Begin(c.id)
	granted, _, err := p.ask(c, firstStretch)
	now := w.clock.Now()
	switch {
	case err != nil:
		w.trace("%s: call %s of %s is refused: no answer of the ledger", p.name, c.id, c.Tenant)
		p.end(c, now)
	case granted == 0:
		p.end(c, now)
	case p.keep(c, placed) != nil && w.options.Fault != DeafToJournal:
		w.trace("%s: call %s of %s is refused: the journal cannot be told", p.name, c.id, c.Tenant)
		p.release(c)
		p.end(c, now)
	case c.fate.talk == 0:
		p.release(c)
		p.end(c, now.Add(time.Second))
	default:
		return p.connect(c)
	}
	return nil
}

func (p *proxy) newCall() (*call, error) {
	w := p.w
	w.minted++
	now := p.machine.Now()
	c := &call{id: calls.IDAt(now, w.options.Seed<<20|w.minted)}
	tenant := w.tenants[w.random.IntN(len(w.tenants))]
	extension := strconv.Itoa(101 + w.random.IntN(2))
	c.fate = &fate{id: c.id, tenant: tenant, extension: extension, talk: time.Duration(w.random.IntN(400)) * time.Second}
	to := []string{"4930123456", "4915112345", "4412345678"}[w.random.IntN(3)]
	c.memo = memo{Tenant: tenant.Owner, Extension: extension, To: to, Setup: now.UnixMicro(), Began: p.machine.Elapsed(), Boot: p.machine.Boot()}
	var err error
	c.fate.quote, err = w.prices.Sale.Quote(rating.Call{To: e164.MustParse(to), Direction: calls.Outbound, Connect: now, Extension: extension}, rating.Exhausted{})
	p.calls[c.id] = c
	p.fates, p.all = append(p.fates, c.fate), append(p.all, c.fate)
	return c, err
}

// connect has the parties talk. The journal must know of the call by now: whoever reads the disk finds it.
func (p *proxy) connect(c *call) error {
	w := p.w
	now := w.clock.Now()
	found, err := p.onDisk(callKey(c.id))
	if err != nil {
		return err
	}
	if !found {
		return w.violated("%s: call %s is connected, and the journal does not have it", p.name, c.id)
	}
	c.fate.connect = now
	c.Connect = p.clockAt(c, now)
	c.Heard = c.Connect
	_ = p.keep(c, answered) // It is there, whether it is on the disk or not.
	w.trace("%s: call %s of %s is granted %s", p.name, c.id, c.Tenant, c.Granted)
	return nil
}

// ask asks for money; an answer may be lost.
func (p *proxy) ask(c *call, upTo time.Duration) (granted time.Duration, stop bool, err error) {
	w := p.w
	if (c.Granted == 0 || c.Draw != nil) && p.draw(c, upTo) {
		return c.Granted, false, nil
	}
	if w.ledgerAway {
		return 0, false, errAway
	}
	stretches, err := c.fate.quote.PriceSteps(int64(upTo/time.Second), 20)
	if err != nil {
		return 0, false, err
	}
	tenant := c.fate.tenant
	r := ledger.HoldRequest{
		Call: c.id.Bytes(), Node: p.id, Account: tenant, Limits: w.prices.Limit[tenant.Owner], At: p.machine.Now(),
		Branch: "main", Extension: c.Extension, To: c.To, Concurrency: w.prices.AtOnce[tenant.Owner],
	}
	has := c.Draw.Draw()
	r.Quota, r.Drawn = uuid.UUID(has.Quota), ledger.Use{Money: has.Money, Seconds: has.Seconds}
	for _, s := range stretches {
		r.Options = append(r.Options, ledger.GrantOption{Seconds: s.Seconds, Cost: s.Cost})
	}
	a, err := w.store.Reserve(w.ctx, r)
	if err == nil && w.chance(12) {
		err = errAway
	}
	if err != nil {
		return 0, false, err
	}
	c.Granted, c.Final = time.Duration(a.Granted)*time.Second, a.Final
	if a.Granted > has.Seconds {
		c.Draw = nil // It has become a hold.
	}
	c.fate.granted = max(c.fate.granted, c.Granted)
	return c.Granted, a.Stop != "", nil
}

func (c *call) setDraw(d cdr.Draw) { c.Draw, c.fate.draw = callstate.DrawOf(d), d }

// release gives the hold of a call back that was not connected; nobody minds when that fails.
func (p *proxy) release(c *call) {
	if !p.w.ledgerAway && !p.w.chance(4) {
		_ = p.w.store.Release(p.w.ctx, c.id.Bytes()) // The record ends the hold otherwise.
	}
}

// goOn ends a call whose time has come, and asks for more for it.
func (p *proxy) goOn(c *call, now time.Time) {
	if c.Connect == 0 { // It was being set up when the proxy died.
		p.end(c, now)
		return
	}
	if p.hangsUp(c, now) {
		return
	}
	if p.w.chance(3) {
		p.hear(c, now)
	}
	elapsed := time.Duration(p.clockAt(c, now)-c.Connect) * time.Microsecond
	if c.Final || elapsed < c.Granted-lead {
		return
	}
	before := c.Granted
	granted, stop, err := p.ask(c, c.Granted+stretch)
	switch {
	case err != nil:
		c.Granted = before // It asks again next time.
	case stop:
		p.end(c, now)
	case granted <= before:
		c.Granted, c.Final = before, true
	default:
		_ = p.keep(c, answered)
	}
}

// hangsUp ends a call that a party, or the end of its grant, has ended by now. One whose parties hung up while the proxy was not there
// lasted until they were heard last: nobody answers when they are asked.
func (p *proxy) hangsUp(c *call, now time.Time) bool {
	granted := p.trueAt(c, c.Connect).Add(c.Granted)
	talked := c.fate.connect.Add(c.fate.talk)
	first := talked
	if p.w.options.Fault != UnboundCall && granted.Before(talked) {
		first = granted
	}
	switch {
	case now.Before(first):
		return false
	case p.there.After(talked): // Nobody was there to hear it.
		p.endHeard(c, talked)
	case p.there.After(first): // Nor to cut it.
		p.end(c, now)
	default:
		p.end(c, first)
	}
	return true
}

// hear notes a sign of life of the parties.
func (p *proxy) hear(c *call, now time.Time) {
	c.Heard = p.clockAt(c, now)
	p.keepLast(c)
}

// end ends a call at a moment of true time.
func (p *proxy) end(c *call, at time.Time) {
	c.Over = p.clockAt(c, at)
	p.finish(c, at)
}

// endHeard ends a call when it was heard last.
func (p *proxy) endHeard(c *call, at time.Time) {
	c.Over = max(c.Heard, c.Connect)
	c.fate.blind = true
	p.finish(c, at)
}

func (p *proxy) finish(c *call, at time.Time) {
	c.fate.ended = at
	c.fate.memory = over
	if c.kept && p.w.options.Fault != ForgottenEnd {
		p.keepLast(c)
	}
	p.tellOf(c.id)
	p.w.trace("%s: call %s is over after %s", p.name, c.id, time.Duration(c.Over-max(c.Connect, c.Setup))*time.Microsecond)
	p.record(c)
}

// record hands the legs to the spool; only then the call leaves the journal. It is tried again as long as the spool does not take them.
func (p *proxy) record(c *call) {
	legs := p.legs(c)
	if p.spool.Record(p.w.ctx, legs) != nil {
		return
	}
	c.fate.promised = true
	p.promise(legs)
	delete(p.calls, c.id)
	p.order.End(c.id)
	c.fate.memory = gone
	if c.kept {
		_ = p.journal.Remove(lastKey(c.id), callKey(c.id)) // It is removed later otherwise.
	}
	p.noteWritten()
}

// promise notes that the spool has answered for legs.
func (p *proxy) promise(legs []*cdr.Leg) {
	for _, l := range legs {
		if p.promised[legID(l)] != nil {
			continue // A call that came back with a bit of it flipped.
		}
		one := &promise{leg: l}
		p.promised[legID(l)] = one
		p.promises = append(p.promises, one)
	}
}

// legs makes the records of a call.
func (p *proxy) legs(c *call) []*cdr.Leg {
	in := &cdr.Leg{
		Call: c.id, Direction: calls.Outbound, Source: cdr.SourceSIP, Node: p.name, Tenant: c.Tenant, Branch: "main", Extension: c.Extension,
		To: e164.MustParse(c.To), Setup: wall(c.Setup), Connect: wall(c.Connect), Disconnect: wall(c.Over), SIPStatus: 200, Cause: 16, ReleasedBy: cdr.SideCaller,
	}
	out := *in
	in.Kind, in.Reserved, in.Granted, in.Draw = cdr.Ingress, true, c.Granted, c.Draw.Draw()
	if p.w.options.Fault == UnboundCall {
		in.Granted = c.fate.talk
	}
	if c.Connect == 0 {
		return []*cdr.Leg{in}
	}
	out.Kind, out.Seq, out.Carrier, out.Deck = cdr.Egress, 1, "carrier", "bought"
	return []*cdr.Leg{in, &out}
}

func wall(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

const (
	callPrefix = "call/"
	lastPrefix = "last/"
	endPrefix  = "end/"
)

func callKey(id calls.ID) string { return callPrefix + id.String() }
func lastKey(id calls.ID) string { return lastPrefix + id.String() }

// keep writes to the journal how far a call has come.
func (p *proxy) keep(c *call, at stage) error {
	c.kept = true
	c.fate.memory = at
	return p.write(callKey(c.id), c.memo)
}

// keepLast writes what was heard last of a call.
func (p *proxy) keepLast(c *call) { _ = p.write(lastKey(c.id), c.last) }

func (p *proxy) write(key string, value any) error {
	data, err := cbor.Marshal(value)
	if err != nil {
		return err
	}
	err = p.journal.Write(journal.Change{Key: key, Value: data})
	p.noteWritten()
	return err
}
