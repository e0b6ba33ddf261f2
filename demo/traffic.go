package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/sipproxy/agent"
)

const (
	callEvery   = 1200 * time.Millisecond // Pace of the calls.
	callsAtOnce = 25
	registerFor = 600 // Seconds.
	phoneHost   = "127.0.2.1"
)

// Traffic is the running demo: phones and carriers that call each other until it is closed.
type Traffic struct {
	proxy    netip.AddrPort
	snapshot *provision.Snapshot
	clock    clock.Clock
	log      *slog.Logger
	dice     *dice

	carriers []*agent.Agent
	phones   []phone
	stop     context.CancelFunc
	work     sync.WaitGroup
	slots    chan struct{}
}

type phone struct {
	agent     *agent.Agent
	account   agent.Account
	tenant    string
	extension string
	registers bool // One phone of each branch is out of reach, as one always is.
}

// Start opens carriers and phones, registers the phones at the proxy and begins to call.
func Start(ctx context.Context, proxy netip.AddrPort, s *provision.Snapshot, c clock.Clock, log *slog.Logger) (*Traffic, error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	t := &Traffic{
		proxy: proxy, snapshot: s, clock: c, log: log, dice: newDice(7), stop: stop, slots: make(chan struct{}, callsAtOnce),
	}
	var err error
	if t.carriers, err = openCarriers(ctx, s.Gateways(), t.dice, log); err != nil {
		stop()
		return nil, err
	}
	if err := t.openPhones(ctx); err != nil {
		t.Close()
		return nil, err
	}
	t.work.Go(func() { t.keepRegistered(ctx) })
	t.work.Go(func() { t.keepCalling(ctx) })
	return t, nil
}

// Close ends the traffic and waits for its calls.
func (t *Traffic) Close() {
	t.stop() // Those who talk hang up.
	t.work.Wait()
	closeAll(t.carriers)
	for _, p := range t.phones {
		p.agent.Close()
	}
}

func (t *Traffic) openPhones(ctx context.Context) error {
	o := t.snapshot.Operator()
	for i := range o.Tenants {
		tenant := &o.Tenants[i]
		for j := range tenant.Branches {
			for k, e := range tenant.Branches[j].Extensions {
				a, err := agent.New(ctx, e.Login, phoneHost+":0", t.log)
				if err != nil {
					return fmt.Errorf("phone %s: %w", e.Login, err)
				}
				a.OnCall(func(agent.Incoming) agent.Behaviour { return temper{answered: 80, noAnswer: 20}.behave(t.dice) })
				t.phones = append(t.phones, phone{
					agent: a, tenant: tenant.ID, extension: e.ID, registers: k != 1,
					account: agent.Account{Proxy: t.proxy, Realm: o.Realm, Login: e.Login, Password: Password(e.ID)},
				})
			}
		}
	}
	return nil
}

func (t *Traffic) keepRegistered(ctx context.Context) {
	for {
		for i := range t.phones {
			p := &t.phones[i]
			if !p.registers {
				continue
			}
			status, err := p.agent.Register(ctx, p.account, registerFor)
			if ctx.Err() != nil {
				return
			}
			if err != nil || status != 200 {
				t.log.WarnContext(ctx, "a demo phone could not register", "login", p.account.Login, "status", status, "error", err)
			}
		}
		if clock.Sleep(ctx, t.clock, registerFor/2*time.Second) != nil {
			return
		}
	}
}

func (t *Traffic) keepCalling(ctx context.Context) {
	for {
		if clock.Sleep(ctx, t.clock, t.dice.between(callEvery/2, callEvery*3/2)) != nil {
			return
		}
		select {
		case t.slots <- struct{}{}:
		default:
			continue
		}
		t.work.Go(func() {
			defer func() { <-t.slots }()
			t.call(ctx)
		})
	}
}

// call makes one call: mostly out, some within the company, some from outside in.
func (t *Traffic) call(ctx context.Context) {
	if t.dice.n(100) < 15 {
		t.callIn(ctx)
		return
	}
	p := &t.phones[t.dice.n(len(t.phones))]
	c := agent.Call{To: t.someNumber(p), Talk: t.dice.between(5*time.Second, 45*time.Second)}
	switch t.dice.n(10) {
	case 0: // Loses patience.
		c.GiveUp = t.dice.between(500*time.Millisecond, 3*time.Second)
	case 1:
		c.Hold = 2 * time.Second
	}
	t.dial(ctx, p.agent, p.account, c)
}

func (t *Traffic) dial(ctx context.Context, a *agent.Agent, acc agent.Account, c agent.Call) {
	out, err := a.Dial(ctx, acc, c)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.log.DebugContext(ctx, "a demo call failed", "login", acc.Login, "to", c.To, "error", err)
		return
	}
	t.log.DebugContext(ctx, "demo call", "login", acc.Login, "to", c.To, "status", out.Status, "talked", out.Talked)
}

func (t *Traffic) someNumber(p *phone) string {
	if t.dice.n(100) < 20 {
		for range 5 {
			other := &t.phones[t.dice.n(len(t.phones))]
			if other.tenant == p.tenant && other.extension != p.extension {
				return other.extension
			}
		}
	}
	return dialled(t.dice)
}

// dialled makes up a number as people dial it: mostly within Russia, some abroad.
func dialled(d *dice) string {
	city := []string{"495", "812", "843", "347", "846", "343", "383", "863", "862", "916", "926", "903"}
	abroad := []string{"49211", "4940", "4930", "33145", "39066", "375291", "77272", "998712", "535"}
	if d.n(100) < 85 {
		return fmt.Sprintf("8%s%07d", city[d.n(len(city))], 2_000_000+d.n(7_000_000))
	}
	return fmt.Sprintf("810%s%06d", abroad[d.n(len(abroad))], 200_000+d.n(700_000))
}

// callIn is a call from a carrier to one of the company's numbers.
func (t *Traffic) callIn(ctx context.Context) {
	o := t.snapshot.Operator()
	tenant := &o.Tenants[0]
	number := tenant.Numbers[t.dice.n(len(tenant.Numbers))]
	t.dial(ctx, t.carriers[0], agent.Account{Proxy: t.proxy, Realm: o.Realm, Login: "anonymous"}, agent.Call{
		To: number.E164.Digits(), From: fmt.Sprintf("7916%07d", t.dice.n(10_000_000)),
		Talk: t.dice.between(5*time.Second, 30*time.Second),
	})
}
