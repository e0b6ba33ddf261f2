package smdr

import (
	"cmp"
	"slices"
	"time"

	"trunkline/internal/calls"
)

// joiner puts the records of one call together.
type joiner struct {
	format  *Format
	pending map[string]*pending
	legs    map[string]*pending // By the legs of its records, where the format has them.
	emit    func(*Call) error
	fault   func(Fault) error
	joined  int64
	swept   time.Time
}

// pending is a call of which more records may come.
type pending struct {
	key    string
	parts  []entry // In the order of the stream.
	end    time.Time
	seen   time.Time // Moment of its last record.
	open   bool      // Its last record says that another follows.
	offset int64     // Of its first record.

	call   Call      // Made of events.
	answer time.Time // Of a call that is made of events.
}

const (
	maxPending = 1 << 16        // Calls that wait for more records; the oldest is given out when there are more.
	maxParts   = 1 << 10        // Records of one call.
	maxWait    = 24 * time.Hour // How long a call waits for more records, by their time stamps.
	sweepEvery = time.Minute
	joinSlack  = 2 * time.Second // Clocks of records that follow each other may differ by this much.
)

func newJoiner(f *Format, emit func(*Call) error, fault func(Fault) error) *joiner {
	return &joiner{format: f, pending: make(map[string]*pending), legs: make(map[string]*pending), emit: emit, fault: fault}
}

func (j *joiner) add(e *entry) error {
	if err := j.put(e); err != nil || len(j.pending) == 0 {
		return err
	}
	return j.sweep(j.moment(e))
}

// put adds a record to its call, or gives it out as one.
func (j *joiner) put(e *entry) error {
	switch {
	case j.format.events != nil:
		return j.addEvent(e)
	case j.format.join == nil || e.key == "":
		return j.emit(&e.call)
	case j.format.join.marked:
		return j.addMarked(e)
	}
	return j.addKeyed(e)
}

// moment is when a record was written, as near as can be told: calls are recorded when they end.
func (j *joiner) moment(e *entry) time.Time {
	if t := end(&e.call); j.format.events == nil && t.After(e.at) {
		return t
	}
	return e.at
}

// addKeyed gathers records that name their call.
func (j *joiner) addKeyed(e *entry) error {
	p := j.find(e)
	if p != nil && (e.call.Start.Sub(p.seen) > j.wait(p) || len(p.parts) >= maxParts) { // Its name was used again.
		if err := j.release(p); err != nil {
			return err
		}
		p = nil
	}
	switch {
	case p == nil && e.last:
		return j.emit(&e.call)
	case p == nil:
		p = j.hold(e)
	default:
		j.gather(p, e)
	}
	for _, leg := range e.legs {
		if leg != "" {
			j.legs[leg] = p
		}
	}
	if e.last {
		return j.release(p)
	}
	return nil
}

// find returns the call that a record belongs to: by its name, and by its legs; nil: it is the first.
func (j *joiner) find(e *entry) *pending {
	p := j.pending[e.key]
	for _, leg := range e.legs {
		other := j.legs[leg]
		switch {
		case leg == "" || other == nil || other == p:
		case p == nil:
			p = other
		default:
			j.unite(p, other)
		}
	}
	return p
}

// unite makes one call of two that turn out to share a leg.
func (j *joiner) unite(p, other *pending) {
	delete(j.pending, other.key)
	for leg, of := range j.legs {
		if of == other {
			j.legs[leg] = p
		}
	}
	p.parts = append(p.parts, other.parts...)
	p.offset = min(p.offset, other.offset)
	if other.seen.After(p.seen) {
		p.seen, p.open = other.seen, other.open
	}
}

// leaves reports whether a call goes out of the house.
func leaves(c *Call) bool { return c.Direction == calls.Outbound || c.Direction == calls.Forwarded }

// addMarked joins records that say that another follows, or that they follow another, on the same line.
func (j *joiner) addMarked(e *entry) error {
	p, ok := j.pending[e.key]
	if ok && goesOn(p, e) && e.call.Start.Sub(p.end).Abs() <= j.format.join.within+joinSlack {
		j.gather(p, e)
		if e.open && len(p.parts) < maxParts {
			return nil
		}
		return j.release(p)
	}
	if ok {
		if err := j.release(p); err != nil {
			return err
		}
	}
	if e.open {
		j.hold(e)
		return nil
	}
	return j.emit(&e.call)
}

// goesOn reports whether a record belongs to a call on its line. A call that goes out never goes on with one that came in:
// somebody pays for it; nor does one to another number. What seems to have come in goes on with a call that went out where it has no other number than that.
func goesOn(p *pending, e *entry) bool {
	first := &p.parts[0].call
	switch out := leaves(&e.call); {
	case first.Direction != 0 && !leaves(first) && out:
		return false
	case leaves(first) && out && first.To != "" && e.call.To != "" && !sameNumber(first.To, e.call.To):
		return false
	case leaves(first) && e.call.Direction == calls.Inbound && e.call.From != "" && !sameNumber(first.To, e.call.From):
		return false
	}
	return e.follow || sameParty(first, &e.call)
}

// sameParty reports whether two records have the same other end.
func sameParty(a, b *Call) bool {
	if a.Direction == calls.Inbound {
		return a.From == b.From
	}
	return a.To == b.To && a.To != ""
}

func (j *joiner) hold(e *entry) *pending {
	p := &pending{key: e.key, offset: e.offset, end: end(&e.call), seen: j.moment(e), open: e.open}
	if j.format.events != nil {
		p.call = e.call
	} else {
		p.parts = []entry{*e}
	}
	j.pending[e.key] = p
	return p
}

func (j *joiner) gather(p *pending, e *entry) {
	p.parts = append(p.parts, *e)
	if t := end(&e.call); t.After(p.end) {
		p.end = t
	}
	if at := j.moment(e); !at.Before(p.seen) {
		p.seen, p.open = at, e.open
	}
}

func end(c *Call) time.Time { return c.Start.Add(c.Ring + c.Duration) }

// release gives out what the records of a call make.
func (j *joiner) release(p *pending) error {
	delete(j.pending, p.key)
	for i := range p.parts {
		for _, leg := range p.parts[i].legs {
			if j.legs[leg] == p {
				delete(j.legs, leg)
			}
		}
	}
	if len(p.parts) == 1 {
		return j.emit(&p.parts[0].call)
	}
	calls := j.format.join.compose(p.parts)
	j.joined += int64(len(p.parts) - len(calls))
	for i := range calls {
		if err := j.emit(&calls[i]); err != nil {
			return err
		}
	}
	return nil
}

// wait is how long a call waits for more records.
func (j *joiner) wait(p *pending) time.Duration {
	if r := j.format.join; r != nil && !r.marked && r.within > 0 && !p.open {
		return r.within
	}
	return maxWait
}

// sweep gives out the calls that have waited long enough, and the oldest when there are too many.
func (j *joiner) sweep(now time.Time) error {
	if now.Sub(j.swept).Abs() < sweepEvery && len(j.pending) < maxPending {
		return nil
	}
	j.swept = now
	var due []*pending
	for _, p := range j.pending {
		if now.Sub(p.seen) > j.wait(p) {
			due = append(due, p)
		}
	}
	if len(j.pending) >= maxPending && len(due) == 0 {
		due = append(due, j.sorted()[0])
	}
	return j.giveOut(due)
}

// giveOut ends the waiting of some calls, in the order of their lines.
func (j *joiner) giveOut(due []*pending) error {
	slices.SortFunc(due, byOffset)
	for _, p := range due {
		if j.format.events == nil {
			if err := j.release(p); err != nil {
				return err
			}
			continue
		}
		delete(j.pending, p.key)
		if err := j.fault(Fault{Line: p.call.Line, Reason: faultNoEnd, Raw: p.call.Raw}); err != nil {
			return err
		}
	}
	return nil
}

func byOffset(a, b *pending) int { return cmp.Compare(a.offset, b.offset) }

func (j *joiner) sorted() []*pending {
	out := make([]*pending, 0, len(j.pending))
	for _, p := range j.pending {
		out = append(out, p)
	}
	slices.SortFunc(out, byOffset)
	return out
}

func (j *joiner) close() error { return j.giveOut(j.sorted()) }
