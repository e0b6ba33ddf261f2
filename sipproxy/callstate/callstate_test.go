package callstate_test

import (
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/routing"
	"trunkline/sipproxy/callstate"
)

// written is a call as it lies in journals since the first version: fields by their numbers.
func written() map[int]any {
	dialog := map[int]any{1: "call-1", 2: "sip:101@pbx.test", 3: "l", 4: "sip:7@pbx.test", 5: "r", 6: "sip:101@192.0.2.7", 7: []string{"sip:edge;lr"}, 8: 3, 9: 4, 10: "UDP", 11: "192.0.2.7:5060"}
	return map[int]any{
		1: map[string]any{"Kind": 1, "Tenant": "acme", "Branch": "main", "Extension": "101", "Login": "acme-101"},
		2: "84951112233", 3: "101", 4: 1_000_000, 6: 2_000_000, 7: 3_000_000, 8: time.Minute, 9: true, 10: true, 11: dialog,
		12: []any{map[int]any{1: 1, 2: "alfa-1", 3: "alfa", 11: 200, 12: 16, 13: 2, 15: dialog}}, 13: 0,
		14: map[int]any{1: "id", 2: 5, 3: 1, 4: true, 5: []byte("{}")}, 15: map[int]any{1: "other", 2: true},
		16: time.Hour, 17: "boot", 18: true, 99: "of a newer version",
	}
}

// TestFormerJournals reads what an older or newer proxy has written, and writes the same again.
func TestFormerJournals(t *testing.T) {
	t.Parallel()
	data, err := cbor.Marshal(written())
	require.NoError(t, err)
	got, err := callstate.DecodeCall(data)
	require.NoError(t, err)
	dialog := callstate.Dialog{
		CallID: "call-1", Local: "sip:101@pbx.test", LocalTag: "l", Remote: "sip:7@pbx.test", RemoteTag: "r", Target: "sip:101@192.0.2.7",
		Routes: []string{"sip:edge;lr"}, LocalSeq: 3, RemoteSeq: 4, Transport: "UDP", Source: "192.0.2.7:5060",
	}
	want := &callstate.Call{
		Caller:  routing.Caller{Kind: routing.CallerExtension, Tenant: "acme", Branch: "main", Extension: "101", Login: "acme-101"},
		Dialled: "84951112233", CallerID: "101", Setup: 1_000_000, Connect: 2_000_000, Heard: 3_000_000, Granted: time.Minute, Final: true, Reserved: true,
		Near: dialog, Tries: []callstate.Attempt{{Seq: 1, Gateway: "alfa-1", Carrier: "alfa", Status: 200, Cause: 16, Side: cdr.SideCallee, Far: dialog}},
		Forward: &callstate.Forward{ID: "id", Began: 5, First: 1, Reserved: true, Route: []byte("{}")}, Joint: &callstate.Bridge{Call: "other", Near: true},
		Began: time.Hour, Boot: "boot", Lent: true,
	}
	require.Equal(t, want, got)
	again, err := got.Encode()
	require.NoError(t, err)
	back, err := callstate.DecodeCall(again)
	require.NoError(t, err)
	require.Equal(t, want, back)
	_, err = callstate.DecodeCall([]byte("no CBOR"))
	require.Error(t, err)
}

func TestLastHeard(t *testing.T) {
	t.Parallel()
	empty, err := callstate.DecodeLastHeard(nil)
	require.NoError(t, err)
	require.Zero(t, empty)
	data, err := cbor.Marshal(map[int]any{1: 1_000_000, 2: 2_000_000, 3: map[int]any{1: 3_000_000, 2: 1, 3: 16, 4: "bye", 5: 200}})
	require.NoError(t, err)
	got, err := callstate.DecodeLastHeard(data)
	require.NoError(t, err)
	require.Equal(t, callstate.LastHeard{
		Near: 1_000_000, Far: 2_000_000, Over: &callstate.Release{At: 3_000_000, Side: cdr.SideCaller, Cause: 16, Reason: "bye", Status: 200},
	}, got)
	require.Equal(t, time.Unix(3, 0).UTC(), got.Over.At.Time())
	require.Equal(t, got.Near, callstate.InstantOf(got.Near.Time()))
	require.Zero(t, callstate.InstantOf(time.Time{}))
}

// TestKeys: the keys stand in journals, and each is read back as what it is.
func TestKeys(t *testing.T) {
	t.Parallel()
	id := calls.IDAt(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), 7)
	for key, want := range map[string]string{
		callstate.CallKey(id): "call/" + id.String(), callstate.DecisionKey(id): "why/" + id.String(),
		callstate.LastHeardKey(id): "last/" + id.String(), callstate.ReleaseKey(id): "end/" + id.String(), callstate.RegistrationKey("acme-101"): "phone/acme-101",
	} {
		require.Equal(t, want, key)
		_, call := callstate.CallOf(key)
		_, release := callstate.ReleaseOf(key)
		_, phone := callstate.LoginOf(key)
		require.Equal(t, []bool{key[:3] == "cal", key[:3] == "end", key[:3] == "pho"}, []bool{call, release, phone}, key)
	}
}
