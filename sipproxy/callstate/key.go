package callstate

import (
	"strings"

	"trunkline/internal/calls"
)

// The kinds of entries, by the beginnings of their keys. The id of a call stands behind that of the first four, the login
// behind that of the last.
const (
	callPrefix         = "call/"
	decisionPrefix     = "why/"  // The routing decision about a call, as it is stored with it.
	lastHeardPrefix    = "last/" // What was last heard of the ends of a call, and that it is over.
	releasePrefix      = "end/"  // Calls whose end the ledger was not told.
	registrationPrefix = "phone/"
)

// CallKey is the key of a Call.
func CallKey(id calls.ID) string { return keyOf(callPrefix, id) }

// DecisionKey is the key of the routing decision about a call, which is JSON.
func DecisionKey(id calls.ID) string { return keyOf(decisionPrefix, id) }

// LastHeardKey is the key of a LastHeard.
func LastHeardKey(id calls.ID) string { return keyOf(lastHeardPrefix, id) }

// ReleaseKey is the key of the note that the ledger does not know yet that a call is over.
func ReleaseKey(id calls.ID) string { return keyOf(releasePrefix, id) }

// RegistrationKey is the key of the phones of a login, which are JSON.
func RegistrationKey(login string) string { return registrationPrefix + login }

// keyOf makes a key in one piece: a call has a dozen written.
func keyOf(prefix string, id calls.ID) string {
	const longest = 5 + 36
	return string(id.Append(append(make([]byte, 0, longest), prefix...)))
}

// CallOf returns the id of a call, as text, of the key of a Call.
func CallOf(key string) (id string, ok bool) { return strings.CutPrefix(key, callPrefix) }

// ReleaseOf returns the id of a call, as text, of a ReleaseKey.
func ReleaseOf(key string) (id string, ok bool) { return strings.CutPrefix(key, releasePrefix) }

// LoginOf returns the login of a RegistrationKey.
func LoginOf(key string) (login string, ok bool) { return strings.CutPrefix(key, registrationPrefix) }
