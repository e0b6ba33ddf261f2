package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/ledger"
)

// TestPeriodsTile checks, in zones that change at midnight, skip days and count in quarters of an hour, that every
// moment is in exactly one period and that the neighbours of a period are its neighbours.
func TestPeriodsTile(t *testing.T) {
	var zones []*time.Location
	for _, name := range []string{
		"UTC", "Europe/Moscow", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana", "Asia/Beirut",
		"Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Atlantic/Azores", "Africa/Cairo",
	} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		zones = append(zones, zone)
	}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		period := rapid.SampledFrom(ledger.Periods()).Draw(t, "period")
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0)
		start, end := period.Bounds(at, zone)
		require.False(t, at.Before(start), "begins %s", start)
		require.True(t, at.Before(end), "ends %s", end)
		_, previousEnd := period.Bounds(start.Add(-time.Second), zone)
		require.True(t, previousEnd.Equal(start), "the one before ends %s", previousEnd)
		nextStart, _ := period.Bounds(end, zone)
		require.True(t, nextStart.Equal(end), "the next begins %s", nextStart)
		again, _ := period.Bounds(end.Add(-time.Second), zone)
		require.True(t, again.Equal(start))
	})
}

func TestPeriodBounds(t *testing.T) {
	for _, c := range []struct{ zone, period, at, start, end string }{
		{"Europe/Moscow", "day", "2026-11-03T20:59:59Z", "2026-11-02T21:00:00Z", "2026-11-03T21:00:00Z"},
		{"Europe/Moscow", "month", "2026-11-30T21:00:00Z", "2026-11-30T21:00:00Z", "2026-12-31T21:00:00Z"},
		{"Europe/Berlin", "day", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		{"Europe/Berlin", "day", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		{"Europe/Berlin", "week", "2026-10-25T12:00:00Z", "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"},
		{"Asia/Beirut", "day", "2026-03-29T06:00:00Z", "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"},     // No midnight.
		{"Atlantic/Azores", "day", "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"}, // Two.
		{"UTC", "week", "2026-11-01T12:00:00Z", "2026-10-26T00:00:00Z", "2026-11-02T00:00:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		require.NoError(t, err)
		period, err := ledger.ParsePeriod(c.period)
		require.NoError(t, err)
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		start, end := period.Bounds(at, zone)
		require.Equal(t, c.start, start.UTC().Format(time.RFC3339), c)
		require.Equal(t, c.end, end.UTC().Format(time.RFC3339), c)
	}
}
