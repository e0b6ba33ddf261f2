package smdr

import "trunkline/cdr"

// decide says which way a call went by whose its numbers are, and whose call it was. A direction that the system recorded
// stands; only a call to one of the client's own numbers is never an outgoing one. A direction that was told by lengths
// alone is told anew, since many clients have numbers that are longer than any extension.
func (m *Mapper) decide(c *Call) (Call, string) {
	out := *c
	called, ours := m.own(c.To)
	switch {
	case c.Guessed:
		out.Direction = m.way(c, ours)
	case c.Direction == 0 && ours && !called.Number.IsZero():
		out.Direction = cdr.Inbound
		if _, calling := m.own(c.From); calling {
			out.Direction = cdr.Internal
		}
	case ours && !called.Number.IsZero() && c.Direction == cdr.Outbound:
		out.Direction = cdr.Internal
	case ours && !called.Number.IsZero() && c.Direction == cdr.Forwarded:
		out.Direction = cdr.Inbound
	}
	if out.Direction == cdr.Inbound && out.Incoming != "" {
		out.Trunk = out.Incoming
	}
	switch {
	case c.Second && out.Direction == cdr.Outbound:
		return out, FaultSecond
	case c.Guessed && out.Direction == cdr.Forwarded && !m.Numbered:
		return out, FaultStrangers
	case c.Guessed:
		out.Extension = m.extension(c, out.Direction, called)
	}
	return out, ""
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
		return m.Plan.Own(rest)
	}
	return Owned{}, false
}

// way is the direction of a call between two numbers. What is short and unknown is an extension that nobody told us of.
func (m *Mapper) way(c *Call, called bool) cdr.Direction {
	_, calling := m.own(c.From)
	calling = calling || c.From != "" && len(c.From) <= c.Longest
	called = called || len(c.To) <= c.Longest
	switch {
	case c.From == "" && c.To == "":
		return 0
	case called && calling:
		return cdr.Internal
	case called:
		return cdr.Inbound
	case calling:
		return cdr.Outbound
	}
	return cdr.Forwarded
}

// extension is whose a call was. A stranger is never an extension.
func (m *Mapper) extension(c *Call, d cdr.Direction, called Owned) string {
	caller, ours := m.own(c.From)
	switch {
	case c.Extension != c.From && c.Extension != c.To && d != cdr.Inbound:
		return c.Extension // Of another record of the call.
	case d == cdr.Inbound && c.Direction == cdr.Inbound && c.Extension != c.To:
		return c.Extension // Of who answered it.
	case d == cdr.Inbound && called.Extension != "":
		return called.Extension
	case d == cdr.Inbound && called.Number.IsZero():
		return c.To
	case d == cdr.Inbound:
		return ""
	case ours && caller.Extension != "":
		return caller.Extension
	case ours && !caller.Number.IsZero(), d == cdr.Forwarded:
		return ""
	}
	return c.From
}
