package demo

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"trunkline/provision"
	"trunkline/sipproxy/agent"
)

// temper is how a carrier behaves: parts of a hundred of its calls.
type temper struct {
	answered int
	busy     int
	noAnswer int
	broken   int // 503, at once.
	delay    time.Duration
}

// temperOf gives Bargain its poor name.
func temperOf(carrier string) temper {
	switch carrier {
	case "bargain":
		return temper{answered: 35, busy: 10, noAnswer: 15, broken: 40, delay: 900 * time.Millisecond}
	case "rhein":
		return temper{answered: 70, busy: 12, noAnswer: 15, broken: 3, delay: 400 * time.Millisecond}
	}
	return temper{answered: 72, busy: 10, noAnswer: 15, broken: 3, delay: 250 * time.Millisecond}
}

// dice is a seeded source of chance that may be shared.
type dice struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func newDice(seed uint64) *dice {
	return &dice{rng: rand.New(rand.NewPCG(seed, 20260101))} //nolint:gosec // A demo's chance, to be repeated.
}

func (d *dice) n(limit int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.IntN(limit)
}

// salt tells calls of the same millisecond apart.
func (d *dice) salt() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Uint64()
}

// between returns a duration from low up to high.
func (d *dice) between(low, high time.Duration) time.Duration {
	return low + time.Duration(d.n(int((high-low)/time.Millisecond)+1))*time.Millisecond
}

// behave decides about one call that comes to a carrier.
func (t temper) behave(d *dice) agent.Behaviour {
	b := agent.Behaviour{Delay: t.delay, Ring: d.between(800*time.Millisecond, 4*time.Second)}
	switch roll := d.n(100); {
	case roll < t.answered:
		b.Status = 200
		if d.n(2) == 0 { // Every other call is ended by the called party.
			b.Talk = d.between(3*time.Second, 40*time.Second)
		}
	case roll < t.answered+t.busy:
		b.Status, b.NoRing = 486, true
	case roll < t.answered+t.busy+t.noAnswer:
		b.Status, b.Ring = 480, d.between(5*time.Second, 9*time.Second)
	default:
		b.Status, b.NoRing, b.Delay = 503, true, 0
	}
	return b
}

// openCarriers opens an agent at the address of every gateway.
func openCarriers(ctx context.Context, gateways []provision.Gateway, d *dice, log *slog.Logger) ([]*agent.Agent, error) {
	var out []*agent.Agent
	for i := range gateways {
		g := &gateways[i]
		a, err := agent.New(ctx, g.ID, g.Address, log)
		if err != nil {
			closeAll(out)
			return nil, fmt.Errorf("simulated gateway %s: %w", g.ID, err)
		}
		t := temperOf(g.Carrier)
		a.OnCall(func(agent.Incoming) agent.Behaviour { return t.behave(d) })
		out = append(out, a)
	}
	return out, nil
}

func closeAll(agents []*agent.Agent) {
	for _, a := range agents {
		a.Close()
	}
}
