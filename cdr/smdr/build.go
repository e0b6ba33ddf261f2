package smdr

import (
	"cmp"
	"strings"
	"time"

	"trunkline/internal/calls"
)

// entry is a record that was understood: a call, or a part of one.
type entry struct {
	call   Call
	offset int64
	key    string
	at     time.Time // The moment of the record.
	last   bool      // No further record of its call follows.
	open   bool
	follow bool
	event  string
	legs   [2]string // Of the call, where the records name them.
	// Nothing had set the clock that stamped it.
	unsynchronised bool
}

// builder makes entries of the fields of records.
type builder struct {
	format *Format
	stamps stamper
	stamp  stampKind
	values values
	former map[string]former // The last call of each line.
}

// times of a record as they are found out.
type times struct {
	base, wall         time.Time // The stamp, and the clock's reading of it.
	start, answer, end time.Time
	ring, talk, total  time.Duration
	hasTalk, hasRing   bool
	unsynchronised     bool
}

// build makes an entry of the fields in b.values. The reason is "" when that worked, and skipped when the record is no call.
func (b *builder) build(r *record, e *entry) string {
	f, v := b.format, &b.values
	var eff effect
	applyRules(f.rules, v, &eff)
	switch {
	case eff.skip:
		return skipped
	case eff.fault != "":
		return eff.fault
	}
	var t times
	if reason := b.readTimes(&t); reason != "" {
		return reason
	}
	if eff.inherits {
		if reason := b.inherit(&t, &eff); reason != "" {
			return reason
		}
	}
	*e = entry{offset: r.offset, at: t.base, open: eff.open, follow: eff.follows, event: v[fEvent], unsynchronised: t.unsynchronised}
	if eff.event != "" {
		e.event = eff.event
	}
	c := &e.call
	c.Source, c.Line, c.Raw, c.Records, c.Wall = f.description.Name, r.line, r.raw, 1, t.wall
	b.fillTimes(&t, c, &eff)
	b.fillParties(c, &eff)
	c.Second = eff.second
	c.Trunk, c.Account = v[fTrunk], cmp.Or(v[fAccount], v[fAuthorization])
	if c.Guessed {
		c.Incoming = v[fIncoming]
	}
	if c.Trunk == "" || c.Direction == calls.Inbound && v[fIncoming] != "" {
		c.Trunk = v[fIncoming]
	}
	c.Cause = eff.cause
	if c.Cause == "" {
		c.Cause = v[fCause]
	}
	if c.Cause == "" {
		c.Cause = v[fMark]
	}
	b.fillKey(e)
	b.remember(c)
	b.stamps.last = t.base
	return ""
}

// readTimes reads all times that the record has.
func (b *builder) readTimes(t *times) string {
	f, v := b.format, &b.values
	if f.has[fDate] || f.has[fTime] {
		if reason := b.readStamp(t); reason != "" {
			return reason
		}
	}
	for _, want := range [3]struct {
		id field
		at *time.Time
	}{{fStart, &t.start}, {fAnswer, &t.answer}, {fEnd, &t.end}} {
		text := v[want.id]
		if !f.has[want.id] || text == "" || text == "0" {
			continue
		}
		var m moment
		if !f.forms[want.id].read(text, &m) {
			return "the " + fieldNames()[want.id] + " time " + quote(text) + " is not of the form " + f.description.Forms[fieldNames()[want.id]]
		}
		at, wall, reason := b.stamps.resolve(&m)
		if reason != "" {
			return reason + ": " + quote(text)
		}
		t.unsynchronised = t.unsynchronised || m.unsynchronised
		*want.at = at
		if t.base.IsZero() {
			t.base, t.wall = at, wall
		}
	}
	if t.base.IsZero() {
		return "it has no time"
	}
	return b.readSpans(t)
}

func (b *builder) readStamp(t *times) string {
	f, v := b.format, &b.values
	var m moment
	for _, id := range [2]field{fDate, fTime} {
		if f.has[id] && !f.forms[id].read(v[id], &m) {
			return "the " + fieldNames()[id] + " " + quote(v[id]) + " is not of the form " + f.description.Forms[fieldNames()[id]]
		}
	}
	var reason string
	t.unsynchronised = m.unsynchronised
	if t.base, t.wall, reason = b.stamps.resolve(&m); reason != "" {
		return reason + ": " + quote(strings.TrimSpace(v[fDate]+" "+v[fTime]))
	}
	return ""
}

func (b *builder) readSpans(t *times) string {
	f, v := b.format, &b.values
	if text := v[fDuration]; f.has[fDuration] && text != "" {
		if t.talk, t.hasTalk = f.duration.read(text); !t.hasTalk {
			return "the duration " + quote(text) + " cannot be read"
		}
	}
	if text := v[fRing]; f.has[fRing] && text != "" {
		if t.ring, t.hasRing = f.ring.read(text); !t.hasRing {
			return "the ring time " + quote(text) + " cannot be read"
		}
	}
	if text := v[fTotal]; f.has[fTotal] && text != "" {
		var ok bool
		if t.total, ok = f.total.read(text); !ok {
			return "the total duration " + quote(text) + " cannot be read"
		}
	}
	return ""
}

// fillTimes makes start, ring and duration of whatever the record has.
func (b *builder) fillTimes(t *times, c *Call, eff *effect) {
	f := b.format
	if !t.hasTalk && !t.end.IsZero() {
		switch {
		case !t.answer.IsZero():
			t.talk = t.end.Sub(t.answer)
		case !f.has[fAnswer]:
			t.talk = t.end.Sub(t.base)
		}
	}
	t.talk = max(0, t.talk)
	c.Answered = t.talk > 0
	if f.has[fAnswer] {
		c.Answered = !t.answer.IsZero() && (!t.hasTalk || t.talk > 0 || f.events != nil)
	}
	if eff.answered != nil {
		c.Answered = *eff.answered
	}
	if !c.Answered {
		if !t.hasRing {
			t.ring = max(t.talk, rang(t)) // An unanswered call lasts as long as it rang.
		}
		t.talk = 0
	}
	if c.Answered && !t.hasRing && !t.answer.IsZero() && !t.start.IsZero() {
		t.ring = max(0, t.answer.Sub(t.start))
	}
	if f.has[fTotal] && !t.hasRing {
		t.ring = max(0, t.total-t.talk)
	}
	c.Ring, c.Duration = t.ring, t.talk
	switch {
	case !t.start.IsZero():
		c.Start = t.start
	case b.stamp == stampStart:
		c.Start = t.base
	case b.stamp == stampAnswer:
		c.Start = t.base.Add(-t.ring)
	case b.stamp == stampEnd:
		c.Start = t.base.Add(-t.ring - t.talk)
	}
}

// rang is how long an unanswered call lasted by its start and end.
func rang(t *times) time.Duration {
	start := t.start
	if start.IsZero() {
		start = t.base
	}
	if t.end.IsZero() || !t.end.After(start) {
		return 0
	}
	return t.end.Sub(start)
}

// fillParties finds direction, caller, called and extension.
func (b *builder) fillParties(c *Call, eff *effect) {
	f, v := b.format, &b.values
	c.Direction = eff.direction
	if c.Direction == 0 && v[fDirection] != "" {
		c.Direction, _ = calls.ParseDirection(v[fDirection])
	}
	if c.Direction == 0 && f.description.Lengths > 0 {
		c.Direction, c.Guessed, c.Longest = byLength(v[fFrom], v[fTo], f.description.Lengths), true, f.description.Lengths
	}
	if c.Direction == 0 {
		c.Direction = f.direction
	}
	c.Extension, c.Number = v[fExtension], v[fDID]
	c.From, c.To = v[fFrom], v[fTo]
	if c.Direction == calls.Forwarded && c.Extension == "" && v[fRedirecting] != c.To {
		c.Extension = v[fRedirecting]
	}
	if c.Extension == "" && (f.has[fFrom] || f.has[fTo]) {
		c.Extension = c.From
		if c.Direction == calls.Inbound {
			c.Extension = c.To
		}
	}
	if !f.has[fFrom] && !f.has[fTo] {
		c.From, c.To = b.parties(c.Direction)
	}
	if c.Guessed {
		c.answeredBy(v[fPartner])
	}
}

// parties are caller and called of a record that has an extension and a number.
func (b *builder) parties(d calls.Direction) (from, to string) {
	v := &b.values
	switch d {
	case calls.Inbound:
		to = v[fDID]
		if to == "" {
			to = v[fExtension]
		}
		return v[fNumber], to
	case calls.Internal:
		to = v[fPartner]
		if to == "" {
			to = v[fNumber]
		}
		return v[fExtension], to
	case calls.Outbound, calls.Forwarded:
	}
	return v[fExtension], v[fNumber]
}

// byLength tells the direction of a call by which of its numbers are too long for an extension.
func byLength(from, to string, longest int) calls.Direction {
	long := func(s string) bool { return len(s) > longest }
	switch {
	case from == "" && to == "":
		return 0
	case long(to) && long(from):
		return calls.Forwarded
	case long(to):
		return calls.Outbound
	case long(from) || from == "":
		return calls.Inbound
	}
	return calls.Internal
}

func (b *builder) fillKey(e *entry) {
	f, v := b.format, &b.values
	var by []field
	switch {
	case f.events != nil:
		by = f.events.by
	case f.join != nil:
		by = f.join.by
		e.last = len(f.join.last) > 0 && f.join.last.hold(v)
		for i, id := range f.join.legs[:min(len(f.join.legs), len(e.legs))] {
			if v[id] != "0" {
				e.legs[i] = v[id]
			}
		}
	}
	switch len(by) {
	case 0:
	case 1:
		e.key = v[by[0]]
	default:
		var s strings.Builder
		for _, id := range by {
			s.WriteString(v[id])
			s.WriteByte(0)
		}
		e.key = s.String()
	}
}

func quote(s string) string { return `"` + valid(s) + `"` }
