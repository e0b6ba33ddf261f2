package rating

import "time"

// known are the stays as they were known at a moment: what came of later changes is not there, and what those ended goes on.
func known(stays []Stay, at time.Time) []Stay {
	forever := time.Unix(farFuture, 0).UTC()
	var out []Stay
	for _, s := range stays {
		n := len(out)
		if s.Known.After(at) {
			if n > 0 && out[n-1].Till.Equal(s.From) {
				out[n-1].Till = forever
			}
			continue
		}
		if n > 0 {
			out[n-1].Till = earliest(out[n-1].Till, s.From)
		}
		if s.Left.After(at) {
			s.Till = forever
		}
		out = append(out, s)
	}
	return out
}

// without are the parts of a run for which none of the others is the same fee.
func (r *run) without(others []run) []run {
	out := []run{*r}
	for i := range others {
		if !r.same(&others[i]) {
			continue
		}
		var rest []run
		for _, part := range out {
			before, after := part, part
			before.Till, after.From = earliest(part.Till, others[i].From), latest(part.From, others[i].Till)
			for _, left := range []run{before, after} {
				if left.From.Before(left.Till) {
					rest = append(rest, left)
				}
			}
		}
		out = rest
	}
	return out
}

// came reports whether a tenant, or their number, came within the period.
func (b *feeRun) came(p presence) bool {
	return !p.from.IsZero() && !p.from.Before(b.m.from) && p.from.Before(b.m.till)
}

// unpaid reports whether nothing was billed in advance for the running period: of who came in it, and of whose trial ended in it.
func (b *feeRun) unpaid(p presence) bool {
	ended := b.m.account.TrialEnded
	return b.came(p) || b.t.spec.Trial != nil && ended.After(b.m.from) && ended.Before(b.m.till)
}

// running adds what a fee asks for the period itself; one in advance, what was not known of it when it was billed.
func (b *feeRun) running(f *Fee, p presence) error {
	if f.OneOff && (!b.came(p) || p.from.Before(b.run.From) || !p.from.Before(b.run.Till)) {
		return nil
	}
	if !f.Advance || b.unpaid(p) {
		return b.line(f, p, b.m.from, b.m.till)
	}
	return b.parts(f, p)
}

// givenBack takes off what was billed in advance for days on which the fee was not due after all.
func (b *feeRun) givenBack(f *Fee, p presence) error {
	if !f.Advance || b.unpaid(p) {
		return nil
	}
	if err := b.parts(f, p); err != nil {
		return err
	}
	for i := range b.lines {
		if l := &b.lines[i]; l.Amount.Sign() > 0 {
			l.Amount, l.Reason = l.Amount.Neg(), "given back: "+l.Reason
		}
	}
	return nil
}

// parts adds the fee for the days on which the others have none that is the same.
func (b *feeRun) parts(f *Fee, p presence) error {
	whole := b.run
	defer func() { b.run = whole }()
	for _, part := range whole.without(b.others) {
		b.run = part
		if err := b.line(f, p, b.m.from, b.m.till); err != nil {
			return err
		}
	}
	return nil
}

// ahead adds what a fee in advance asks for the next period. Who comes only then pays it with that.
func (b *feeRun) ahead(f *Fee, p presence) error {
	if !f.Advance || !p.from.IsZero() && !p.from.Before(b.m.till) {
		return nil
	}
	next, end := b.nextPeriod()
	return b.line(f, p, next, end)
}
