package cdr

// Kind tells on which side of us a leg is.
type Kind uint8

// The kinds of a leg. The numbers are part of the codec and of the stored rows.
const (
	Ingress Kind = 1 // Toward us: the caller's side. The tenant is charged for it.
	Egress  Kind = 2 // Away from us: one attempt at a gateway or an extension. The carrier charges for it.
)

// String returns the word used in reports and filters.
func (k Kind) String() string {
	switch k {
	case Ingress:
		return "ingress"
	case Egress:
		return "egress"
	}
	return "unknown"
}

// Direction tells how a call runs with respect to its tenant.
type Direction uint8

// The directions. The numbers are part of the codec and of the stored rows.
const (
	Outbound  Direction = 1 // From an extension or trunk of the tenant to the world.
	Inbound   Direction = 2 // From the world to a number of the tenant.
	Forwarded Direction = 3 // From the world to a number of the tenant that sends it on to the world.
	Internal  Direction = 4 // Between extensions of one tenant; it costs nothing.
)

// String returns the word used in reports, tariffs and filters.
func (d Direction) String() string {
	switch d {
	case Outbound:
		return "outbound"
	case Inbound:
		return "inbound"
	case Forwarded:
		return "forwarded"
	case Internal:
		return "internal"
	}
	return "unknown"
}

// ParseDirection reads the word that String writes.
func ParseDirection(word string) (Direction, bool) {
	for d := Outbound; d <= Internal; d++ {
		if d.String() == word {
			return d, true
		}
	}
	return 0, false
}

// Side tells who ended a call or an attempt.
type Side uint8

// The sides that can end a call. The numbers are part of the codec and of the stored rows.
const (
	SideCaller  Side = 1 // The calling party hung up or cancelled.
	SideCallee  Side = 2 // The called party or its carrier hung up or refused.
	SideLimit   Side = 3 // We ended it: the money or the time granted was used up.
	SideTimer   Side = 4 // We ended it: nobody answered in time, or an end fell silent.
	SideAdmin   Side = 5 // We ended it: an operator dropped the call.
	SideRouting Side = 6 // We refused it: no route, not allowed, no capacity, no credit.
	SideFault   Side = 7 // We ended it: the proxy stopped or failed.
)

// String returns the word used in reports and filters.
func (s Side) String() string {
	switch s {
	case SideCaller:
		return "caller"
	case SideCallee:
		return "callee"
	case SideLimit:
		return "limit"
	case SideTimer:
		return "timer"
	case SideAdmin:
		return "operator"
	case SideRouting:
		return "routing"
	case SideFault:
		return "fault"
	}
	return "unknown"
}
