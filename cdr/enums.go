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
