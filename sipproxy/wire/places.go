package wire

import (
	"container/list"
	"net/netip"
	"time"
)

// Most connections that others make are those of strangers until they have proven who they are. Strangers have a part of the places, and
// not for long; what is left is kept for gateways, trunks and phones.
const (
	strangerShare  = 4                // Strangers have no more than a quarter of the places.
	strangerSource = 16               // One address no more than a sixteenth of them, unproven.
	strangerTime   = 30 * time.Second // How long a connection may stay that has not proven who it is.
	messageTime    = 10 * time.Second // In which a message is to be there as a whole, from its first byte on.
	reservedShare  = 16               // What gateways and our own connections may have beyond the bound, as a part of it.
)

// places counts connections. It belongs to the connTable, whose lock guards it.
type places struct {
	max       int
	strangers list.List // Of *streamConn, the oldest first.
	bySource  map[netip.Addr]int
	unproven  map[netip.Addr]int
}

func newPlaces(limit int) places {
	return places{max: limit, bySource: make(map[netip.Addr]int), unproven: make(map[netip.Addr]int)}
}

// enter takes a place for a connection, where there is one. all is how many there are. The oldest stranger makes room for a new one.
func (p *places) enter(c *streamConn, all int) error {
	source := c.key.remote.Addr()
	if c.proven.Load() { // Ours, or a gateway's.
		if all >= p.max+max(1, p.max/reservedShare) {
			return errTooManyConns
		}
		p.bySource[source]++
		return nil
	}
	if all >= p.max || p.unproven[source] >= max(1, p.max/strangerSource) || p.bySource[source] >= max(1, p.max/sourceShare) {
		return errTooManyConns
	}
	if p.strangers.Len() >= max(1, p.max/strangerShare) {
		if oldest, ok := p.strangers.Front().Value.(*streamConn); ok {
			p.known(oldest)
			oldest.close()
		}
	}
	p.bySource[source]++
	p.unproven[source]++
	c.stranger = p.strangers.PushBack(c)
	return nil
}

// known takes a connection out of the strangers.
func (p *places) known(c *streamConn) {
	if c.stranger == nil {
		return
	}
	p.strangers.Remove(c.stranger)
	c.stranger = nil
	drop(p.unproven, c.key.remote.Addr())
}

// leave gives the place of a connection back.
func (p *places) leave(c *streamConn) {
	p.known(c)
	drop(p.bySource, c.key.remote.Addr())
}

func drop(counts map[netip.Addr]int, source netip.Addr) {
	if counts[source]--; counts[source] <= 0 {
		delete(counts, source)
	}
}

// Prove says that the other end of the flow has proven who it is: its connection may stay. It may be repeated; of UDP nothing is kept.
func (f Flow) Prove() {
	if f.conn == nil || f.conn.proven.Swap(true) {
		return
	}
	t := f.conn.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.places.known(f.conn)
}

// expel ends a connection that has not proven in time who it is.
func (c *streamConn) expel() {
	if !c.proven.Load() {
		c.table.wire.expelled.Add(1)
		c.close()
	}
}
