package traffic_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/reports"
	"trunkline/reports/traffic"
)

// shelf has legs in memory, in the order of their setups.
type shelf []traffic.Leg

func (s shelf) EachLeg(_ context.Context, q traffic.Query, do func(*traffic.Leg) error) error {
	sorted := slices.Clone(s)
	slices.SortStableFunc(sorted, func(a, b traffic.Leg) int { return a.Setup.Compare(b.Setup) })
	for i := range sorted {
		l := &sorted[i]
		began := !l.Setup.Before(q.From)
		if !l.Setup.Before(q.Till) || !began && !l.Disconnect.After(q.From) {
			continue
		}
		if err := do(l); err != nil {
			return err
		}
	}
	return nil
}

// city is a plan of one group.
type city struct {
	lines int
	known []string
}

func (city) key() traffic.Key { return traffic.Key{Kind: traffic.PBX, Owner: "old", ID: "city"} }

func (c city) Groups() []traffic.Group {
	return []traffic.Group{{Key: c.key(), Lines: c.lines, Known: c.known}}
}

func (c city) Places(l *traffic.Leg, places []traffic.Place) []traffic.Place {
	if l.Trunk == "" {
		return places
	}
	return append(places, traffic.Place{Key: c.key(), Line: l.Trunk})
}

func berlin(tb testing.TB) *time.Location {
	tb.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(tb, err)
	return zone
}

func measure(tb testing.TB, s traffic.Store, p traffic.Plan, from, till time.Time, zone *time.Location) *traffic.Report {
	tb.Helper()
	r, err := traffic.Measure(tb.Context(), s, p, traffic.Question{Tenant: "acme", Period: reports.Span(from, till, zone)}, till)
	require.NoError(tb, err)
	return r
}

// call is answered after ring and lasts in all.
func call(trunk string, at time.Time, ring, all time.Duration) traffic.Leg {
	return traffic.Leg{Node: "old", Ingress: true, Trunk: trunk, Setup: at, Progress: at, Connect: at.Add(ring), Disconnect: at.Add(all), Cause: 16}
}

func busy(trunk string, at time.Time) traffic.Leg {
	return traffic.Leg{Node: "old", Ingress: true, Trunk: trunk, Setup: at, Disconnect: at, Cause: 17}
}

// TestAllLinesBusy follows two lines of three: from 9:10 to 9:20 and from 9:30 on without a break to 9:50 none is free.
func TestAllLinesBusy(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 3, hour, minute, 0, 0, zone) }
	s := shelf{
		call("1", at(9, 0), 10*time.Second, 20*time.Minute),
		call("2", at(9, 10), 40*time.Second, 20*time.Minute), // With the first one: 9:10 to 9:20.
		busy("2", at(9, 15)), // No line was free.
		busy("2", at(9, 25)), // The party was busy: a line was.
		{Node: "old", Ingress: true, Trunk: "1", Setup: at(9, 26), Disconnect: at(9, 26), Cause: 34}, // Lost whatever we know.
		call("1", at(9, 30), time.Second, 20*time.Minute),
		call("2", at(9, 30), time.Second, 10*time.Minute),
		call("2", at(9, 40), time.Second, 10*time.Minute), // In the moment in which the line was released.
		{Node: "old", Ingress: true, Trunk: "1", Setup: at(10, 0), Progress: at(10, 0), Disconnect: at(10, 2), Cause: 19},
	}
	r := measure(t, s, city{2, []string{"1", "2", "3"}}, at(0, 0), at(24, 0), zone)
	require.Len(t, r.Groups, 1)
	g := r.Groups[0]
	require.Equal(t, int64(7), g.Calls)
	require.Equal(t, int64(5), g.Answered)
	require.Equal(t, int64(2), g.Lost)
	require.Equal(t, int64(1), g.LostBusy)
	require.Equal(t, 2, g.Peak)
	require.True(t, at(9, 10).Equal(g.PeakAt))
	require.Equal(t, 2, g.AllBusyTimes)
	require.InDelta(t, 30*60, g.AllBusySeconds, 0)
	require.InDelta(t, 20*60, g.AllBusyLongest, 0)
	require.True(t, at(9, 30).Equal(g.AllBusyAt))
	require.InDelta(t, 120, g.LongestWait, 0)
	require.InDelta(t, 120, g.LongestRing, 0)
	require.Equal(t, []string{"3"}, g.Unused)
	require.Equal(t, 2, g.Used)

	require.Len(t, g.Hours, 2)
	require.InDelta(t, 80.0/60, float64(g.Hours[0].Carried), 1e-9)
	require.InDelta(t, 2.0/60, float64(g.Hours[1].Carried), 1e-9)
	hold := 82.0 / 7
	require.InDelta(t, (80+2*hold)/60, float64(g.Hours[0].Offered), 1e-6)
	require.Equal(t, "09:00", g.BusyHour.Start)
	require.Equal(t, traffic.Lines(g.BusyHour.Offered, traffic.Grade), g.Needed)
	require.NotNil(t, g.Blocking)

	text, err := json.Marshal(g.Hours[0].Carried)
	require.NoError(t, err)
	require.Equal(t, "1.3333", string(text))
}

// TestMidnightAndTheClockChange carries one line from 23:00 on the day before summer time ends to 4:00: six hours, of which two are
// shown as 2.
func TestMidnightAndTheClockChange(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	begin := time.Date(2026, 10, 24, 23, 0, 0, 0, zone)
	s := shelf{call("1", begin, time.Second, 6*time.Hour)}
	whole := measure(t, s, city{1, nil}, time.Date(2026, 10, 24, 0, 0, 0, 0, zone), time.Date(2026, 10, 26, 0, 0, 0, 0, zone), zone).Groups[0]
	var starts []string
	for _, h := range whole.Hours {
		require.InDelta(t, 1, float64(h.Carried), 1e-9)
		require.InDelta(t, 3600, h.Seconds, 0)
		starts = append(starts, h.Start.Format("02 15:04 -0700"))
	}
	require.Equal(t, []string{
		"24 23:00 +0200", "25 00:00 +0200", "25 01:00 +0200", "25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100",
	}, starts)
	require.Len(t, whole.Days, 2)
	require.InDelta(t, 5.0/25, float64(whole.Days[1].Carried), 1e-9, "the day has 25 hours")
	require.InDelta(t, 6*3600, whole.AllBusySeconds, 0)
	require.Equal(t, 1, whole.AllBusyTimes)
	require.Equal(t, "00:00", whole.BusyHour.Start, "a day of one erlang and one of none; of equal ones the earliest")
	require.InDelta(t, 0.5, float64(whole.BusyHour.Carried), 1e-9)

	second := measure(t, s, city{1, nil}, time.Date(2026, 10, 25, 0, 0, 0, 0, zone), time.Date(2026, 10, 26, 0, 0, 0, 0, zone), zone).Groups[0]
	require.Zero(t, second.Calls, "it began the day before")
	require.InDelta(t, 5*3600, second.Seconds, 0)
	require.Equal(t, 1, second.Peak)

	march := time.Date(2026, 3, 29, 1, 30, 0, 0, zone)
	s = shelf{call("1", march, time.Second, time.Hour)}
	spring := measure(t, s, city{1, nil}, time.Date(2026, 3, 29, 0, 0, 0, 0, zone), time.Date(2026, 3, 30, 0, 0, 0, 0, zone), zone).Groups[0]
	require.Len(t, spring.Hours, 2)
	require.Equal(t, "03:00", spring.Hours[1].Start.Format("15:04"))
	require.InDelta(t, 0.5, float64(spring.Hours[1].Carried), 1e-9)
	require.Equal(t, "01:30", spring.Days[0].BusyHour.Start)
}

// TestTimeConsistentBusyHour finds the hour that is busiest in the mean, which is that of no day (ITU-T E.500).
func TestTimeConsistentBusyHour(t *testing.T) {
	t.Parallel()
	var s shelf
	fill := func(day, hour, minute, lines int) {
		for range lines {
			s = append(s, call("1", time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC), time.Second, time.Hour))
		}
	}
	fill(2, 9, 0, 10)
	fill(2, 10, 15, 8)
	fill(3, 10, 15, 8)
	fill(3, 15, 0, 10)
	g := measure(t, s, city{}, time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC), time.UTC).Groups[0]
	require.Equal(t, "10:15", g.BusyHour.Start)
	require.InDelta(t, 8, float64(g.BusyHour.Carried), 1e-9)
	require.Equal(t, 2, g.BusyHour.Days)
	require.Equal(t, "09:00", g.Days[0].BusyHour.Start)
	require.Equal(t, "15:00", g.Days[1].BusyHour.Start)
	require.Equal(t, 15, g.Needed, "15 lines carry 8.11 erlangs")
	require.Equal(t, 18, g.NeededMost)
	require.Nil(t, g.Blocking, "nobody said how many lines there are")
	require.Equal(t, 10, g.Peak)
}

// TestQuestionsWithoutAnAnswer refuses them, and looks no further than now.
func TestQuestionsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	ask := func(from, till, now time.Time) (*traffic.Report, error) {
		return traffic.Measure(t.Context(), shelf{}, city{}, traffic.Question{Period: reports.Span(from, till, time.UTC)}, now)
	}
	_, err := ask(at, at.AddDate(0, 0, 1), at.Add(-time.Hour))
	require.ErrorIs(t, err, traffic.ErrQuestion)
	_, err = ask(at, at.AddDate(0, 0, 101), at.AddDate(1, 0, 0))
	require.ErrorIs(t, err, traffic.ErrQuestion)
	r, err := ask(at, at.AddDate(0, 1, 0), at.Add(36*time.Hour))
	require.NoError(t, err)
	require.Len(t, r.Groups[0].Days, 2)
	require.Equal(t, at.Add(36*time.Hour), r.Period.Until)
}

// TestErlangHoursAreTheSecondsOfTheCalls holds, whatever the calls, that the hours add up to the seconds that lines were occupied in the
// period, and that the peak is that of counting call by call.
func TestErlangHoursAreTheSecondsOfTheCalls(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	from, till := time.Date(2026, 10, 24, 0, 0, 0, 0, zone), time.Date(2026, 10, 27, 0, 0, 0, 0, zone)
	rapid.Check(t, func(t *rapid.T) {
		from := from.Add(time.Duration(rapid.Int64Range(0, 7200).Draw(t, "cut")) * time.Second)
		var s shelf
		var seconds float64
		for range rapid.IntRange(0, 60).Draw(t, "calls") {
			at := from.Add(time.Duration(rapid.Int64Range(-20*3600, 71*3600).Draw(t, "setup")) * time.Second)
			length := time.Duration(rapid.Int64Range(0, 20*3600).Draw(t, "length")) * time.Second
			s = append(s, call("1", at, 0, length))
			begin, end := max(0, at.Sub(from)), min(till.Sub(from), at.Add(length).Sub(from))
			seconds += max(0, end-begin).Seconds()
		}
		lines := rapid.IntRange(0, 10).Draw(t, "lines")
		r, err := traffic.Measure(context.Background(), s, city{lines, nil}, traffic.Question{Period: reports.Span(from, till, zone)}, till)
		require.NoError(t, err)
		g := r.Groups[0]
		var sum float64
		for _, h := range g.Hours {
			sum += float64(h.Carried) * h.Seconds
			if h.Start.After(from) {
				require.InDelta(t, 3600, h.Seconds, 0)
			}
		}
		require.InDelta(t, seconds, sum, 1e-3)
		require.InDelta(t, seconds, g.Seconds, 1e-6)
		most, full := occupancy(s, from, till, lines)
		require.Equal(t, most, g.Peak)
		require.InDelta(t, full.Seconds(), g.AllBusySeconds, 1e-6)
	})
}

// occupancy counts, at every moment in which anything changes, the calls in progress.
func occupancy(s shelf, from, till time.Time, lines int) (most int, full time.Duration) {
	moments := []time.Time{from, till}
	for i := range s {
		for _, at := range []time.Time{s[i].Setup, s[i].Disconnect} {
			if at.After(from) && at.Before(till) {
				moments = append(moments, at)
			}
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	for i := range len(moments) - 1 {
		n := 0
		for k := range s {
			if !s[k].Setup.After(moments[i]) && s[k].Disconnect.After(moments[i]) {
				n++
			}
		}
		if moments[i+1].Equal(moments[i]) {
			continue
		}
		most = max(most, n)
		if lines > 0 && n >= lines {
			full += moments[i+1].Sub(moments[i])
		}
	}
	return most, full
}

func BenchmarkMeasureMillion(b *testing.B) {
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s := make(shelf, 1_000_000)
	for i := range s {
		s[i] = call("1", begin.Add(time.Duration(i)*2592*time.Millisecond), time.Second, 3*time.Minute)
	}
	for b.Loop() {
		measure(b, s, city{60, nil}, begin, begin.AddDate(0, 1, 0), time.UTC)
	}
}
