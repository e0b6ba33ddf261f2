package traffic

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"trunkline/internal/clock"
	"trunkline/reports"
)

// ErrQuestion is returned, wrapped, for a question that has no answer.
var ErrQuestion = errors.New("bad question about lines")

// Grade is the grade of service that lines are reckoned for: one call of a hundred may be lost in the busy hour.
const Grade = 0.01

const (
	maxDays   = 100
	maxGroups = 1000
)

// Rest is the id of the group of all lines that nobody set up and that are too many to be told one by one.
const Rest = "*"

// Report is the traffic of trunk groups over a period.
type Report struct {
	Period reports.Period `json:"period"`
	Zone   string         `json:"time_zone"`
	Grade  float64        `json:"grade_of_service"`
	Groups []Traffic      `json:"groups"`
}

// Traffic is that of one group. Hours and days are those of the report's zone.
type Traffic struct {
	Kind  Kind   `json:"kind"`
	Owner string `json:"owner,omitempty"`
	ID    string `json:"id"`
	Lines int    `json:"lines"` // 0: nobody said.

	Calls    int64   `json:"calls"` // That took a line.
	Answered int64   `json:"answered"`
	Lost     int64   `json:"lost"`      // Refused because no line or channel was free.
	LostBusy int64   `json:"lost_busy"` // Of them, while all lines were busy.
	Seconds  float64 `json:"seconds"`   // Of occupied lines.
	Carried  Erlang  `json:"carried"`   // Mean of the period.

	BusyHour *BusyHour `json:"busy_hour,omitempty"` // The time-consistent one.
	Peak     int       `json:"peak"`                // Lines occupied at once.
	PeakAt   time.Time `json:"peak_at,omitzero"`

	AllBusySeconds float64   `json:"all_busy_seconds"`
	AllBusyTimes   int       `json:"all_busy_times"`
	AllBusyLongest float64   `json:"all_busy_longest_seconds"`
	AllBusyAt      time.Time `json:"all_busy_longest_at,omitzero"`

	LongestWait float64 `json:"longest_wait_seconds"` // From the seizure to the answer, or to the end.
	LongestRing float64 `json:"longest_ring_seconds"` // From the first ring.

	Needed     int      `json:"needed"`      // Lines, for the busy hour of the period.
	NeededMost int      `json:"needed_most"` // For the busiest hour of all days.
	Blocking   *float64 `json:"blocking,omitempty"`
	Used       int      `json:"used"`   // Lines that have a name and carried calls.
	Unused     []string `json:"unused"` // Lines that are set up one by one and carried none.
	Days       []Day    `json:"days"`
	Hours      []Hour   `json:"hours"` // In which anything happened.
}

// Question says what is wanted.
type Question struct {
	Tenant, PBX string // As in Query.
	Period      reports.Period
}

// Measure reads the legs of the period, as far as it is over at now, and reckons the traffic of every group.
func Measure(ctx context.Context, store Store, plan Plan, q Question, now time.Time) (*Report, error) {
	p := q.Period
	p.Until = clock.Earlier(p.Until, now.UTC().Truncate(time.Microsecond))
	if p.Zone == nil || !p.From.Before(p.Until) {
		return nil, fmt.Errorf("%w: the period has not begun", ErrQuestion)
	}
	if n := reports.DayNumber(p.Until, p.Zone) - reports.DayNumber(p.From, p.Zone); n > maxDays {
		return nil, fmt.Errorf("%w: it is of %d days: ask for at most %d at a time", ErrQuestion, n, maxDays)
	}
	s := &sweep{grid: newGrid(&p), meters: make(map[Key]*meter)}
	for _, g := range plan.Groups() {
		s.meters[g.Key] = newMeter(g, newBins(s.grid))
	}
	var places []Place
	err := store.EachLeg(ctx, Query{Tenant: q.Tenant, PBX: q.PBX, From: p.From, Till: p.Until}, func(l *Leg) error {
		places = plan.Places(l, places[:0])
		for i := range places {
			s.of(places[i].Key).take(l, places[i].Line)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("traffic of %s: %w", p, err)
	}
	return &Report{Period: p, Zone: p.Zone.String(), Grade: Grade, Groups: s.finish()}, nil
}

// sweep measures all groups.
type sweep struct {
	grid   *grid
	meters map[Key]*meter
}

// of is the meter of a group, or that of the rest where there are too many.
func (s *sweep) of(k Key) *meter {
	m, ok := s.meters[k]
	if ok {
		return m
	}
	if len(s.meters) >= maxGroups && k.ID != Rest {
		return s.of(Key{k.Kind, k.Owner, Rest})
	}
	m = newMeter(Group{Key: k}, newBins(s.grid))
	s.meters[k] = m
	return m
}

func (s *sweep) finish() []Traffic {
	keys := slices.SortedFunc(maps.Keys(s.meters), func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.ID, b.ID))
	})
	out := make([]Traffic, 0, len(keys))
	for _, k := range keys {
		m := s.meters[k]
		m.finish()
		out = append(out, m.traffic())
	}
	return out
}

func seconds(micros int64) float64 { return float64(micros) / float64(time.Second/time.Microsecond) }

// traffic tells what was measured.
func (m *meter) traffic() Traffic {
	g, k := m.bins.grid, m.group.Key
	t := Traffic{
		Kind: k.Kind, Owner: k.Owner, ID: k.ID, Lines: m.group.Lines, Calls: m.calls, Answered: m.answered, Lost: m.lost, LostBusy: m.lostBusy,
		Seconds: seconds(m.occupied), Carried: Erlang(float64(m.occupied) / float64(g.till-g.from)), BusyHour: m.consistent(), Peak: m.peak,
		AllBusySeconds: seconds(m.full.total), AllBusyTimes: m.full.times, AllBusyLongest: seconds(m.full.longest.length),
		LongestWait: m.longest.wait.Seconds(), LongestRing: m.longest.ring.Seconds(), Used: len(m.used), Unused: []string{}, Days: m.days(), Hours: m.hours(),
	}
	if m.peak > 0 {
		t.PeakAt = g.time(m.peakAt)
	}
	if m.full.longest.length > 0 {
		t.AllBusyAt = g.time(m.full.longest.from)
	}
	for _, line := range m.group.Known {
		if _, used := m.used[line]; !used {
			t.Unused = append(t.Unused, line)
		}
	}
	m.dimension(&t)
	return t
}

// dimension reckons the lines that are needed, and how good those there are would be.
func (m *meter) dimension(t *Traffic) {
	for i := range t.Days {
		if b := t.Days[i].BusyHour; b != nil {
			t.NeededMost = max(t.NeededMost, Lines(b.Offered, Grade))
		}
	}
	if t.BusyHour == nil {
		return
	}
	t.Needed = Lines(t.BusyHour.Offered, Grade)
	if t.Lines > 0 {
		b := Blocking(t.BusyHour.Offered, t.Lines)
		t.Blocking = &b
	}
}
