package smdr_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
	"trunkline/internal/calls"
)

// Calls of switches have full numbers at both ends. Whose they are says which way a call went, and never their lengths alone.
func TestDirectionByWhoseTheNumbersAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, from, to string
		read           calls.Direction
		guessed        bool
		second         bool
		unnumbered     bool
		reason         string
		want           calls.Direction
		extension      string
		number         string
		answerer       string
	}{
		{name: "a stranger to an own number", from: "79161234567", to: "4930100", read: calls.Forwarded, guessed: true, want: calls.Inbound, extension: "102", number: "4930100"},
		{name: "a stranger to an extension", from: "79161234567", to: "101", read: calls.Inbound, guessed: true, want: calls.Inbound, extension: "101"},
		{name: "an own number to a stranger", from: "4930100", to: "0079161234567", read: calls.Forwarded, guessed: true, want: calls.Outbound, extension: "102"},
		{name: "an extension to a stranger", from: "101", to: "0079161234567", read: calls.Outbound, guessed: true, want: calls.Outbound, extension: "101"},
		{name: "an extension to an own number", from: "101", to: "4930100", read: calls.Outbound, guessed: true, want: calls.Internal, extension: "101"},
		{name: "with the access code", from: "101", to: "94930100", read: calls.Outbound, guessed: true, want: calls.Internal, extension: "101"},
		{name: "strangers", from: "79161234567", to: "00491511234567", read: calls.Forwarded, guessed: true, want: calls.Forwarded},
		{name: "strangers, and nobody knows whose numbers are whose", from: "79161234567", to: "00491511234567", read: calls.Forwarded, guessed: true, unnumbered: true, reason: "list the client's numbers"},
		{name: "the system says outbound", from: "101", to: "0079161234567", read: calls.Outbound, want: calls.Outbound, extension: "101"},
		{name: "outbound to an own number", from: "101", to: "4930100", read: calls.Outbound, want: calls.Internal, extension: "101"},
		{name: "a second leg alone", from: "101", to: "0079161234567", read: calls.Outbound, guessed: true, second: true, reason: "second leg"},
		{name: "a second leg of a forwarded call", from: "79161234567", to: "00491511234567", read: calls.Forwarded, guessed: true, second: true, want: calls.Forwarded},
		{name: "a stranger to an own number that a phone answers", from: "79161234567", to: "4930100", read: calls.Forwarded, guessed: true, answerer: "2910", want: calls.Inbound, extension: "2910", number: "4930100"},
		{name: "an extension to a stranger, by a line that looks like a phone", from: "101", to: "0079161234567", read: calls.Outbound, guessed: true, answerer: "2910", want: calls.Outbound, extension: "101"},
		{name: "question marks", from: "101", to: "8495123????", read: calls.Outbound, reason: "secret dialling"},
		{name: "privacy dialling", from: "101", to: "123456XX", read: calls.Outbound, reason: "secret dialling"},
		{name: "hidden digits", from: "101", to: "112.....", read: calls.Outbound, reason: "secret dialling"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &placed{}
			m := smdr.Mapper{Tenant: "acme", PBX: "old", Plan: p, Prefix: "9", Numbered: !c.unnumbered}
			call := smdr.Call{
				Direction: c.read, Guessed: c.guessed, Longest: 5, Second: c.second, From: c.from, To: c.to, Answered: true, Duration: time.Minute,
				Extension: c.from, Answerer: c.answerer, Start: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC),
			}
			if c.read == calls.Inbound {
				call.Extension = c.to
			}
			leg, reason := m.Leg(&call)
			if c.reason != "" {
				require.Contains(t, reason, c.reason)
				return
			}
			require.Empty(t, reason)
			require.Equal(t, c.want, leg.Direction)
			require.Equal(t, c.extension, p.asked)
			require.Equal(t, c.number, leg.Number)
		})
	}
}

// placed is the plan that remembers which extension it was asked for.
type placed struct {
	plan
	asked string
}

func (p *placed) Place(extension, _, _ string, _ time.Time) smdr.Place {
	p.asked = extension
	return smdr.Place{Branch: "berlin", Extension: extension, Tariff: "retail"}
}
