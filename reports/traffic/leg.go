package traffic

import (
	"context"
	"time"
)

// Leg is what of a leg its traffic is reckoned from.
type Leg struct {
	Own     bool   // Of our own proxy; else the record of a system whose records are imported.
	Ingress bool   // Toward us.
	Node    string // Imported: the system.
	Trunk   string // As cdr.Leg.Trunk; the gateway that an inbound call came by stands in Gateway instead.
	Gateway string // Egress: the gateway tried. Ingress: the one that the call came by.
	Carrier string // Egress: of that gateway.

	Setup, Progress, Connect, Disconnect time.Time // As in cdr.Leg.

	Cause   uint8 // Q.850.
	Refused bool  // By us, because all channels were in use.
}

// Query says which legs are wanted.
type Query struct {
	// Tenant is whose lines are looked at: the lines of its systems and its own trunks. Empty: gateways and carriers of all tenants.
	Tenant     string
	PBX        string    // With Tenant: only of this system.
	From, Till time.Time // UTC.
}

// Store has the legs.
type Store interface {
	// EachLeg calls do with every leg in force that occupied a line in [From, Till) or was refused one, in the order of their setups,
	// without holding them in memory. The leg is used again after do has returned.
	EachLeg(ctx context.Context, q Query, do func(*Leg) error) error
}

// Kind is what a trunk group is.
type Kind string

// The kinds of trunk groups.
const (
	PBX     Kind = "pbx"     // Lines of a system whose records are imported.
	Trunk   Kind = "trunk"   // A client's own trunk.
	Gateway Kind = "gateway" // Of a carrier, both ways.
	Carrier Kind = "carrier" // All gateways of it.
)

// Key is the identity of a trunk group.
type Key struct {
	Kind  Kind
	Owner string // The system, or the carrier of a gateway.
	ID    string
}

// Group is a trunk group as it is set up.
type Group struct {
	Key
	Lines int      // 0: not known.
	Known []string // Lines that are set up one by one.
}

// Place is where a leg took a line.
type Place struct {
	Key
	Line string // Empty: lines have no names.
}

// Plan knows the trunk groups.
type Plan interface {
	// Groups are those that are set up. They are told even if they carried nothing.
	Groups() []Group
	// Places are the groups that carried a leg, appended to places; none: it took no line that is looked at.
	Places(l *Leg, places []Place) []Place
}

// answered reports whether the leg was connected.
func (l *Leg) answered() bool { return !l.Connect.IsZero() }

// Causes of Q.850 that tell of lines (section 2.2.7): no circuit available, congestion, the channel asked for not available, no
// resources.
const (
	causeUserBusy    = 17
	causeNoCircuit   = 34
	causeCongestion  = 42
	causeNoChannel   = 44
	causeNoResources = 47
)

// lost reports whether a leg was lost because no line of a group was free. allBusy tells that all were occupied when it came: a busy
// signal means the lines then, and not the party.
func (l *Leg) lost(k Kind, allBusy bool) bool {
	switch {
	case l.answered():
		return false
	case l.Refused:
		return k == Trunk && l.Ingress
	case l.Own && l.Ingress:
		return false // What it failed at was further on.
	}
	switch l.Cause {
	case causeNoCircuit, causeCongestion, causeNoChannel, causeNoResources:
		return true
	}
	return allBusy && l.Cause == causeUserBusy
}
