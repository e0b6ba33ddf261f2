package routing

import (
	"net/netip"
	"sync/atomic"
	"time"

	"trunkline/provision"
	"trunkline/rating"
)

// Live is the table in force, for parts that must see a new one as soon as there is one. Every method looks at one
// table; swapping stalls nobody, and what a call in progress holds of an old table stays as it was.
type Live struct {
	now atomic.Pointer[Table]
}

// NewLive begins with what is provisioned at first.
func NewLive(s *provision.Snapshot) *Live {
	l := &Live{}
	l.Swap(s)
	return l
}

// Swap puts what is provisioned now in force. It takes as long as NewTable does.
func (l *Live) Swap(s *provision.Snapshot) { l.now.Store(NewTable(s)) }

// Table returns the table in force.
func (l *Live) Table() *Table { return l.now.Load() }

// Snapshot returns what the table in force was made of.
func (l *Live) Snapshot() *provision.Snapshot { return l.Table().Setup() }

// Login is Table.Login.
func (l *Live) Login(user string) (Caller, bool) { return l.Table().Login(user) }

// Source is Table.Source.
func (l *Live) Source(addr netip.Addr) (Caller, bool) { return l.Table().Source(addr) }

// Route is Table.Route.
func (l *Live) Route(caller Caller, dialled, callerID string, at time.Time) *Route {
	return l.Table().Route(caller, dialled, callerID, at)
}

// Redirect is Table.Redirect.
func (l *Live) Redirect(r *Route, login, to string, at time.Time) (Target, bool) {
	return l.Table().Redirect(r, login, to, at)
}

// Gateways is Table.Peers.
func (l *Live) Gateways() []provision.Gateway { return l.Table().Peers() }

// Tariff is Snapshot.Tariff of what is provisioned.
func (l *Live) Tariff(id string) (*rating.Tariff, bool) { return l.Snapshot().Tariff(id) }
