package holds

import (
	"sync"

	"trunkline/internal/calls"
)

// Unknown is a place in the order of holds of which nothing can be said.
const Unknown int64 = -1

// Order knows where in the order of the ledger's holds those of the calls are that are not recorded yet. The ledger says from time to time
// which hold was made last; those of a call that begins after that are younger. Make it with New. It is safe for concurrent use.
type Order struct {
	mu     sync.Mutex
	last   int64              // Hold that the ledger said was made last.
	floors map[calls.ID]int64 // Of calls that are not recorded: their holds are younger.
}

// New returns the order of a proxy that knows of no call, and to which the ledger has said which hold was made last, or Unknown.
func New(last int64) *Order {
	return &Order{last: last, floors: make(map[calls.ID]int64)}
}

// Begin notes a call before money is asked for. It may be repeated.
func (o *Order) Begin(id calls.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.floors[id]; !ok {
		o.floors[id] = o.last
	}
}

// Restore notes a call of an earlier life.
func (o *Order) Restore(id calls.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.floors[id] = Unknown
}

// End forgets a call that is recorded.
func (o *Order) End(id calls.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.floors, id)
}

// Clean returns the number of a hold up to which all holds belong to calls that are over and were recorded, in the order in which the
// ledger made them; Unknown: nothing can be said.
func (o *Order) Clean() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	clean := o.last
	for _, floor := range o.floors {
		clean = min(clean, floor)
	}
	return clean
}

// Recorded reports whether calls are over and recorded, or were never this proxy's.
func (o *Order) Recorded(ids ...calls.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range ids {
		if _, ok := o.floors[id]; ok {
			return false
		}
	}
	return true
}

// Told notes which hold the ledger said was made last.
func (o *Order) Told(last int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = last
}

// Unsure notes that what the ledger said before may not be true any more, because it has gone back in time: of calls that are not
// recorded yet nothing can be said until they are.
func (o *Order) Unsure() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = Unknown
	for id := range o.floors {
		o.floors[id] = Unknown
	}
}
