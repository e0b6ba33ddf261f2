package traffic

import "time"

const hourMicros = float64(time.Hour / time.Microsecond)

// BusyHour is an hour of most traffic.
type BusyHour struct {
	Start   string `json:"start"` // What clocks in the zone show: 10:15.
	Carried Erlang `json:"carried"`
	Offered Erlang `json:"offered"`
	Days    int    `json:"days"` // That it is the mean of.
}

// Day is a day with its busy hour.
type Day struct {
	Date     string    `json:"date"`
	Calls    int64     `json:"calls"`
	Lost     int64     `json:"lost"`
	Carried  Erlang    `json:"carried"` // Mean of the day, as far as it is in the period.
	BusyHour *BusyHour `json:"busy_hour,omitempty"`
}

// Hour is the traffic of an hour as clocks show it, as far as it is in the period.
type Hour struct {
	Start   time.Time `json:"start"`
	Seconds float64   `json:"seconds"` // Its length: 3600 but for the ends of the period.
	Calls   int64     `json:"calls"`
	Lost    int64     `json:"lost"`
	Carried Erlang    `json:"carried"`
	Offered Erlang    `json:"offered"`
}

// offered adds what lost calls would have brought: each as much as a call that was carried.
func (m *meter) offered(b bin) int64 {
	if m.calls == 0 {
		return b.micros
	}
	return b.micros + int64(b.lost)*(m.occupied/m.calls)
}

// days returns the days of the period, each with the busy hour: four quarters that follow each other and carried most (ITU-T E.600).
func (m *meter) days() []Day {
	g := m.bins.grid
	out := make([]Day, 0, len(g.days))
	for n := range g.days {
		d := &g.days[n]
		all := m.bins.sum(n, 0, d.quarters())
		covered := min(d.end, g.till) - max(d.begin, g.from)
		one := Day{
			Date: g.time(d.begin).Format(time.DateOnly), Calls: int64(all.calls), Lost: int64(all.lost), Carried: Erlang(float64(all.micros) / float64(covered)),
		}
		best := bin{}
		for q := range d.quarters() {
			if sum := m.bins.sum(n, q, min(quartersAnHr, d.quarters()-q)); g.whole(d, q) && sum.micros > best.micros {
				best = sum
				one.BusyHour = &BusyHour{
					Start: g.time(d.begin + int64(q)*quarter.Microseconds()).Format("15:04"), Days: 1,
					Carried: Erlang(float64(sum.micros) / hourMicros), Offered: Erlang(float64(m.offered(sum)) / hourMicros),
				}
			}
		}
		out = append(out, one)
	}
	return out
}

// consistent returns the time-consistent busy hour of the period: the hour, beginning at the same time each day, that carried most in
// the mean of the days (ITU-T E.600). An hour that the clock shows twice in a day counts as their mean, and one that it passes over is
// no part of that day. Nil: nothing was carried.
func (m *meter) consistent() *BusyHour {
	var carried, offered [quartersAnDay]float64
	var days [quartersAnDay]int
	g := m.bins.grid
	for n := range g.days {
		var sums [quartersAnDay]struct{ carried, offered, times float64 }
		d := &g.days[n]
		for q := range d.quarters() {
			if start := g.reading(d, q); g.whole(d, q) && g.reading(d, q+quartersAnHr-1) == start+quartersAnHr-1 {
				sum := m.bins.sum(n, q, quartersAnHr)
				sums[start].carried += float64(sum.micros) / hourMicros
				sums[start].offered += float64(m.offered(sum)) / hourMicros
				sums[start].times++
			}
		}
		for start, s := range sums {
			if s.times > 0 {
				carried[start] += s.carried / s.times
				offered[start] += s.offered / s.times
				days[start]++
			}
		}
	}
	var best *BusyHour
	for start, n := range days {
		if n == 0 || carried[start] <= 0 {
			continue
		}
		if mean := Erlang(carried[start] / float64(n)); best == nil || mean > best.Carried {
			best = &BusyHour{Start: clockTime(start), Carried: mean, Offered: Erlang(offered[start] / float64(n)), Days: n}
		}
	}
	return best
}

func clockTime(reading int) string {
	return time.Time{}.Add(time.Duration(reading) * quarter).Format("15:04")
}

// hours returns the hours of the period in which anything happened.
func (m *meter) hours() []Hour {
	g := m.bins.grid
	out := []Hour{}
	for n := range g.days {
		d := &g.days[n]
		if m.bins.days[n] == nil {
			continue
		}
		for q := 0; q < d.quarters(); {
			length := g.sameHour(d, q)
			from, _ := g.span(d, q)
			_, till := g.span(d, q+length-1)
			if sum := m.bins.sum(n, q, length); sum != (bin{}) {
				micros := float64(till - from)
				out = append(out, Hour{
					Start: g.time(from), Seconds: micros / float64(time.Second/time.Microsecond), Calls: int64(sum.calls), Lost: int64(sum.lost),
					Carried: Erlang(float64(sum.micros) / micros), Offered: Erlang(float64(m.offered(sum)) / micros),
				})
			}
			q += length
		}
	}
	return out
}

// sameHour is how many quarters from one on are of the same hour of the clock, and not of its repetition.
func (g *grid) sameHour(d *day, q int) int {
	n := 1
	for q+n < d.quarters() && g.reading(d, q+n) > g.reading(d, q+n-1) && g.reading(d, q+n)/quartersAnHr == g.reading(d, q)/quartersAnHr {
		n++
	}
	return n
}
