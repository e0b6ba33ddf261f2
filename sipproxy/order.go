package sipproxy

import (
	"sync"

	"trunkline/cdr"
)

// unknown is a place in the order of holds of which nothing can be said.
const unknown int64 = -1

// order knows where in the order of the ledger's holds those of the calls are that are not recorded yet. The ledger says from time to time
// which hold was made last; those of a call that begins after that are younger.
type order struct {
	mu     sync.Mutex
	last   int64                // Hold that the ledger said was made last.
	floors map[cdr.CallID]int64 // Of calls that are not recorded: their holds are younger.
}

func newOrder(last int64) *order {
	return &order{last: last, floors: make(map[cdr.CallID]int64)}
}

// begin notes a call before money is asked for. It may be repeated.
func (o *order) begin(id cdr.CallID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.floors[id]; !ok {
		o.floors[id] = o.last
	}
}

// restore notes a call of an earlier life.
func (o *order) restore(id cdr.CallID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.floors[id] = unknown
}

// end forgets a call that is recorded.
func (o *order) end(id cdr.CallID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.floors, id)
}

// clean is up to which hold all calls are over and recorded; unknown: nothing can be said.
func (o *order) clean() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	clean := o.last
	for _, floor := range o.floors {
		clean = min(clean, floor)
	}
	return clean
}

// Clean returns the number of a hold up to which all holds belong to calls that are over and were recorded, in the order in which the ledger made
// them; -1: nothing can be said.
func (p *Proxy) Clean() int64 { return p.order.clean() }

// Recorded reports whether calls are over and recorded, or were never this proxy's.
func (p *Proxy) Recorded(ids ...cdr.CallID) bool {
	p.order.mu.Lock()
	defer p.order.mu.Unlock()
	for _, id := range ids {
		if _, ok := p.order.floors[id]; ok {
			return false
		}
	}
	return true
}

// Told notes which hold the ledger said was made last.
func (p *Proxy) Told(last int64) {
	p.order.mu.Lock()
	defer p.order.mu.Unlock()
	p.order.last = last
}

// Unsure notes that what the ledger said before may not be true any more, because it has gone back in time: of calls that are not
// recorded yet nothing can be said until they are.
func (p *Proxy) Unsure() {
	p.order.mu.Lock()
	defer p.order.mu.Unlock()
	p.order.last = unknown
	for id := range p.order.floors {
		p.order.floors[id] = unknown
	}
}

// Halt has calls that cost money refused from now on, with 503 and the reason as a short word; an empty one lets them be placed again. Those in
// progress go on. It may be repeated.
func (p *Proxy) Halt(reason string) { p.halted.Store(&reason) }

// halt is why calls that cost money are refused; empty: they are not.
func (p *Proxy) halt() string {
	if reason := p.halted.Load(); reason != nil && *reason != "" {
		return *reason
	}
	if p.journal.Err() != nil {
		return reasonJournal
	}
	return ""
}
