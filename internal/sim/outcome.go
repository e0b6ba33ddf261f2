package sim

import (
	"trunkline/cdr"
	"trunkline/internal/calls"
)

// ingress returns the records of the callers' sides.
func (w *world) ingress() map[calls.ID]*cdr.Record {
	out := make(map[calls.ID]*cdr.Record)
	for _, r := range w.calls.Records() {
		if r.Kind == cdr.Ingress {
			out[r.Call] = &r
		}
	}
	return out
}

// checkFates checks that every call is recorded that somebody had written down, and as long as it was.
func (w *world) checkFates() error {
	records := w.ingress()
	for _, p := range w.proxies {
		for _, f := range p.all {
			r := records[f.id]
			switch {
			case r == nil && f.promised: // Its leg was struck, or it would be missed.
			case r == nil && !f.excused:
				return w.violated("call %s of %s was never recorded", f.id, p.name)
			case r == nil || f.connect.IsZero() || f.excused || f.blind || f.ended.IsZero():
			case r.Duration() != f.ended.Sub(f.connect):
				return w.violated("call %s was talked for %s and is recorded with %s", f.id, f.ended.Sub(f.connect), r.Duration())
			}
		}
	}
	return nil
}

// checkDamage checks that files are damaged only where bits were flipped.
func (w *world) checkDamage() error {
	for _, p := range w.proxies {
		n, err := p.damaged()
		if err != nil {
			return err
		}
		if n > 0 && !p.flipped {
			return w.violated("%d parts of the files of %s are damaged, and no bit was flipped", n, p.name)
		}
	}
	return nil
}

// checkWithheld checks that what is held for calls whose records were lost to damage is still held: their proxies are not clean.
func (w *world) checkWithheld() error {
	if w.lost {
		return nil
	}
	records := w.ingress()
	for _, p := range w.proxies {
		for _, f := range p.all {
			one := p.promised[legIDOf(f)]
			if !f.connect.IsZero() && records[f.id] == nil && one != nil && one.struck && !one.lied && !w.store.Holding(f.id.Bytes(), f.draw) {
				return w.violated("%s has lost the record of call %s to damage, and what was held for it is given back", p.name, f.id)
			}
		}
	}
	return nil
}
