package cdr

import (
	"fmt"
	"strings"
	"time"

	"trunkline/internal/calls"
	"trunkline/internal/e164"
)

// SourceSIP marks legs that our own proxy saw. Importers use their format's name.
const SourceSIP = "sip"

// Why nobody pays for a call that is otherwise one that is paid for, in the place of its tariff. No tariff has such an id.
const (
	FreeEmergency = "free:emergency" // It is to an emergency service.
	FreeBetween   = "free:between"   // It is between clients of the house, who pay nothing for that.
)

// Leg is one side of a call: the ingress leg toward us (Seq 0) or one attempt away from us (Seq 1, 2, ...).
// It is written once, when the leg is over, and never changed. (Call, Seq) is its identity everywhere:
// whoever consumes legs may see one many times and must act on it once.
type Leg struct {
	Call      calls.ID
	Seq       uint16
	Kind      Kind
	Direction calls.Direction
	Source    string // SourceSIP or the name of the importer's format.
	Node      string // The proxy or collector that wrote the leg.

	Tenant    string
	Branch    string
	Extension string
	Number    string // The tenant's own number (DID) that was called, in E.164 digits, if one was.
	Tariff    string // The tariff that the tenant pays by, chosen when the call was routed; or one of the Free words.

	Carrier string // Egress: the carrier tried. Ingress: the carrier that connected the call, if any.
	Gateway string // As Carrier.
	Deck    string // Egress: the carrier's deck that the cost is computed by. Ingress: the deck that a cost-plus sale is built on, if it is.

	From     e164.Number // Caller, normalised; zero when the caller has no public number.
	To       e164.Number // Called, normalised; zero for internal calls.
	CallerID string      // The caller's identity as it was sent or received.
	Dialled  string      // The digits as they were dialled (ingress) or sent (egress).

	Setup      time.Time // INVITE received or sent; UTC, microseconds.
	Progress   time.Time // First 18x; zero when there was none.
	Connect    time.Time // 200 to the INVITE; zero when unanswered.
	Disconnect time.Time // BYE, or the final failure.

	// Granted is how long the call was allowed to last from Connect on, because money was reserved for just that.
	// The sale is never computed on more than it. Zero means no bound.
	Granted time.Duration
	// Reserved tells that money is being held for the call under its calls.ID, to be released when this leg is settled.
	Reserved bool
	// Draw is what the call has of its proxy's quota, where nothing is held under its own calls.ID. It is given back when this leg is settled.
	Draw Draw

	SIPStatus  uint16 // Final status of the INVITE; 200 for an answered leg.
	Cause      uint8  // Q.850 cause.
	ReleasedBy Side
	Reason     string // Why we refused or ended it, as a short word; empty when the parties did.

	SIPCallID string // The Call-ID header of this leg's dialog.
	Remote    string // Address of the other end, host:port.
	Trace     []byte // Ingress: the routing decision, compact JSON; see lcr.Decision.
	Verdict   string // What a verification of the caller's identity said (RFC 8224, verstat); empty: nobody verified it.
	Raw       string // Importers: the line that the leg was made of.

	// Trunk is what carried the leg besides a carrier's gateway. Importers: the line or channel as the system recorded it. Ours: the
	// client's own trunk, by its id; on ingress also the gateway that an inbound call came by, as CameBy writes it.
	Trunk string
}

// cameBy stands before the id of a gateway in Trunk; no id of a client's trunk has a slash.
const cameBy = "gateway/"

// CameBy writes the gateway that an inbound call came by as a Trunk.
func CameBy(gateway string) string { return cameBy + gateway }

// CameByGateway returns the gateway that the leg came by; empty: it came by none.
func (l *Leg) CameByGateway() string {
	if l.Source != SourceSIP {
		return ""
	}
	gateway, ok := strings.CutPrefix(l.Trunk, cameBy)
	if !ok {
		return ""
	}
	return gateway
}

// ID returns the identity of the leg as text, "callid/seq".
func (l *Leg) ID() string { return fmt.Sprintf("%s/%d", l.Call, l.Seq) }

// Answered reports whether the leg was connected.
func (l *Leg) Answered() bool { return !l.Connect.IsZero() }

// Duration is the time from connection to disconnection; zero for an unanswered leg, never negative.
func (l *Leg) Duration() time.Duration {
	if !l.Answered() {
		return 0
	}
	return max(0, l.Disconnect.Sub(l.Connect))
}

// Chargeable is the duration that the tenant is charged for: Duration, bounded by what was granted.
func (l *Leg) Chargeable() time.Duration {
	d := l.Duration()
	if l.Granted > 0 {
		return min(d, l.Granted)
	}
	return d
}

// PDD is the post-dial delay: from the INVITE to the first indication of ringing or to the final answer
// (RFC 6076, section 4.3, session request delay). It is zero when there was neither.
func (l *Leg) PDD() time.Duration {
	switch {
	case !l.Progress.IsZero():
		return max(0, l.Progress.Sub(l.Setup))
	case !l.Connect.IsZero():
		return max(0, l.Connect.Sub(l.Setup))
	}
	return 0
}
