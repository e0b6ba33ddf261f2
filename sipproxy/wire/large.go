package wire

import (
	"net/netip"
	"sync"
	"time"
)

// MaxDatagram is the size above which a request is not to go over UDP (RFC 3261, section 18.1.1).
const MaxDatagram = 1300

const (
	refusedFor  = 10 * time.Minute // An address that took no connection is not asked for one for so long.
	refusedMost = 4096
)

// refusedStreams remembers which addresses take no connections.
type refusedStreams struct {
	mu sync.Mutex
	at map[netip.AddrPort]time.Time
}

func (r *refusedStreams) note(remote netip.AddrPort, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at == nil || len(r.at) >= refusedMost {
		r.at = make(map[netip.AddrPort]time.Time)
	}
	r.at[remote] = at
}

func (r *refusedStreams) lately(remote netip.AddrPort, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.at[remote]
	return ok && now.Sub(at) < refusedFor
}

// Stream returns a connection over TCP to the other end of a UDP flow, for a request that is too large for a datagram. There
// is one once a first such request has asked for it, and if the other end takes connections; until then, and else, such
// requests go over UDP in fragments rather than not at all.
func (f Flow) Stream() (Flow, bool) {
	w := f.wire
	if f.socket == nil || w.streamless.lately(f.remote, w.clock.Now()) {
		return Flow{}, false
	}
	for _, s := range w.streams {
		if s.local.transport != TCP || !s.local.reaches(f.remote) {
			continue
		}
		stream, err := w.conns.to(&s.local, f.remote, "")
		return stream, err == nil && stream.conn.open.Load()
	}
	return Flow{}, false
}
