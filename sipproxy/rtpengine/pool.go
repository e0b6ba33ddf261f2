package rtpengine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"trunkline/internal/clock"
)

const (
	repeatAfter = 150 * time.Millisecond // A request without an answer is sent again.
	giveUpAfter = 600 * time.Millisecond // And then another engine is asked.
	restFor     = 10 * time.Second       // One that did not answer is asked last for so long.
)

// ErrSilent is returned when no engine answers.
var ErrSilent = errors.New("no media relay answers")

// Pool is some engines, each of which may serve any call. It is safe for concurrent use.
type Pool struct {
	log     *slog.Logger
	clock   clock.Clock
	engines []*engine
	next    atomic.Uint64
	readers sync.WaitGroup
}

// engine is one of them.
type engine struct {
	name string // As it was set up.
	conn net.Conn

	mu      sync.Mutex
	waiting map[string]chan reply // By cookie.
	rests   time.Time             // Until when it is asked last.
}

// Open makes the sockets to the engines, such as "udp/127.0.0.1:2223". Nothing is asked yet. Without engines every Do fails.
func Open(ctx context.Context, addresses []string, clk clock.Clock, log *slog.Logger) (*Pool, error) {
	p := &Pool{log: log, clock: clk}
	for _, a := range addresses {
		host, err := Address(a)
		if err != nil {
			p.Close()
			return nil, err
		}
		conn, err := new(net.Dialer).DialContext(ctx, "udp", host)
		if err != nil {
			p.Close()
			return nil, fmt.Errorf("media relay %s: %w", a, err)
		}
		e := &engine{name: a, conn: conn, waiting: make(map[string]chan reply)}
		p.engines = append(p.engines, e)
		p.readers.Go(e.read)
	}
	return p, nil
}

// Address takes the host and port out of an engine's address.
func Address(text string) (string, error) {
	transport, address, ok := strings.Cut(text, "/")
	if _, _, err := net.SplitHostPort(address); !ok || err != nil || !strings.EqualFold(transport, "udp") {
		return "", fmt.Errorf("media relay %q: want udp/host:port, such as udp/127.0.0.1:2223", text)
	}
	return address, nil
}

// Close ends what is being asked.
func (p *Pool) Close() {
	for _, e := range p.engines {
		_ = e.conn.Close()
	}
	p.readers.Wait()
}

// Do asks an engine, and returns the description that it gives and its name. Where one is named only that one is asked: it has
// the call. Else all are asked in turn until one answers. An answer that refuses is final (ErrRefused).
func (p *Pool) Do(ctx context.Context, name, cookie string, r *Request) (sdp, by string, err error) {
	err = ErrSilent
	for _, e := range p.order(name) {
		var answer reply
		if answer, err = e.ask(ctx, p.clock, cookie, r); err == nil {
			sdp, err = answer.outcome()
			return sdp, e.name, err
		}
		e.rest(p.clock.Now().Add(restFor))
		p.log.WarnContext(ctx, "a media relay does not answer", "engine", e.name, "command", string(r.Command), "error", err)
		if ctx.Err() != nil {
			break
		}
	}
	return "", "", errors.Join(ErrSilent, err)
}

// State tells whether an engine answers.
type State struct {
	Name    string
	Answers bool
}

// Alive asks all engines, one after the other, whether they are there.
func (p *Pool) Alive(ctx context.Context, cookie string) []State {
	out := make([]State, 0, len(p.engines))
	for _, e := range p.engines {
		answer, err := e.ask(ctx, p.clock, cookie, &Request{Command: ping})
		out = append(out, State{Name: e.name, Answers: err == nil && answer.Result == "pong"})
	}
	return out
}

// order is that in which engines are asked: in turn, those that did not answer lately last.
func (p *Pool) order(name string) []*engine {
	n := len(p.engines)
	if n == 0 {
		return nil
	}
	from := int(p.next.Add(1) % uint64(n)) //nolint:gosec // A handful of engines.
	var well, resting []*engine
	now := p.clock.Now()
	for i := range n {
		e := p.engines[(from+i)%n]
		switch {
		case name != "" && e.name != name:
		case e.resting(now):
			resting = append(resting, e)
		default:
			well = append(well, e)
		}
	}
	return append(well, resting...)
}

func (e *engine) rest(until time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rests = until
}

func (e *engine) resting(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return now.Before(e.rests)
}

// ask sends a request until it is answered or given up.
func (e *engine) ask(ctx context.Context, clk clock.Clock, cookie string, r *Request) (reply, error) {
	data, err := encode(cookie, r)
	if err != nil {
		return reply{}, err
	}
	answer := make(chan reply, 1)
	e.mu.Lock()
	e.waiting[cookie] = answer
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.waiting, cookie)
	}()
	for waited := time.Duration(0); waited < giveUpAfter; waited += repeatAfter {
		if _, err := e.conn.Write(data); err != nil && !refusedBefore(err) {
			return reply{}, err
		}
		if got, ok := await(ctx, clk, answer); ok {
			e.rest(time.Time{})
			return got, nil
		}
		if ctx.Err() != nil {
			return reply{}, ctx.Err()
		}
	}
	return reply{}, ErrSilent
}

// await waits for an answer until it is time to ask again.
func await(ctx context.Context, clk clock.Clock, answer <-chan reply) (reply, bool) {
	again := make(chan struct{})
	t := clk.AfterFunc(repeatAfter, func() { close(again) })
	defer t.Stop()
	select {
	case got := <-answer:
		return got, true
	case <-again:
	case <-ctx.Done():
	}
	return reply{}, false
}

// refusedBefore tells the error by which a connected socket says that nobody listened the last time.
func refusedBefore(err error) bool { return !errors.Is(err, net.ErrClosed) }

// read takes answers until the socket is closed.
func (e *engine) read() {
	buf := make([]byte, maxDatagram)
	for {
		n, err := e.conn.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // Nobody listened: whoever waits finds out by its time.
			continue
		}
		cookie, r, err := decode(buf[:n])
		if err != nil {
			continue
		}
		e.mu.Lock()
		answer, ok := e.waiting[cookie]
		e.mu.Unlock()
		if ok {
			select {
			case answer <- r:
			default: // It came twice.
			}
		}
	}
}
