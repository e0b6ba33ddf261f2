package calls_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/calls"
)

// TestDirectionsInTextAndNumbers: the words stand in journals, tariffs and filters, the numbers in stored records.
func TestDirectionsInTextAndNumbers(t *testing.T) {
	t.Parallel()
	for d, want := range map[calls.Direction]struct {
		number uint8
		word   string
	}{
		0:               {0, ""},
		calls.Outbound:  {1, "outbound"},
		calls.Inbound:   {2, "inbound"},
		calls.Forwarded: {3, "forwarded"},
		calls.Internal:  {4, "internal"},
	} {
		require.Equal(t, want.number, uint8(d))
		text, err := json.Marshal(d)
		require.NoError(t, err)
		require.Equal(t, `"`+want.word+`"`, string(text))
		var back calls.Direction
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, d, back)
	}
	_, err := calls.ParseDirection("sideways")
	require.ErrorIs(t, err, calls.ErrDirection)
}

// TestIDsOfOneMoment: an id made of a moment and a salt is the same at every run, sorts by time and tells its time.
func TestIDsOfOneMoment(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	id := calls.IDAt(at, 7)
	require.Equal(t, id, calls.IDAt(at, 7))
	require.NotEqual(t, id, calls.IDAt(at, 8))
	require.Less(t, id.String(), calls.IDAt(at.Add(time.Millisecond), 0).String())
	require.Equal(t, at, id.Time())
	back, err := calls.ParseID(id.String())
	require.NoError(t, err)
	require.Equal(t, id, back)
	raw := id.Bytes()
	back, err = calls.IDFromBytes(raw[:])
	require.NoError(t, err)
	require.Equal(t, id, back)
	_, err = calls.ParseID("no id")
	require.Error(t, err)
	require.True(t, calls.ID{}.IsZero())
}

// TestIDIsAppendedAsItIsWritten holds Append against String.
func TestIDIsAppendedAsItIsWritten(t *testing.T) {
	t.Parallel()
	for salt := range uint64(100) {
		id := calls.IDAt(time.UnixMilli(1_700_000_000_000+int64(salt)), salt*0x9e3779b97f4a7c15)
		require.Equal(t, "call "+id.String(), string(id.Append([]byte("call "))))
	}
}
