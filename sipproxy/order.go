package sipproxy

import "trunkline/internal/calls"

// Clean returns the number of a hold up to which all holds belong to calls that are over and were recorded, in the order in which the ledger made
// them; -1: nothing can be said.
func (p *Proxy) Clean() int64 { return p.order.Clean() }

// Recorded reports whether calls are over and recorded, or were never this proxy's.
func (p *Proxy) Recorded(ids ...calls.ID) bool { return p.order.Recorded(ids...) }

// Told notes which hold the ledger said was made last.
func (p *Proxy) Told(last int64) { p.order.Told(last) }

// Unsure notes that what the ledger said before may not be true any more, because it has gone back in time: of calls that are not
// recorded yet nothing can be said until they are.
func (p *Proxy) Unsure() { p.order.Unsure() }

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
