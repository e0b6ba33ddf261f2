package app

import (
	"context"
	"net/netip"
	"regexp"

	"trunkline/console"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/lcr"
)

// operations is what may be seen and done at this process's proxy.
type operations struct {
	s      *System
	secret *regexp.Regexp
}

func newOperations(s *System) *operations {
	return &operations{s, regexp.MustCompile(`(?im)^((?:Proxy-)?Authorization\s*:\s*\S+)[^\r\n]*`)}
}

// Messages implements console.Switch.
func (o *operations) Messages(call string) []console.SIPMessage {
	id, err := calls.ParseID(call)
	if err != nil || o.s.proxy == nil {
		return nil
	}
	said := o.s.proxy.CallFlow(id)
	out := make([]console.SIPMessage, len(said))
	for i := range said {
		m := &said[i]
		out[i] = console.SIPMessage{
			At: m.At, Sent: m.Sent, Transport: m.Transport, Remote: m.Remote.String(), CallID: m.CallID,
			Text: o.secret.ReplaceAllString(m.Text, "$1 (hidden)"),
		}
	}
	return out
}

// Drop implements console.Switch.
func (o *operations) Drop(ctx context.Context, call, reason string) (bool, error) {
	id, err := calls.ParseID(call)
	if err != nil || o.s.proxy == nil {
		return false, nil //nolint:nilerr // What is no id names no call.
	}
	return o.s.proxy.Drop(ctx, id, reason)
}

// Live implements console.Switch. What is held for a call is told where the ledger says it at once.
func (o *operations) Live(ctx context.Context) ([]console.LiveCall, error) {
	if o.s.proxy == nil {
		return []console.LiveCall{}, nil
	}
	live, err := o.s.proxy.Live(ctx)
	if err != nil {
		return nil, err
	}
	holds, err := o.s.Stores.Ledger.Holds(ctx, nil)
	if err != nil {
		return nil, err
	}
	held := make(map[string]money.Amount, len(holds))
	for i := range holds {
		held[holds[i].Call.String()] = holds[i].Amount
	}
	now := clock.System{}.Now()
	out := make([]console.LiveCall, 0, len(live))
	for i := range live {
		call := liveCall(&live[i], now)
		if amount, ok := held[call.ID]; ok {
			call.Held = &amount
		}
		out = append(out, call)
	}
	return out, nil
}

// States implements console.Switch.
func (o *operations) States() map[string]lcr.GatewayState {
	out := make(map[string]lcr.GatewayState)
	if o.s.proxy == nil {
		return out
	}
	for _, g := range o.s.proxy.Gateways() {
		state := lcr.GatewayState{Calls: g.Calls}
		if g.Locked {
			state.LockedUntil = g.Until
		}
		out[g.ID] = state
	}
	return out
}

// Locks implements console.Switch.
func (o *operations) Locks() []console.SIPLock {
	out := []console.SIPLock{}
	if o.s.proxy == nil {
		return out
	}
	for _, l := range o.s.proxy.Locks() {
		out = append(out, console.SIPLock{Source: l.Source.String(), Login: l.Login, Failures: l.Failures, Since: l.Since.UTC(), Until: l.Until.UTC()})
	}
	return out
}

// Unlock implements console.Switch.
func (o *operations) Unlock(source netip.Addr, login string) int {
	if o.s.proxy == nil {
		return 0
	}
	return o.s.proxy.Unlock(source, login)
}
