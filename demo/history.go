package demo

import (
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/provision"
	"trunkline/routing"
)

const (
	// HistoryDays is how far back the history goes.
	HistoryDays = 35
	callsADay   = 1500
)

// History makes up the calls of the days before a moment, call by call in the order of time. Every call is routed by
// the snapshot as it would have been then; the same moment and snapshot give the same history, ids included.
func History(s *provision.Snapshot, until time.Time) iter.Seq[[]*cdr.Leg] {
	return func(yield func([]*cdr.Leg) bool) {
		table := routing.NewTable(s)
		h := &historian{table: table, dice: newDice(99), phones: phonesOf(table)}
		day := until.UTC().Truncate(24*time.Hour).AddDate(0, 0, -HistoryDays)
		for ; day.Before(until); day = day.AddDate(0, 0, 1) {
			for i := range callsADay {
				at := day.Add(time.Duration(i) * 24 * time.Hour / callsADay)
				if !at.Before(until.Add(-30 * time.Minute)) {
					return
				}
				if legs := h.call(at); legs != nil && !yield(legs) {
					return
				}
			}
		}
	}
}

func phonesOf(s *routing.Table) []routing.Caller {
	var out []routing.Caller
	o := s.Setup().Operator()
	for i := range o.Tenants {
		for j := range o.Tenants[i].Branches {
			for _, e := range o.Tenants[i].Branches[j].Extensions {
				if c, ok := s.Login(e.Login); ok {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

type historian struct {
	table  *routing.Table
	dice   *dice
	phones []routing.Caller
}

// quiet tells whether nobody calls: at night, and mostly at weekends. Moscow time.
func (h *historian) quiet(at time.Time) bool {
	local := at.Add(3 * time.Hour)
	hour := local.Hour()
	if hour < 8 || hour > 20 {
		return h.dice.n(100) < 93
	}
	if d := local.Weekday(); d == time.Saturday || d == time.Sunday {
		return h.dice.n(100) < 40
	}
	return false
}

func (h *historian) call(at time.Time) []*cdr.Leg {
	if h.quiet(at) {
		return nil
	}
	at = at.Add(h.dice.between(0, 90*time.Second))
	caller := h.phones[h.dice.n(len(h.phones))]
	if caller.Tenant != "beauty" && h.dice.n(100) < 80 { // The small client has little money, and calls little.
		return nil
	}
	number := dialled(h.dice)
	if h.dice.n(100) < 15 {
		number = h.phones[h.dice.n(len(h.phones))].Extension
	}
	route := h.table.Route(caller, number, "", at)
	if route.Refusal != "" || number == caller.Extension {
		return nil
	}
	return h.legs(route, number, at)
}

// legs plays one call out.
func (h *historian) legs(route *routing.Route, number string, at time.Time) []*cdr.Leg {
	id := calls.IDAt(at, h.dice.salt())
	common := cdr.Leg{
		Call: id, Direction: route.Direction, Source: cdr.SourceSIP, Node: "demo",
		Tenant: route.Tenant, Branch: route.Branch, Extension: route.Extension, Tariff: route.Tariff,
		From: route.From, To: route.To,
	}
	in := common
	in.Kind, in.Dialled, in.CallerID, in.Setup = cdr.Ingress, number, route.CallerID, at
	in.SIPCallID, in.Remote = fmt.Sprintf("demo-%s", id), "127.0.2.1:5060"
	if route.Trace != nil {
		in.Trace, _ = json.Marshal(route.Trace) // A decision always marshals.
	}
	legs := []*cdr.Leg{&in}
	for i := range route.Targets {
		at = at.Add(h.dice.between(50*time.Millisecond, 150*time.Millisecond))
		leg := common
		h.attempt(&leg, &route.Targets[i], at)
		leg.Seq = uint16(len(legs)) //nolint:gosec // A handful.
		leg.SIPCallID = fmt.Sprintf("demo-%s-%d", id, leg.Seq)
		legs = append(legs, &leg)
		at = leg.Disconnect
		in.Disconnect, in.SIPStatus, in.Cause, in.ReleasedBy = leg.Disconnect, leg.SIPStatus, leg.Cause, leg.ReleasedBy
		if leg.Answered() {
			in.Progress, in.Connect, in.Carrier, in.Gateway, in.Deck = leg.Progress, leg.Connect, leg.Carrier, leg.Gateway, route.Targets[i].Base
			break
		}
		if leg.SIPStatus != 503 {
			break
		}
	}
	return legs
}

func (h *historian) attempt(leg *cdr.Leg, t *routing.Target, at time.Time) {
	leg.Kind, leg.Setup, leg.Dialled, leg.CallerID, leg.Deck = cdr.Egress, at, t.ToSent, t.FromSent, t.Deck
	nature := temper{answered: 80, noAnswer: 20, delay: 100 * time.Millisecond}
	if t.Gateway != nil {
		leg.Carrier, leg.Gateway, leg.Remote = t.Gateway.Carrier, t.Gateway.ID, t.Gateway.Address
		nature = temperOf(t.Gateway.Carrier)
	}
	leg.ReleasedBy = cdr.SideCallee
	rings := at.Add(nature.delay + h.dice.between(300*time.Millisecond, 2*time.Second))
	switch roll := h.dice.n(100); {
	case roll < nature.answered:
		leg.Progress, leg.Connect = rings, rings.Add(h.dice.between(2*time.Second, 20*time.Second))
		leg.Disconnect = leg.Connect.Add(h.talk())
		leg.SIPStatus, leg.Cause = 200, 16
		if h.dice.n(2) == 0 {
			leg.ReleasedBy = cdr.SideCaller
		}
	case roll < nature.answered+nature.busy:
		leg.Disconnect, leg.SIPStatus, leg.Cause = rings, 486, 17
	case roll < nature.answered+nature.busy+nature.noAnswer:
		leg.Progress, leg.Disconnect = rings, rings.Add(30*time.Second)
		leg.SIPStatus, leg.Cause = 480, 19
	default:
		leg.Disconnect, leg.SIPStatus, leg.Cause = at.Add(60*time.Millisecond), 503, 34
	}
}

// talk is mostly short, sometimes long.
func (h *historian) talk() time.Duration {
	d := h.dice.between(5*time.Second, 3*time.Minute)
	if h.dice.n(10) == 0 {
		d += h.dice.between(0, 20*time.Minute)
	}
	return d
}
