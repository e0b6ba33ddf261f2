package sim

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"trunkline/internal/calls"
)

// takeBack takes the calls back that the journal has, and checks that they are those that it has to have.
func (p *proxy) takeBack() error {
	entries := p.journal.Entries()
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if text, ok := strings.CutPrefix(key, endPrefix); ok {
			id, err := calls.ParseID(text)
			if err != nil {
				return err
			}
			p.ended = append(p.ended, id)
			continue
		}
		text, ok := strings.CutPrefix(key, callPrefix)
		if !ok {
			continue
		}
		if err := p.takeBackCall(text, entries[key], entries[lastPrefix+text]); err != nil {
			return err
		}
	}
	for _, f := range p.fates {
		found, sure := unknown, f.disk
		if p.died {
			sure = f.lasting
		}
		if c := p.calls[f.id]; c != nil {
			found = c.stage()
		}
		if wrong := f.back(found, sure); wrong != "" {
			return p.w.violated("%s: call %s %s", p.name, f.id, wrong)
		}
	}
	p.fates = slices.DeleteFunc(p.fates, func(f *fate) bool { return f.memory == unknown })
	p.died = false
	return nil
}

func (c *call) stage() stage {
	switch {
	case c.Over != 0:
		return over
	case c.Connect != 0:
		return answered
	}
	return placed
}

func (p *proxy) takeBackCall(text string, value, heard []byte) error {
	id, err := calls.ParseID(text)
	if err != nil {
		return err
	}
	c := &call{id: id, kept: true}
	for _, f := range p.all {
		if f.id == id {
			c.fate = f
		}
	}
	if c.fate == nil {
		return p.w.violated("%s: call %s comes back, and there never was one", p.name, id)
	}
	if !slices.Contains(p.fates, c.fate) {
		p.fates = append(p.fates, c.fate)
	}
	if err := cbor.Unmarshal(value, &c.memo); err != nil {
		return err
	}
	if len(heard) > 0 {
		if err := cbor.Unmarshal(heard, &c.last); err != nil {
			return err
		}
	}
	p.order.Restore(id)
	p.calls[id] = c
	if c.Over == 0 {
		c.fate.blind = true
	}
	if c.Boot != p.machine.Boot() { // After the death of the machine the wall has to tell how long the call has lasted.
		known := max(c.Setup, c.Connect, c.Heard)
		c.Began = p.machine.Elapsed() - time.Duration(max(p.machine.Now().UnixMicro(), known)-c.Setup)*time.Microsecond
	}
	return nil
}
