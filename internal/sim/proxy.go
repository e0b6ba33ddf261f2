package sim

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/internal/e164"
	"trunkline/ledger"
	"trunkline/rating"
)

const (
	firstStretch = 30 * time.Second
	stretch      = 60 * time.Second
	lead         = 10 * time.Second
)

// proxy is one that places calls. Its journal and its spool outlive it, what it has in memory does not.
type proxy struct {
	w       *world
	name    string
	skew    time.Duration // Of its clock.
	journal map[cdr.CallID]*call
	spool   []cdr.Leg   // Not yet in the stream.
	written []cdr.Leg   // All that were ever safe on its disk.
	ended   []uuid.UUID // Calls that are over and that the ledger was not told of.
	down    time.Time   // When it is there again; zero: it is.

	sequence int64 // Of holds, as the ledger said last.
}

// call is a call in progress. Times are true ones; those of records are by the clock of the proxy when they were taken.
type call struct {
	id        cdr.CallID
	tenant    ledger.Account
	extension string
	to        e164.Number
	setup     time.Time
	connect   time.Time // Zero: it rings.
	offset    time.Duration
	talk      time.Duration // How long the parties want to talk; 0: nobody answers.
	granted   time.Duration
	floor     int64 // Its hold has a greater number.
	final     bool
	quote     rating.Quote
}

func newProxy(w *world, name string) *proxy {
	return &proxy{w: w, name: name, journal: make(map[cdr.CallID]*call)}
}

func (p *proxy) isDown() bool { return p.w.clock.Now().Before(p.down) }

// invite takes a new call: it is written to the journal, and money is asked for.
func (p *proxy) invite() error {
	w := p.w
	if p.isDown() {
		return nil
	}
	w.minted++
	now := w.clock.Now()
	c := &call{
		id: cdr.CallIDAt(now.Add(p.skew), w.options.Seed<<20|w.minted), tenant: w.tenants[w.random.IntN(len(w.tenants))],
		extension: strconv.Itoa(101 + w.random.IntN(2)), setup: now, offset: p.skew, floor: p.sequence, talk: time.Duration(w.random.IntN(400)) * time.Second,
		to: []e164.Number{e164.MustParse("4930123456"), e164.MustParse("4915112345"), e164.MustParse("4412345678")}[w.random.IntN(3)],
	}
	var err error
	c.quote, err = w.prices.Sale.Quote(rating.Call{To: c.to, Direction: rating.Outbound, Connect: now.Add(p.skew), Extension: c.extension}, rating.Exhausted{})
	if err != nil {
		return err
	}
	p.journal[c.id] = c
	granted, _, err := p.ask(c, firstStretch)
	switch {
	case err != nil:
		w.trace("%s: call %s of %s is refused: no answer of the ledger", p.name, c.id, c.tenant.Owner)
		p.end(c, now)
	case granted == 0:
		p.end(c, now)
	case c.talk == 0:
		p.release(c)
		p.end(c, now.Add(time.Second))
	default:
		c.connect = now
		w.trace("%s: call %s of %s is granted %s", p.name, c.id, c.tenant.Owner, granted)
	}
	return nil
}

// ask asks for money; an answer may be lost.
func (p *proxy) ask(c *call, upTo time.Duration) (granted time.Duration, stop bool, err error) {
	w := p.w
	if w.ledgerAway {
		return 0, false, errAway
	}
	stretches, err := c.quote.Ladder(int64(upTo/time.Second), 20)
	if err != nil {
		return 0, false, err
	}
	r := ledger.HoldRequest{
		Call: c.id.Bytes(), Node: p.name, Account: c.tenant, Limits: w.prices.Limit[c.tenant.Owner], At: w.clock.Now().Add(p.skew),
		Branch: "main", Extension: c.extension, To: c.to.Digits(), AtOnce: w.prices.AtOnce[c.tenant.Owner],
	}
	for _, s := range stretches {
		r.Ladder = append(r.Ladder, ledger.Stretch{Seconds: s.Seconds, Cost: s.Cost})
	}
	a, err := w.store.Reserve(w.ctx, r)
	if err == nil && w.chance(12) {
		err = errAway
	}
	if err != nil {
		return 0, false, err
	}
	c.granted, c.final = time.Duration(a.Granted)*time.Second, a.Final
	return c.granted, a.Stop != "", nil
}

// release gives the hold of a call back that was not connected; nobody minds when that fails.
func (p *proxy) release(c *call) {
	if !p.w.ledgerAway && !p.w.chance(4) {
		_ = p.w.store.Release(p.w.ctx, c.id.Bytes()) // The record ends the hold otherwise.
	}
}

// tell tells the ledger which calls are over; an answer may be lost.
func (p *proxy) tell() error {
	w := p.w
	if len(p.ended) == 0 || w.ledgerAway || w.chance(6) {
		return nil
	}
	if err := w.store.End(w.ctx, p.ended); err != nil {
		return err
	}
	if !w.chance(6) {
		p.ended = nil
	}
	return nil
}

// inOrder returns the calls in progress, the oldest first.
func (p *proxy) inOrder() []*call {
	out := make([]*call, 0, len(p.journal))
	for _, c := range p.journal {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *call) int {
		return cmp.Or(a.setup.Compare(b.setup), cmp.Compare(a.id.String(), b.id.String()))
	})
	return out
}

// pass ends the calls whose time has come and asks for more for others.
func (p *proxy) pass() error {
	if p.isDown() {
		return nil
	}
	if err := p.tell(); err != nil {
		return err
	}
	now := p.w.clock.Now()
	for _, c := range p.inOrder() {
		if c.connect.IsZero() { // It was being set up when the proxy died.
			p.end(c, now)
			continue
		}
		if err := p.goOn(c, now); err != nil {
			return err
		}
	}
	return nil
}

func (p *proxy) goOn(c *call, now time.Time) error {
	elapsed := now.Sub(c.connect)
	limit := min(c.talk, c.granted)
	if p.w.options.Fault == UnboundCall {
		limit = c.talk
	}
	if elapsed >= limit {
		ended := c.connect.Add(limit)
		if !p.down.IsZero() && ended.Before(p.down) {
			ended = now // Nobody was there to end it in time.
		}
		p.end(c, ended)
		return nil
	}
	if c.final || elapsed < c.granted-lead {
		return nil
	}
	before := c.granted
	granted, stop, err := p.ask(c, c.granted+stretch)
	switch {
	case err != nil:
		c.granted = before // It asks again next time.
	case stop:
		p.end(c, now)
	case granted <= before:
		c.granted, c.final = before, true
	}
	return nil
}

// end records the legs of a call: they are on the disk, and only then the call leaves the journal.
func (p *proxy) end(c *call, at time.Time) {
	base := cdr.Leg{
		Call: c.id, Direction: cdr.Outbound, Source: cdr.SourceSIP, Node: p.name, Tenant: c.tenant.Owner, Branch: "main", Extension: c.extension,
		To: c.to, Setup: c.setup.Add(c.offset), Disconnect: at.Add(c.offset), SIPStatus: 200, Cause: 16, ReleasedBy: cdr.SideCaller,
	}
	if !c.connect.IsZero() {
		base.Connect = c.connect.Add(c.offset)
	}
	in, out := base, base
	in.Kind, in.Reserved, in.Granted = cdr.Ingress, true, c.granted
	if p.w.options.Fault == UnboundCall {
		in.Granted = c.talk
	}
	out.Kind, out.Seq, out.Carrier, out.Deck = cdr.Egress, 1, "carrier", "bought"
	legs := []cdr.Leg{in}
	if !c.connect.IsZero() {
		legs = append(legs, out)
	}
	p.spool, p.written = append(p.spool, legs...), append(p.written, legs...)
	delete(p.journal, c.id)
	p.ended = append(p.ended, c.id.Bytes())
	p.w.trace("%s: call %s is over after %s", p.name, c.id, in.Duration())
}

// send brings legs of the spool to the stream; when the answer is lost they stay, and are sent again.
func (p *proxy) send() error {
	w := p.w
	if p.isDown() || w.streamAway || len(p.spool) == 0 {
		return nil
	}
	n := 1 + w.random.IntN(len(p.spool))
	for i := range n {
		w.stream.append(&p.spool[i])
	}
	if w.chance(8) {
		w.trace("%s: the stream's answer for %d legs is lost", p.name, n)
		return nil
	}
	p.spool = p.spool[n:]
	return nil
}

// die kills the proxy for a while.
func (p *proxy) die() error {
	p.down = p.w.clock.Now().Add(time.Duration(p.w.random.IntN(300)) * time.Second)
	p.w.trace("%s: killed, with %d calls", p.name, len(p.journal))
	if p.w.chance(2) {
		p.ended = nil // They were not in the journal yet; their places come free with their grants.
	}
	if p.w.options.Fault == LostSpool {
		p.spool = nil
	}
	return nil
}

// clean is up to which hold all calls of the proxy are over, with their legs in the stream.
func (p *proxy) clean() int64 {
	if len(p.spool) > 0 {
		return -1
	}
	clean := p.sequence
	for _, c := range p.journal {
		clean = min(clean, c.floor)
	}
	return clean
}

func (p *proxy) beat() error {
	standing, err := p.w.store.Beat(p.w.ctx, p.name, "one", p.clean())
	if errors.Is(err, ledger.ErrNoNode) {
		standing, err = p.w.store.Register(p.w.ctx, ledger.Life{Node: p.name, Name: p.name, Life: "one"})
	}
	if err == nil {
		p.sequence = standing.Sequence
	}
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
