package smdr_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
)

// plan is a small company: extensions of three digits, numbers with 00 in front.
type plan struct{ place smdr.Place }

func (p plan) Place(string, string, string, time.Time) smdr.Place { return p.place }

// Own knows extensions of three digits, and one number that is that of 102.
func (p plan) Own(digits string) (smdr.Owned, bool) {
	if digits == "4930100" {
		return smdr.Owned{Number: e164.MustParse("4930100"), Extension: "102"}, true
	}
	return smdr.Owned{Extension: digits}, len(digits) == 3
}

func (p plan) Dialled(_, digits string) (e164.Number, string) {
	if len(digits) == 3 {
		return e164.Number{}, digits
	}
	if len(digits) > 4 && digits[:2] == "00" {
		digits = digits[2:]
	}
	n, err := e164.Parse(digits)
	if err != nil || len(digits) < 6 {
		return e164.Number{}, ""
	}
	return n, ""
}

func byNumber(m *smdr.Mapper) { m.ByNumber = func(tariff string) bool { return tariff == "retail" } }

func TestLegs(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	base := smdr.Mapper{Tenant: "acme", PBX: "old", Plan: plan{smdr.Place{Branch: "berlin", Extension: "101", Tariff: "retail"}}, Prefix: "9"}
	for _, c := range []struct {
		name      string
		call      smdr.Call
		change    func(*smdr.Mapper)
		reason    string
		direction calls.Direction
		to        string
		talk      time.Duration
		tariff    string
		status    uint16
	}{
		{name: "outbound", call: smdr.Call{Direction: calls.Outbound, To: "900491511234567", Answered: true, Duration: time.Minute}, direction: calls.Outbound, to: "491511234567", talk: time.Minute, tariff: "retail", status: 200},
		{name: "outbound to an extension", call: smdr.Call{Direction: calls.Outbound, To: "102", Answered: true, Duration: time.Minute}, direction: calls.Internal, talk: time.Minute, status: 200},
		{name: "unknown number", call: smdr.Call{Direction: calls.Outbound, To: "12345", Answered: true, Duration: time.Minute}, reason: "the dial plan does not know"},
		{name: "unknown and unanswered", call: smdr.Call{Direction: calls.Outbound, To: "12345", Cause: "USER_BUSY"}, direction: calls.Outbound, tariff: "retail", status: 486},
		{name: "inbound", call: smdr.Call{Direction: calls.Inbound, From: "491511234567", Number: "4930100", Answered: true, Duration: time.Second}, direction: calls.Inbound, to: "4930100", talk: time.Second, tariff: "retail", status: 200},
		{name: "inbound, of a switch", call: smdr.Call{Direction: calls.Inbound, From: "491511234567", To: "004930100", Answered: true, Duration: time.Second}, direction: calls.Inbound, to: "4930100", talk: time.Second, tariff: "retail", status: 200},
		{name: "inbound, of nobody knows what", call: smdr.Call{Direction: calls.Inbound, From: "491511234567", To: "101", Trunk: "3", Answered: true, Duration: time.Second}, direction: calls.Inbound, talk: time.Second, tariff: "retail", status: 200},
		{name: "inbound by number", call: smdr.Call{Direction: calls.Inbound, From: "491511234567", To: "101", Trunk: "3", Answered: true, Duration: time.Second}, change: byNumber, reason: "which number was called"},
		{name: "inbound by number, unanswered", call: smdr.Call{Direction: calls.Inbound, From: "491511234567", To: "101", Trunk: "3"}, change: byNumber, direction: calls.Inbound, tariff: "retail", status: 480},
		{name: "no direction, long", call: smdr.Call{From: "101", To: "00491511234567", Answered: true, Duration: time.Second}, direction: calls.Outbound, to: "491511234567", talk: time.Second, tariff: "retail", status: 200},
		{name: "no direction, short", call: smdr.Call{From: "101", To: "102"}, direction: calls.Internal, status: 480},
		{name: "no direction, nothing", call: smdr.Call{From: "101", To: ""}, reason: "does not tell"},
		{name: "tie line", call: smdr.Call{Direction: calls.Outbound, To: "00491511234567", Answered: true, Duration: time.Second}, change: func(m *smdr.Mapper) { m.Plan = plan{smdr.Place{Internal: true}} }, direction: calls.Internal, talk: time.Second, status: 200},
		{name: "seizure", call: smdr.Call{Direction: calls.Outbound, To: "00491511234567", Answered: true, Duration: time.Minute}, change: func(m *smdr.Mapper) { m.Seizure = 8 * time.Second }, direction: calls.Outbound, to: "491511234567", talk: 52 * time.Second, tariff: "retail", status: 200},
		{name: "only seizure", call: smdr.Call{Direction: calls.Outbound, To: "00491511234567", Answered: true, Duration: 5 * time.Second}, change: func(m *smdr.Mapper) { m.Seizure = 8 * time.Second }, direction: calls.Outbound, to: "491511234567", tariff: "retail", status: 480},
		{name: "rounded up", call: smdr.Call{Direction: calls.Outbound, To: "00491511234567", Answered: true, Duration: 61 * time.Second}, change: func(m *smdr.Mapper) { m.RoundTo, m.Round = time.Minute, "up" }, direction: calls.Outbound, to: "491511234567", talk: 2 * time.Minute, tariff: "retail", status: 200},
		{name: "rounded down", call: smdr.Call{Direction: calls.Outbound, To: "00491511234567", Answered: true, Duration: 119 * time.Second}, change: func(m *smdr.Mapper) { m.RoundTo, m.Round = time.Minute, "down" }, direction: calls.Outbound, to: "491511234567", talk: time.Minute, tariff: "retail", status: 200},
		{name: "rounded to the nearest", call: smdr.Call{Direction: calls.Outbound, To: "00491511234567", Answered: true, Duration: 90 * time.Second}, change: func(m *smdr.Mapper) { m.RoundTo, m.Round = time.Minute, "nearest" }, direction: calls.Outbound, to: "491511234567", talk: 2 * time.Minute, tariff: "retail", status: 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := base
			if c.change != nil {
				c.change(&m)
			}
			c.call.Start, c.call.Wall, c.call.Source, c.call.Raw = start, start, "samsung", "raw"
			leg, reason := m.Leg(&c.call)
			if c.reason != "" {
				require.Contains(t, reason, c.reason)
				return
			}
			require.Empty(t, reason)
			require.Equal(t, c.direction, leg.Direction)
			require.Equal(t, c.call.Trunk, leg.Trunk)
			require.Equal(t, c.to, leg.To.Digits())
			require.Equal(t, c.talk, leg.Duration())
			require.Equal(t, c.tariff, leg.Tariff)
			require.Equal(t, c.status, leg.SIPStatus)
			require.Equal(t, "samsung", leg.Source)
			require.Equal(t, "raw", leg.Raw)
		})
	}
}

// The identity depends on what was recorded and on whose system it is, and on nothing that may be set up differently later.
func TestIdentityOfLegs(t *testing.T) {
	t.Parallel()
	m := smdr.Mapper{Tenant: "acme", PBX: "old", Plan: plan{}}
	call := smdr.Call{Direction: calls.Internal, Wall: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), Digest: 5}
	id := func(m smdr.Mapper, c smdr.Call) calls.ID {
		leg, reason := m.Leg(&c)
		require.Empty(t, reason)
		return leg.Call
	}
	first := id(m, call)
	other := m
	other.Plan, other.Seizure = plan{smdr.Place{Branch: "koeln"}}, time.Second
	require.Equal(t, first, id(other, call))
	moved := call
	moved.Start = call.Wall.Add(time.Hour)
	require.Equal(t, first, id(m, moved))
	again := call
	again.Again = 1
	require.NotEqual(t, first, id(m, again))
	other = m
	other.PBX = "new"
	require.NotEqual(t, first, id(other, call))
}
