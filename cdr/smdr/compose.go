package smdr

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// group is the records that make one call.
type group struct {
	to      string // The party outside that was called; empty for what came in or stayed in the house.
	members []member
}

// member is a record of a group.
type member struct {
	*entry

	role role
}

// role is what a record adds to a call.
type role uint8

const (
	roleWhole   role = iota // Its time and its lines.
	roleStretch             // Its time: its lines belong to another call, which it made.
	roleSilent              // Its lines: its time is in that of others.
)

func (g *group) add(e *entry, as role) { g.members = append(g.members, member{e, as}) }

// head is the record that says whose call it was: the first that called the party outside, else the first.
func (g *group) head() *Call {
	for i := range g.members {
		if m := &g.members[i]; m.role == roleWhole && (g.to == "" || leaves(&m.call)) {
			return &m.call
		}
	}
	return &g.members[0].call
}

// compose makes calls of the records of one call. What it makes depends on what they say, not on the order in which they came.
func (r *joinRule) compose(parts []entry) []Call {
	if r.marked || r.same {
		all := &group{}
		for i := range parts {
			all.add(&parts[i], roleWhole)
		}
		return []Call{r.fold(all)}
	}
	slices.SortStableFunc(parts, func(a, b entry) int {
		return cmp.Or(a.call.Start.Compare(b.call.Start), cmp.Compare(a.offset, b.offset))
	})
	var out []Call
	for len(parts) > 0 {
		n := r.contiguous(parts)
		for _, g := range split(parts[:n]) {
			out = append(out, r.fold(g))
		}
		parts = parts[n:]
	}
	slices.SortStableFunc(out, func(a, b Call) int { return cmp.Compare(a.Line, b.Line) })
	return out
}

// contiguous is how many of the records follow each other closely enough to be one call.
func (r *joinRule) contiguous(parts []entry) int {
	last, open := end(&parts[0].call), parts[0].open
	for i := 1; i < len(parts); i++ {
		e := &parts[i]
		if !open && r.within > 0 && e.call.Start.Sub(last) > r.within {
			return i
		}
		if t := end(&e.call); !t.Before(last) {
			last, open = t, e.open
		}
	}
	return len(parts)
}

// fold makes a call of the records of a group. The first says whose call it was.
func (r *joinRule) fold(g *group) Call {
	members := slices.Clone(g.members)
	head := g.head()
	first := *head
	c := &first
	var answer, last time.Time
	var sum time.Duration
	for i := range members {
		m := &members[i]
		fill(c, m)
		if m.role == roleSilent {
			continue
		}
		o := &m.call
		if t := end(o); t.After(last) {
			last = t
		}
		if !o.Answered {
			continue
		}
		sum += o.Duration
		if at := o.Start.Add(o.Ring); answer.IsZero() || at.Before(answer) {
			answer = at
		}
		r.took(c, m, g)
	}
	for i := range members {
		if members[i].role == roleWhole {
			c.answeredBy(members[i].call.Answerer)
			c.takeLine(&members[i].call)
		}
	}
	if c.Answered = !answer.IsZero(); c.Answered {
		if c.Duration = sum; !head.Answered {
			c.Ring = max(0, answer.Sub(c.Start))
		}
		if r.whole {
			c.Duration = max(0, last.Sub(answer))
		}
	}
	identify(c, members)
	return first
}

// took says whose a call was that a record answered: of who answered first, or last, where the first record did not.
func (r *joinRule) took(c *Call, m *member, g *group) {
	if m.role != roleWhole || g.to != "" && !leaves(&m.call) {
		return
	}
	if !c.Answered || r.answerer == "last" && g.to == "" {
		c.Extension = cmp.Or(m.call.Extension, c.Extension)
	}
	if !c.Answered {
		c.Cause = cmp.Or(m.call.Cause, c.Cause)
	}
	if !c.Answered && leaves(c) {
		c.Trunk = cmp.Or(m.call.Trunk, c.Trunk)
	}
	c.Answered = true
}

// fill takes from a later record what the former ones do not have.
func fill(c *Call, m *member) {
	if m.role == roleStretch {
		return
	}
	o := &m.call
	for _, s := range [][2]*string{
		{&c.From, &o.From},
		{&c.To, &o.To},
		{&c.Number, &o.Number},
		{&c.Extension, &o.Extension},
		{&c.Trunk, &o.Trunk},
		{&c.Account, &o.Account},
		{&c.Cause, &o.Cause},
	} {
		if *s[0] == "" {
			*s[0] = *s[1]
		}
	}
	if c.Direction == 0 {
		c.Direction = o.Direction
	}
}

// identify gives a call the lines of its records in the order of the stream, and the identity of the first of them.
func identify(c *Call, members []member) {
	members = slices.DeleteFunc(members, func(m member) bool { return m.role == roleStretch })
	slices.SortStableFunc(members, func(a, b member) int { return cmp.Compare(a.offset, b.offset) })
	var raw strings.Builder
	for i := range members {
		if raw.Len() > maxRecord {
			break
		}
		if i > 0 {
			raw.WriteByte('\n')
		}
		raw.WriteString(members[i].call.Raw)
	}
	c.Raw, c.Records = raw.String(), len(members)
	o := &members[0].call
	c.Line, c.Digest, c.Again, c.Wall = o.Line, o.Digest, o.Again, o.Wall
}
