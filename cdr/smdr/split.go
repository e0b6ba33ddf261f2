package smdr

import (
	"strings"
	"time"

	"trunkline/internal/calls"
)

// parting parts the records of one call by who is paid for. Every party outside that somebody here called is a call of its
// own, from the first answer to the last that is heard of it; what came in or stayed in the house is another.
type parting struct {
	home    []*entry
	outside []*group
	taken   []*group             // Second legs that took the call out again.
	first   bool                 // There is a record that is no second leg.
	since   map[string]time.Time // When each party outside was called first.
}

func split(parts []entry) []*group {
	p := parting{since: make(map[string]time.Time)}
	for i := range parts {
		if e := &parts[i]; !e.call.Second {
			p.first = true
			p.call(e)
		}
	}
	for i := range parts {
		if e := &parts[i]; !e.call.Second {
			p.place(e)
		}
	}
	for i := range parts {
		if e := &parts[i]; e.call.Second {
			p.second(e)
		}
	}
	return append(p.groups(parts), p.taken...)
}

// call notes that a party outside was called.
func (p *parting) call(e *entry) {
	if _, ok := p.since[e.call.To]; ok || !leaves(&e.call) {
		return
	}
	p.since[e.call.To] = e.call.Start
	p.outside = append(p.outside, &group{to: e.call.To})
}

// place puts a record to the parties that it is about.
func (p *parting) place(e *entry) {
	from := p.calledBefore(e)
	if !leaves(&e.call) {
		if from != nil { // The party that was called talks to somebody else in the house.
			from.add(e, roleWhole)
			return
		}
		p.home = append(p.home, e)
		return
	}
	to := p.of(e.call.To)
	if len(to.members) == 0 {
		e.call.Extension = p.payer(e, from)
	}
	to.add(e, roleWhole)
	if from != nil && from != to { // It was put through to another party outside: both lines are paid.
		from.add(e, roleStretch)
	}
}

func (p *parting) of(to string) *group {
	for _, g := range p.outside {
		if g.to == to {
			return g
		}
	}
	return nil
}

// calledBefore is the party that a record has for its caller and that was called here before; nil: none was.
func (p *parting) calledBefore(e *entry) *group {
	for _, g := range p.outside {
		if sameNumber(g.to, e.call.From) && !e.call.Start.Before(p.since[g.to]) {
			return g
		}
	}
	return nil
}

// sameLeast is how many digits numbers must have in common that are written in different ways.
const sameLeast = 5

// sameNumber reports whether two records mean the same number: one of them may have an access code or a prefix before it.
func sameNumber(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	return a == b && a != "" || len(b) >= sameLeast && strings.HasSuffix(a, b)
}

// tailLeast is how many digits at the end a switch leaves as they were when it writes a number for a trunk: 8 916 123-45-67
// is 7 916 123-45-67 there.
const tailLeast = 7

func sameTail(a, b string) bool {
	if len(a) < tailLeast || len(b) < tailLeast {
		return sameNumber(a, b)
	}
	return a[len(a)-tailLeast:] == b[len(b)-tailLeast:]
}

// payer is whose the part of a call is that goes to the outside: where a stranger is at its other end, of who had that
// stranger before.
func (p *parting) payer(e *entry, from *group) string {
	if e.call.Direction != calls.Forwarded || e.call.Extension != e.call.From { // The record tells.
		return e.call.Extension
	}
	if from != nil && len(from.members) > 0 {
		return from.head().Extension
	}
	payer, same := e.call.Extension, false
	for _, h := range p.home {
		if h.call.Direction != calls.Inbound || h.call.Extension == "" {
			continue
		}
		if is := sameNumber(h.call.From, e.call.From); is || !same {
			payer, same = h.call.Extension, is
		}
	}
	return payer
}

// second puts the second leg of a call to its first. What a first leg brought into the house and the second takes out of it
// is a call of its own.
func (p *parting) second(e *entry) {
	for _, g := range p.outside {
		if first := g.head(); first.Direction == calls.Outbound || sameTail(g.to, e.call.To) || !leaves(&e.call) {
			g.add(e, roleSilent)
			return
		}
	}
	if !p.first || !leaves(&e.call) {
		p.home = append(p.home, e)
		return
	}
	if len(p.home) > 0 {
		e.call.Extension = p.home[len(p.home)-1].call.Extension
	}
	e.call.Second = false
	g := &group{to: e.call.To}
	g.add(e, roleWhole)
	p.taken = append(p.taken, g)
}

// groups are the calls. Talk within the house during a call that went out, such as a question before it is put through,
// belongs to that call.
func (p *parting) groups(parts []entry) []*group {
	if len(p.home) == 0 {
		return p.outside
	}
	home := &group{}
	consults := len(p.outside) > 0 && leaves(&parts[0].call)
	for _, e := range p.home {
		if e.call.Second && len(home.members) > 0 {
			home.add(e, roleSilent)
			continue
		}
		consults = consults && e.call.Direction == calls.Internal
		home.add(e, roleWhole)
	}
	if !consults {
		return append([]*group{home}, p.outside...)
	}
	for _, m := range home.members {
		p.outside[0].add(m.entry, roleSilent)
	}
	return p.outside
}
