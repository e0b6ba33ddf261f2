package smdr

const (
	faultNoEnd  = "the call has a beginning and no end"
	faultOrphan = "the end of a call whose beginning was not read"
)

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

// keepRaw counts a record into a call and keeps its text.
func (j *joiner) keepRaw(p *pending, e *entry) {
	j.joined++
	p.call.Records++
	p.seen = j.moment(e)
	if len(p.call.Raw) < maxRecord {
		p.call.Raw += "\n" + e.call.Raw
	}
}
