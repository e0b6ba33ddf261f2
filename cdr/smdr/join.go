package smdr

import (
	"cmp"
	"slices"
	"time"

	"trunkline/cdr"
)

// joiner puts the records of one call together.
type joiner struct {
	format  *Format
	pending map[string]*pending
	emit    func(*Call) error
	fault   func(Fault) error
	joined  int64
	swept   time.Time
}

// pending is a call of which more records may come.
type pending struct {
	call   Call
	offset int64
	end    time.Time // End of its last record.
	answer time.Time // Its first answer.
	seen   time.Time // Moment of its last record.
}

const (
	maxPending  = 1 << 16        // Calls that wait for more records; the oldest is given out when there are more.
	maxWait     = 24 * time.Hour // How long a call waits for more records, by their time stamps.
	sweepEvery  = time.Minute
	joinSlack   = 2 * time.Second // Clocks of records that follow each other may differ by this much.
	faultNoEnd  = "the call has a beginning and no end"
	faultOrphan = "the end of a call whose beginning was not read"
)

func newJoiner(f *Format, emit func(*Call) error, fault func(Fault) error) *joiner {
	return &joiner{format: f, pending: make(map[string]*pending), emit: emit, fault: fault}
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

// addKeyed joins records that name their call.
func (j *joiner) addKeyed(e *entry) error {
	p, ok := j.pending[e.key]
	if within := j.format.join.within; ok && within > 0 && e.call.Start.Sub(p.end) > within { // Its name was used again.
		if err := j.release(e.key, p); err != nil {
			return err
		}
		p, ok = nil, false
	}
	if ok && apart(&p.call, &e.call) { // It was transferred to the outside: a call of its own, that somebody pays for.
		passOn(&p.call, &e.call)
		e.key += "\x00out" + e.call.To
		p, ok = j.pending[e.key]
	}
	switch {
	case ok:
		j.merge(p, e)
	case e.last:
		return j.emit(&e.call)
	default:
		p = j.hold(e)
	}
	if e.last {
		return j.release(e.key, p)
	}
	return nil
}

// leaves reports whether a call goes out of the house.
func leaves(c *Call) bool { return c.Direction == cdr.Outbound || c.Direction == cdr.Forwarded }

// passOn says whose the part of a call is that goes to the outside when a stranger is at its other end: of the extension
// that had the call before.
func passOn(before, c *Call) {
	if before.Direction == cdr.Inbound && c.Direction == cdr.Forwarded {
		c.Extension = before.Extension
	}
}

// addMarked joins records that say that another follows, or that they follow another, on the same line.
func (j *joiner) addMarked(e *entry) error {
	p, ok := j.pending[e.key]
	if ok && (e.follow || sameParty(&p.call, &e.call)) && e.call.Start.Sub(p.end).Abs() <= j.format.join.within+joinSlack {
		j.merge(p, e)
		if e.open {
			return nil
		}
		return j.release(e.key, p)
	}
	if ok {
		if err := j.release(e.key, p); err != nil {
			return err
		}
	}
	if e.open {
		j.hold(e)
		return nil
	}
	return j.emit(&e.call)
}

// sameParty reports whether two records have the same other end.
func sameParty(a, b *Call) bool {
	if a.Direction == cdr.Inbound {
		return a.From == b.From
	}
	return a.To == b.To && a.To != ""
}

// addEvent makes calls of events: one that starts, one that answers, one that ends.
func (j *joiner) addEvent(e *entry) error {
	rule := j.format.events
	p, ok := j.pending[e.key]
	starts, answers, ends := rule.start.any(e.event), rule.answer.any(e.event), rule.end.any(e.event)
	if starts && !ok {
		p = j.hold(e)
		p.call.Answered, p.call.Duration, p.call.Ring = false, 0, 0
		ok = true
	} else if ok && (answers || ends) {
		j.keepRaw(p, e)
	}
	if answers && ok && p.answer.IsZero() {
		p.answer = e.at
	}
	if !ends {
		return nil
	}
	if !ok {
		return j.fault(Fault{Line: e.call.Line, Reason: faultOrphan, Raw: e.call.Raw})
	}
	delete(j.pending, e.key)
	c := &p.call
	if p.answer.IsZero() {
		c.Ring = max(0, e.at.Sub(c.Start))
	} else {
		c.Answered, c.Ring, c.Duration = true, max(0, p.answer.Sub(c.Start)), max(0, e.at.Sub(p.answer))
	}
	if e.call.Cause != "" {
		c.Cause = e.call.Cause
	}
	return j.emit(c)
}

func (j *joiner) hold(e *entry) *pending {
	p := &pending{call: e.call, offset: e.offset, end: end(&e.call), seen: j.moment(e)}
	if e.call.Answered && j.format.events == nil {
		p.answer = e.call.Start.Add(e.call.Ring)
	}
	j.pending[e.key] = p
	return p
}

func end(c *Call) time.Time { return c.Start.Add(c.Ring + c.Duration) }

// keepRaw counts a record into a call and keeps its text.
func (j *joiner) keepRaw(p *pending, e *entry) {
	j.joined++
	p.call.Records++
	p.seen = j.moment(e)
	if len(p.call.Raw) < maxRecord {
		p.call.Raw += "\n" + e.call.Raw
	}
}

// merge adds a record to the call that it belongs to. The first record says whose call it was; the durations add up.
func (j *joiner) merge(p *pending, e *entry) {
	j.keepRaw(p, e)
	c, o := &p.call, &e.call
	if c.Second && !o.Second { // The first leg has what was dialled, and by whom.
		c.From, c.To, c.Extension, c.Direction, c.Account, c.Second = o.From, o.To, o.Extension, o.Direction, o.Account, false
	}
	if o.Answered && (p.answer.IsZero() || o.Start.Add(o.Ring).Before(p.answer)) {
		p.answer = o.Start.Add(o.Ring)
		if !c.Answered {
			c.Extension, c.Ring = o.Extension, max(0, p.answer.Sub(c.Start))
		}
	}
	c.Answered = c.Answered || o.Answered
	c.Duration += o.Duration
	if t := end(o); t.After(p.end) {
		p.end = t
	}
	if j.format.join.whole && c.Answered {
		c.Duration = max(0, p.end.Sub(p.answer))
	}
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
	c.answeredBy(o.Answerer)
	c.takeLine(o)
}

func (j *joiner) release(key string, p *pending) error {
	delete(j.pending, key)
	return j.emit(&p.call)
}

// sweep gives out the calls that have waited long enough, and the oldest when there are too many.
func (j *joiner) sweep(now time.Time) error {
	if now.Sub(j.swept).Abs() < sweepEvery && len(j.pending) < maxPending {
		return nil
	}
	j.swept = now
	wait := maxWait
	if r := j.format.join; r != nil && !r.marked && r.within > 0 {
		wait = r.within
	}
	var due []string
	for key, p := range j.pending {
		if now.Sub(p.seen) > wait {
			due = append(due, key)
		}
	}
	if len(j.pending) >= maxPending && len(due) == 0 {
		due = append(due, j.sorted()[0])
	}
	return j.giveOut(due)
}

// giveOut ends the waiting of some calls, in the order of their lines.
func (j *joiner) giveOut(keys []string) error {
	slices.SortFunc(keys, func(a, b string) int { return cmp.Compare(j.pending[a].offset, j.pending[b].offset) })
	for _, key := range keys {
		p := j.pending[key]
		delete(j.pending, key)
		if j.format.events != nil {
			if err := j.fault(Fault{Line: p.call.Line, Reason: faultNoEnd, Raw: p.call.Raw}); err != nil {
				return err
			}
			continue
		}
		if err := j.emit(&p.call); err != nil {
			return err
		}
	}
	return nil
}

func (j *joiner) sorted() []string {
	keys := make([]string, 0, len(j.pending))
	for key := range j.pending {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Compare(j.pending[a].offset, j.pending[b].offset) })
	return keys
}

func (j *joiner) close() error { return j.giveOut(j.sorted()) }
