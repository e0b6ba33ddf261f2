package registrar_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/sipproxy/journal"
	"trunkline/sipproxy/registrar"
)

// memory is a journal that keeps the last value of each key.
type memory map[string][]byte

func (m memory) Write(changes ...journal.Change) error {
	for _, c := range changes {
		m[c.Key] = c.Value
	}
	return nil
}

func (m memory) Remove(keys ...string) error {
	for _, k := range keys {
		delete(m, k)
	}
	return nil
}

const login = "acme-101"

// phone is a journalled binding in JSON, as former versions wrote it.
func phone(contact, callID string, cseq int, expires time.Time, more string) string {
	return fmt.Sprintf(`{"contact":%q,"transport":"UDP","source":"192.0.2.7:5060","call_id":%q,"cseq":%d,"expires":%q%s}`,
		contact, callID, cseq, expires.Format(time.RFC3339), more)
}

// TestRestart takes back the phones that the journal has: those that have expired are not told of, and a login that is taken out leaves
// nothing behind.
func TestRestart(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	kept := memory{"phone/" + login: []byte("old")}
	r := registrar.New(registrar.Options{Journal: kept, Clock: clock.NewManual(now)})
	text := "[" + phone("sip:101@192.0.2.7", "a", 3, now.Add(time.Minute), `,"path":["sip:edge.example;lr"]`) + "," + phone("sip:101@192.0.2.8", "b", 1, now.Add(-time.Minute), "") + "]"
	require.NoError(t, r.Restore(login, []byte(text)))
	found := r.Contacts(login, now)
	require.Len(t, found, 1)
	require.Equal(t, "101", found[0].URI.User)
	require.Equal(t, "edge.example", found[0].Routes[0].Host)
	require.Equal(t, map[string]int{login: 1}, r.Logins(now))
	require.True(t, r.SpeaksFrom("192.0.2.7:5060"))
	require.False(t, found[0].Origin().Alive(), "its connection was of the former process")

	r.Drop(login, found[0])
	require.Empty(t, r.Contacts(login, now))
	require.Error(t, r.Restore(login, []byte("no JSON")))
	require.Error(t, r.Restore(login, []byte("["+phone("no URI", "a", 1, now, "")+"]")))
}

// TestWaysToOnePhone: ways of one instance are one phone, the latest first (RFC 5626, section 7); others are phones of their own.
func TestWaysToOnePhone(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	phones := registrar.ByPhone([]registrar.Binding{
		{Contact: "a", Instance: "x", RegID: 1, At: at},
		{Contact: "b"},
		{Contact: "c", Instance: "x", RegID: 2, At: at.Add(time.Second)},
		{Contact: "d", Instance: "y", RegID: 1, At: at},
	})
	var got [][]string
	for _, ways := range phones {
		var contacts []string
		for _, b := range ways {
			contacts = append(contacts, b.Contact)
		}
		got = append(got, contacts)
	}
	require.Equal(t, [][]string{{"c", "a"}, {"b"}, {"d"}}, got)
}
