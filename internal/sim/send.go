package sim

import (
	"context"
	"slices"

	"trunkline/cdr"
)

// Send implements spool.Sender: it brings legs to the stream. When the answer is lost they are sent again.
func (p *proxy) Send(_ context.Context, legs []cdr.Envelope) error {
	w := p.w
	if w.streamAway {
		return errAway
	}
	n := len(legs)
	if w.chance(2) {
		n = 1 + w.random.IntN(n)
	}
	for i := range legs[:n] {
		value := slices.Clone(legs[i].Value)
		w.stream.put(w.stream.partOf(legs[i].Key), value)
		p.brought = append(p.brought, value)
		var l cdr.Leg
		if err := cdr.DecodeLeg(value, &l); err != nil {
			return err
		}
		if one := p.promised[legID(&l)]; one != nil {
			one.sent = true
		}
	}
	if n < len(legs) || w.chance(8) {
		w.trace("%s: the stream's answer for %d of %d legs is lost", p.name, n, len(legs))
		return errAway
	}
	return nil
}

// send sends what comes next in the spool.
func (p *proxy) send() {
	if !p.dead {
		_ = p.spool.SendNext(p.w.ctx) // It is tried again.
	}
}
