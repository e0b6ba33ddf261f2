package clickhouse_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/reports/traffic"
)

// TestLegsOfLines reads what occupied lines, in the order of setups and over midnight, without what corrections took back.
func TestLegsOfLines(t *testing.T) {
	store, db := open(t)
	begin := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
	imported := func(at time.Time, trunk string, length time.Duration) cdr.Record {
		r := sample(t, "moscow", at, "1", "0")[0]
		r.Source, r.Node, r.Trunk, r.Carrier, r.Gateway = "panasonic", "old", trunk, "", ""
		r.Disconnect = r.Setup.Add(length)
		r.Connect = r.Setup.Add(length / 2)
		r.Slot = cdr.SlotOf(&r.Leg)
		return r
	}
	before := imported(begin.Add(-time.Hour), "1", 2*time.Hour)
	over := imported(begin.Add(-time.Hour), "1", 59*time.Minute)
	second := imported(begin.Add(25*time.Hour), "2", time.Minute)
	first := imported(begin.Add(23*time.Hour), "1", 3*time.Hour)
	late := imported(begin.Add(48*time.Hour), "2", time.Minute)
	moved := imported(begin.Add(2*time.Hour), "9", time.Minute) // Imported again, when its trunk was read otherwise.
	undone, anew := moved, moved
	undone.Sign, anew.Trunk = -1, "8"
	other := imported(begin.Add(time.Hour), "1", time.Minute)
	other.Node = "new"
	calls := sample(t, "moscow", begin.Add(3*time.Hour), "1", "1")
	calls[0].Trunk, calls[1].Trunk = "main", ""
	inbound := sample(t, "moscow", begin.Add(4*time.Hour), "1", "1")
	inbound[0].Trunk, inbound[0].Gateway, inbound[0].Carrier = cdr.CameBy("beta-1"), "", ""
	inbound[1].Trunk, inbound[1].Gateway, inbound[1].Carrier = "main", "", ""
	inbound[0].Connect, inbound[0].Reason = time.Time{}, "capacity"
	records := append([]cdr.Record{before, over, second, first, late, moved, undone, anew, other}, append(calls, inbound...)...)
	require.NoError(t, store.WriteRecords(t.Context(), "lines", records))
	require.NoError(t, db.Migrate(t.Context()), "again")

	read := func(q traffic.Query) (legs []traffic.Leg) {
		q.From, q.Till = begin, begin.Add(48*time.Hour)
		require.NoError(t, store.EachLeg(t.Context(), q, func(l *traffic.Leg) error {
			legs = append(legs, *l)
			return nil
		}))
		return legs
	}
	trunks := func(legs []traffic.Leg) (out []string) {
		for i := range legs {
			l := &legs[i]
			out = append(out, l.Setup.Format("02 15 ")+l.Node+" "+l.Trunk+" "+l.Gateway+" "+l.Carrier)
		}
		return out
	}
	require.Equal(t, []string{"02 23 old 1  ", "03 02 old 8  ", "03 23 old 1  ", "04 01 old 2  "}, trunks(read(traffic.Query{Tenant: "beauty", PBX: "old"})))
	require.Equal(t, []string{
		"02 23 old 1  ", "03 01 new 1  ", "03 02 old 8  ", "03 03 proxy-1 main  ", "03 04 proxy-1 main  ", "03 23 old 1  ", "04 01 old 2  ",
	}, trunks(read(traffic.Query{Tenant: "beauty"})))
	house := read(traffic.Query{})
	require.Equal(t, []string{"03 03 proxy-1  alfa-1 alfa", "03 04 proxy-1  beta-1 "}, trunks(house))
	require.True(t, house[1].Refused)
	require.True(t, house[1].Ingress)
	require.True(t, house[1].Connect.IsZero())
	require.True(t, house[0].Own)
	require.False(t, house[0].Ingress)
	require.Empty(t, read(traffic.Query{Tenant: "another"}))
}
