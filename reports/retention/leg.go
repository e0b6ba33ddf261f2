package retention

import (
	"slices"

	"trunkline/cdr"
	"trunkline/internal/e164"
)

// OfLeg reports whether a leg names the person.
func (p *Person) OfLeg(l *cdr.Leg) bool {
	return l.From.Digits() == p.Number || l.To.Digits() == p.Number || p.In([]byte(l.CallerID)) || p.In([]byte(l.Dialled)) || p.In(l.Trace) || p.In([]byte(l.Raw))
}

// CoversLeg reports whether a leg is held.
func (h *Held) CoversLeg(l *cdr.Leg) bool {
	text := slices.Concat([]byte(l.From.Digits()+"\n"+l.To.Digits()+"\n"+l.CallerID+"\n"+l.Dialled+"\n"+l.Raw+"\n"), l.Trace)
	return h.Covers(l.Tenant, text)
}

// OutOfLeg takes the person out of a leg that names them, as the store of calls does: what the call cost and how long it lasted is not touched.
func (p *Person) OutOfLeg(l *cdr.Leg) error {
	mask, err := e164.Parse(Mask(p.Number))
	if err != nil {
		return err
	}
	if l.From.Digits() == p.Number || p.In([]byte(l.CallerID)) {
		l.CallerID = Erased
	}
	if l.To.Digits() == p.Number || p.In([]byte(l.Dialled)) {
		l.Dialled = mask.Digits()
	}
	if l.From.Digits() == p.Number {
		l.From = mask
	}
	if l.To.Digits() == p.Number {
		l.To = mask
	}
	l.Trace, l.Raw = nil, ""
	return nil
}
