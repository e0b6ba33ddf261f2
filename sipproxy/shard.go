package sipproxy

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/sipproxy/auth"
	"trunkline/sipproxy/callflow"
	"trunkline/sipproxy/contact"
	"trunkline/sipproxy/gateway"
	"trunkline/sipproxy/guard"
	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/holds"
	"trunkline/sipproxy/journal"
	"trunkline/sipproxy/registrar"
	"trunkline/sipproxy/release"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

// sweepEvery is how often what is over is forgotten.
const sweepEvery = 500 * time.Millisecond

// shard has a part of the calls, and handles one event after the other. Nothing in it is locked: messages, timers and answers
// of the ledger all reach it through its queue. What stands above the empty line belongs to the proxy and is safe for all shards
// to use; what stands below is the shard's own.
type shard struct {
	cfg       *Config
	log       *slog.Logger
	clock     clock.Clock
	router    Router
	credit    Credit
	recorder  Recorder
	settings  Settings
	metrics   *metrics
	wire      *wire.Wire
	flows     *callflow.Log
	auth      *auth.Authenticator
	guard     *guard.Guard
	registrar *registrar.Registrar
	contacts  *contact.Policy
	health    *gateway.Health
	members   *members
	slots     *slots
	lastTaken *lastTaken
	releases  *release.Queue
	recording *recording
	journal   *journal.Journal
	order     *holds.Order
	headers   *headers.Rules
	relays    relays
	load      *load
	boot      string
	all       *shards
	work      work

	index   int
	queue   *queue
	txn     *txn.Layer
	dialogs map[string]*dialog
	calls   map[calls.ID]*call
	merged  map[string]bool // The INVITEs of the calls: another way by which one of them comes is refused.
	room    []byte          // What the text of a decision is written in,
	text    bytes.Buffer    // and that of a URI.
}

// work is what runs beside the shards, and ends with the proxy.
type work struct {
	lifetime   context.Context //nolint:containedctx // It is the proxy's.
	stopped    <-chan struct{}
	background *sync.WaitGroup
}

// newShard makes a shard, which begins to work when it is started.
func (p *Proxy) newShard(index int) *shard {
	s := &shard{
		cfg: &p.cfg, log: p.log, clock: p.clock, router: p.router, credit: p.credit, recorder: p.recorder, settings: p.settings, metrics: p.metrics,
		wire: p.wire, flows: p.flows, auth: p.auth, guard: p.guard, registrar: p.registrar, contacts: p.contacts, health: p.health, members: p.members,
		slots: p.slots, lastTaken: p.lastTaken, releases: p.releases, recording: &p.recording, journal: p.journal, order: p.order, headers: &p.headers,
		load: &p.load, boot: p.boot, all: &p.shards, work: work{p.lifetime, p.stopped, &p.background},
		index: index, dialogs: make(map[string]*dialog), calls: make(map[calls.ID]*call), merged: make(map[string]bool),
	}
	s.relays = relays{pool: p.relays, optional: p.cfg.RelayPass, failed: p.metrics.unrelayed, log: p.log, work: s.work}
	s.queue = newQueue(s.handle)
	s.txn = txn.NewLayer(p.clock, s.post, s)
	return s
}

// shards are all shards of the proxy.
type shards []*shard

// of returns the shard that has the dialogs of a Call-ID.
func (all shards) of(callID string) *shard { return all[int(spreadOf(callID))%len(all)] }

func (s *shard) handle(e event) {
	if e.run != nil {
		e.run()
		return
	}
	s.txn.Receive(e.msg, e.flow)
}

// post runs f when the shard comes to it: at once, before post returns, where the shard is at rest.
func (s *shard) post(f func()) { s.queue.add(event{run: f}) }

// after runs f in the shard's turn after d.
func (s *shard) after(d time.Duration, f func()) clock.Timer {
	return s.clock.AfterFunc(d, func() { s.post(f) })
}

// async runs work on a goroutine of its own and then, in the shard's turn, what it returns.
func (s *shard) async(work func(ctx context.Context) func()) {
	s.work.background.Go(func() {
		ctx, cancel := context.WithTimeout(s.work.lifetime, askTimeout)
		defer cancel()
		s.post(work(ctx))
	})
}

// start begins with what waits, and forgets from time to time what is over.
func (s *shard) start() {
	s.after(sweepEvery, s.sweep)
	s.queue.open()
}

func (s *shard) sweep() {
	s.txn.Sweep()
	s.after(sweepEvery, s.sweep)
}

// Request implements txn.Handler.
func (s *shard) Request(req *sip.Request, flow wire.Flow, tx *txn.Server) {
	s.metrics.requests.WithLabelValues(methodLabel(req.Method)).Inc()
	if missing := unsupported(req); tx != nil && len(missing) > 0 {
		tx.Reply(sip.StatusBadExtension, "Bad Extension", missing...)
		return
	}
	if tag, ok := req.To().Params.Get("tag"); ok {
		s.inDialog(req, flow, tx, tag)
		return
	}
	if s.floods(flow) {
		if tx != nil {
			tx.Abandon()
		}
		return
	}
	switch req.Method { //nolint:exhaustive // The methods that we take; all others are refused alike.
	case sip.INVITE:
		s.invite(req, flow, tx)
	case sip.REGISTER:
		if caller, ok := s.auth.Identify(req, flow, tx, auth.Registrar); ok {
			s.registrar.Register(req, flow, tx, caller)
		}
	case sip.OPTIONS:
		s.options(tx)
	case sip.ACK:
	default:
		tx.Reply(sip.StatusMethodNotAllowed, "Method Not Allowed", allow())
	}
}

// floods reports whether a stranger asks too much. Nothing is answered: it would go to whomever the stranger claims to be.
func (s *shard) floods(flow wire.Flow) bool {
	source := flow.Remote().Addr()
	if !s.guard.Floods(source) {
		return false
	}
	if _, known := s.router.Source(source); known {
		return false
	}
	s.metrics.dropped.Inc()
	return true
}

func (s *shard) inDialog(req *sip.Request, flow wire.Flow, tx *txn.Server, tag string) {
	d, ok := s.dialogs[dialogKey(req.CallID().Value(), tag)]
	if !ok {
		if tx != nil {
			tx.Reply(sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
		}
		return
	}
	flow.Prove() // Nobody else knows the tags.
	d.receive(req, flow, tx)
}

// Stray implements txn.Handler. A 2xx to an INVITE that we no longer know is acknowledged and hung up on, because
// the other end believes that it has a call (RFC 3261, section 13.2.2.4).
func (s *shard) Stray(res *sip.Response, flow wire.Flow) {
	if res.CSeq().MethodName != sip.INVITE || res.IsProvisional() || !ourCallID(res.CallID().Value()) {
		return
	}
	if !res.IsSuccess() {
		acknowledgeStray(res, flow)
		return
	}
	d := strayDialog(s, res, flow)
	d.sendACK(res.CSeq().SeqNo, nil)
	d.sendBYE(nil)
}

// options answers whether new calls are welcome (RFC 3261, section 11.2).
func (s *shard) options(tx *txn.Server) {
	if s.load.draining.Load() {
		tx.Reply(sip.StatusServiceUnavailable, "Service Unavailable", retryAfter(drainRetry))
		return
	}
	tx.Reply(sip.StatusOK, "OK", allow(), sip.NewHeader("Accept", "application/sdp"))
}

// Call-IDs of our own begin with this and the spread of the caller's Call-ID, so that both dialogs of a call are served
// by one shard, after a restart too and whatever the number of shards is by then.
const callIDPrefix = "tl"

func mintCallID(spread uint8, call calls.ID, seq int) string {
	return fmt.Sprintf("%s%02x.%s.%d", callIDPrefix, spread, call, seq)
}

func ourCallID(id string) bool {
	_, ok := mintedBy(id)
	return ok
}

func mintedBy(id string) (spread uint8, ok bool) {
	if !strings.HasPrefix(id, callIDPrefix) || len(id) < 6 || id[4] != '.' {
		return 0, false
	}
	n, err := strconv.ParseUint(id[2:4], 16, 8)
	return uint8(n), err == nil
}

// spreadOf is what dialogs are spread over the shards by.
func spreadOf(callID string) uint8 {
	if spread, ok := mintedBy(callID); ok {
		return spread
	}
	return uint8(crc32.ChecksumIEEE([]byte(callID))) //nolint:gosec // The low byte is what is wanted.
}
