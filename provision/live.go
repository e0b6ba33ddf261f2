package provision

import (
	"net/netip"
	"sync/atomic"
	"time"

	"trunkline/rating"
)

// Live is the snapshot in force, for those who must see a new one as soon as there is one. Every method looks at one
// snapshot; swapping stalls nobody, and what a call in progress holds of an old snapshot stays as it was.
type Live struct {
	now atomic.Pointer[Snapshot]
}

// NewLive begins with a snapshot.
func NewLive(s *Snapshot) *Live {
	l := &Live{}
	l.now.Store(s)
	return l
}

// Swap puts a new snapshot in force.
func (l *Live) Swap(s *Snapshot) { l.now.Store(s) }

// Snapshot returns the snapshot in force.
func (l *Live) Snapshot() *Snapshot { return l.now.Load() }

// Login is Snapshot.Login.
func (l *Live) Login(user string) (Caller, bool) { return l.Snapshot().Login(user) }

// Source is Snapshot.Source.
func (l *Live) Source(addr netip.Addr) (Caller, bool) { return l.Snapshot().Source(addr) }

// Route is Snapshot.Route.
func (l *Live) Route(caller Caller, dialled, callerID string, at time.Time) *Route {
	return l.Snapshot().Route(caller, dialled, callerID, at)
}

// Redirect is Snapshot.Redirect.
func (l *Live) Redirect(r *Route, login, to string, at time.Time) (Target, bool) {
	return l.Snapshot().Redirect(r, login, to, at)
}

// Gateways is Snapshot.Peers.
func (l *Live) Gateways() []Gateway { return l.Snapshot().Peers() }

// Tariff is Snapshot.Tariff.
func (l *Live) Tariff(id string) (*rating.Tariff, bool) { return l.Snapshot().Tariff(id) }
