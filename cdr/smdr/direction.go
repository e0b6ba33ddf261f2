package smdr

import (
	"trunkline/internal/calls"
)

// ends are the two ends of a call as the client knows them.
type ends struct {
	caller, called         Owned // Empty when they are not the client's.
	callerOurs, calledOurs bool
}

// ends looks the numbers of a call up. Who called is asked only where the direction depends on it.
func (m *Mapper) ends(c *Call) ends {
	var e ends
	e.called, e.calledOurs = m.own(c.To)
	if c.Guessed || c.Direction == 0 {
		e.caller, e.callerOurs = m.own(c.From)
	}
	return e
}

// own looks a number up among the client's, as it was recorded and without the access code.
func (m *Mapper) own(digits string) (Owned, bool) {
	if digits == "" {
		return Owned{}, false
	}
	if o, ok := m.Plan.Own(digits); ok {
		return o, true
	}
	if rest := m.outside(digits); rest != digits {
		if o, ok := m.Plan.Own(rest); ok {
			return o, true
		}
	}
	return Owned{}, false
}

// decide says which way a call went by whose its numbers are, and whose call it was. A direction that the system recorded
// stands; only a call to one of the client's own numbers is never an outgoing one. A direction that was told by lengths
// alone is told anew, since many clients have numbers that are longer than any extension.
func (m *Mapper) decide(c *Call, e *ends) (Call, string) {
	out := *c
	switch {
	case c.Guessed:
		out.Direction = way(c, e)
	case e.called.Number.IsZero():
	case c.Direction == calls.Outbound, c.Direction == 0 && e.callerOurs:
		out.Direction = calls.Internal
	case c.Direction == calls.Forwarded, c.Direction == 0:
		out.Direction = calls.Inbound
	}
	if out.Direction == calls.Inbound && out.Incoming != "" {
		out.Trunk = out.Incoming
	}
	switch {
	case c.Second && out.Direction == calls.Outbound:
		return out, FaultSecond
	case c.Guessed && out.Direction == calls.Forwarded && !m.Numbered:
		return out, FaultStrangers
	case c.Guessed:
		out.Extension = extension(c, out.Direction, e)
	}
	return out, ""
}

// way is the direction of a call between two numbers. What is short and unknown is an extension that nobody told us of.
func way(c *Call, e *ends) calls.Direction {
	calling := e.callerOurs || c.From != "" && len(c.From) <= c.Longest
	called := e.calledOurs || len(c.To) <= c.Longest
	switch {
	case c.From == "" && c.To == "":
		return 0
	case called && calling:
		return calls.Internal
	case called:
		return calls.Inbound
	case calling:
		return calls.Outbound
	}
	return calls.Forwarded
}

// extension is whose a call was. A stranger is never an extension.
func extension(c *Call, d calls.Direction, e *ends) string {
	switch {
	case d == calls.Inbound && c.Answerer != "":
		return c.Answerer
	case c.Extension != c.From && c.Extension != c.To && d != calls.Inbound:
		return c.Extension // Of another record of the call.
	case d == calls.Inbound && c.Direction == calls.Inbound && c.Extension != c.To:
		return c.Extension // Of who answered it.
	case d == calls.Inbound && e.called.Extension != "":
		return e.called.Extension
	case d == calls.Inbound && e.called.Number.IsZero():
		return c.To
	case d == calls.Inbound:
		return ""
	case e.caller.Extension != "":
		return e.caller.Extension
	case !e.caller.Number.IsZero(), d == calls.Forwarded:
		return ""
	}
	return c.From
}
