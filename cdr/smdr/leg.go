package smdr

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
)

// Place is whose a call is.
type Place struct {
	Branch    string
	Extension string
	Tariff    string
	CallerID  e164.Number // The number that the extension shows to others.
	Number    e164.Number // The own number on the line of the call.
	Internal  bool        // The line leads to another system of the tenant.
}

// Plan knows the tenant whose system it is.
type Plan interface {
	// Place says whose a call was at a moment.
	Place(extension, account, trunk string, at time.Time) Place
	// Dialled reads digits by the dial plan of a branch: a number, or a short number of the tenant, or neither.
	Dialled(branch, digits string) (to e164.Number, extension string)
	// Own reports whether digits are the client's, and what they are there: an extension, or one of its numbers.
	Own(digits string) (Owned, bool)
}

// Owned is what digits of a client are.
type Owned struct {
	Number    e164.Number // One of its numbers; zero: it is an extension.
	Extension string      // The extension, or that of the number; empty when the number belongs to none.
}

// Mapper makes legs of the calls of one system.
type Mapper struct {
	Tenant  string
	PBX     string
	Plan    Plan
	Prefix  string        // Access code in front of what is dialled.
	Seizure time.Duration // Outgoing calls are counted from the seizure: so much too long.
	RoundTo time.Duration // Durations are rounded to this; 0: they are not.
	Round   string        // up, down or nearest.
	// ByNumber reports whether inbound calls have a price by a tariff: then it has to be known which number was called. Nil: none has.
	ByNumber func(tariff string) bool
	// Numbered reports whether the client's numbers are known: then what is none of them is a stranger's.
	Numbered bool
}

// Faults of calls that were read and cannot be rated.
const (
	FaultNumber    = "the dial plan does not know the number"
	FaultHidden    = "the system hides digits of the number that was dialled (secret dialling): switch that off at the system, or settle this entry"
	FaultStrangers = "caller and called are both unknown: list the client's numbers under numbers, so that it can be told which calls came in and which were forwarded"
	FaultSecond    = "it is the second leg of a call whose first leg was not read with it: give both in one file, or let the switch record first legs only (log-b-leg false)"
	FaultDirection = "the record does not tell whether the call was incoming or outgoing"
	FaultCalled    = "the record does not tell which number was called, and inbound calls have a price: give the number of its trunk under pbxs.trunks"
)

// sipStatus are the answers of SIP that stand for what happened, for reports that count by them.
const (
	statusAnswered = 200
	statusNoAnswer = 480
	statusBusy     = 486
)

// Causes of Q.850, section 2.2.7.
const (
	causeNormal   = 16
	causeBusy     = 17
	causeNoAnswer = 19
)

// Leg makes the leg of a call; the reason is not empty when it cannot be rated. The same call always gets the same id,
// whatever the provisioning says.
func (m *Mapper) Leg(recorded *Call) (cdr.Leg, string) {
	e := m.ends(recorded)
	call, fault := m.decide(recorded, &e)
	c := &call
	place := m.Plan.Place(c.Extension, c.Account, c.Trunk, c.Start)
	leg := cdr.Leg{
		Call: m.id(c), Kind: cdr.Ingress, Direction: c.Direction, Source: c.Source, Node: m.PBX, Tenant: m.Tenant,
		Branch: place.Branch, Extension: place.Extension, CallerID: c.From, Dialled: c.To, Raw: c.Raw, Trunk: c.Trunk,
	}
	if fault != "" {
		return leg, fault
	}
	if reason := m.parties(c, &place, &e, &leg); reason != "" {
		return leg, reason
	}
	m.times(c, &leg)
	if leg.Direction != calls.Internal {
		leg.Tariff = place.Tariff
	}
	return leg, ""
}

// id is made of what the system recorded, and of nothing that can be set up differently tomorrow.
func (m *Mapper) id(c *Call) calls.ID {
	var tail [16]byte
	binary.LittleEndian.PutUint64(tail[:8], c.Digest)
	binary.LittleEndian.PutUint64(tail[8:], uint64(c.Again)) //nolint:gosec // A small count.
	h := xxhash.New()
	_, _ = h.WriteString(m.Tenant + "\x00" + m.PBX + "\x00")
	_, _ = h.Write(tail[:])
	return calls.IDAt(c.Wall, h.Sum64())
}

func (m *Mapper) parties(c *Call, place *Place, e *ends, leg *cdr.Leg) string {
	if place.Internal {
		leg.Direction = calls.Internal
	}
	if leg.Direction == 0 {
		leg.Direction = m.guess(place.Branch, c)
	}
	switch leg.Direction {
	case calls.Internal:
		return ""
	case calls.Inbound:
		return m.inbound(c, place, e, leg)
	case calls.Outbound, calls.Forwarded:
		return m.outbound(c, place, leg)
	}
	return FaultDirection
}

// guess tells the direction of a call whose record does not.
func (m *Mapper) guess(branch string, c *Call) calls.Direction {
	number, extension := m.Plan.Dialled(branch, m.outside(c.To))
	switch {
	case extension != "" && len(c.From) <= len(extension)+2:
		return calls.Internal
	case extension != "":
		return calls.Inbound
	case !number.IsZero():
		return calls.Outbound
	}
	return 0
}

// outside takes the access code off.
func (m *Mapper) outside(digits string) string {
	if rest, ok := strings.CutPrefix(digits, m.Prefix); ok && rest != "" {
		return rest
	}
	return digits
}

func (m *Mapper) outbound(c *Call, place *Place, leg *cdr.Leg) string {
	leg.From = place.CallerID
	if hidden(c.To) {
		if c.Answered {
			return FaultHidden + ": " + quote(c.To)
		}
		return ""
	}
	number, extension := m.Plan.Dialled(place.Branch, m.outside(c.To))
	if extension != "" {
		leg.Direction = calls.Internal
		return ""
	}
	leg.To = number
	if number.IsZero() && c.Answered {
		return FaultNumber + " " + quote(c.To)
	}
	return ""
}

func (m *Mapper) inbound(c *Call, place *Place, e *ends, leg *cdr.Leg) string {
	leg.To = place.Number
	if leg.To.IsZero() {
		leg.To = e.called.Number
	}
	if number, _ := m.Plan.Dialled(place.Branch, c.Number); !number.IsZero() {
		leg.To = number
	}
	if number, _ := m.Plan.Dialled(place.Branch, c.To); leg.To.IsZero() && !number.IsZero() {
		leg.To = number // Records of switches have the number called where those of PBXs have the extension.
	}
	leg.Number = leg.To.Digits()
	number, extension := m.Plan.Dialled(place.Branch, c.From)
	if extension != "" && c.Number == "" && c.Trunk == "" {
		leg.Direction = calls.Internal
		return ""
	}
	leg.From = number
	if leg.To.IsZero() && c.Answered && m.ByNumber != nil && m.ByNumber(place.Tariff) {
		return FaultCalled
	}
	return ""
}

func (m *Mapper) times(c *Call, leg *cdr.Leg) {
	ring, talk, answered := c.Ring, c.Duration, c.Answered
	if answered && m.Seizure > 0 && leg.Direction != calls.Inbound {
		taken := min(talk, m.Seizure)
		talk -= taken
		ring += taken
		answered = talk > 0
	}
	talk = m.rounded(talk)
	leg.Setup = c.Start.UTC()
	leg.Disconnect = leg.Setup.Add(ring)
	leg.ReleasedBy = cdr.SideCaller
	leg.SIPStatus, leg.Cause = statusNoAnswer, causeNoAnswer
	if ring > 0 {
		leg.Progress = leg.Setup
	}
	switch {
	case answered:
		leg.Connect = leg.Setup.Add(ring)
		leg.Disconnect = leg.Connect.Add(talk)
		leg.SIPStatus, leg.Cause = statusAnswered, causeNormal
	case strings.Contains(strings.ToLower(c.Cause), "busy"):
		leg.SIPStatus, leg.Cause = statusBusy, causeBusy
	case strings.HasPrefix(c.Source, "cisco-cucm"): // Its causes are those of Q.850, in decimal.
		if n, err := strconv.ParseUint(c.Cause, 10, 7); err == nil && n > 0 {
			leg.Cause = uint8(n)
		}
	}
}

func (m *Mapper) rounded(d time.Duration) time.Duration {
	if m.RoundTo <= 0 {
		return d
	}
	switch m.Round {
	case "down":
		return d.Truncate(m.RoundTo)
	case "up":
		return (d + m.RoundTo - 1).Truncate(m.RoundTo)
	}
	return d.Round(m.RoundTo)
}
