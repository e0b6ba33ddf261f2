package traffic

import (
	"sort"
	"time"

	"trunkline/internal/clock"
	"trunkline/reports"
)

// quarter is the resolution of sums: every zone's days and hours are made of whole quarters of an hour.
const (
	quarter       = 15 * time.Minute
	quartersAnDay = 96
	quartersAnHr  = 4
)

// grid divides a period into days of a zone's calendar, and those into quarters of an hour.
type grid struct {
	from, till int64 // Microseconds since 1970.
	zone       *time.Location
	days       []day
}

// day is a day of the calendar.
type day struct {
	begin int64 // Its midnight.
	end   int64 // The next one.
}

func newGrid(p *reports.Period) *grid {
	g := &grid{from: p.From.UnixMicro(), till: p.Until.UnixMicro(), zone: p.Zone}
	for _, d := range p.Days() {
		year, month, n := d.From.In(p.Zone).Date()
		g.days = append(g.days, day{clock.Midnight(year, month, n, p.Zone).UnixMicro(), clock.Midnight(year, month, n+1, p.Zone).UnixMicro()})
	}
	return g
}

func (g *grid) time(at int64) time.Time { return time.UnixMicro(at).In(g.zone) }

// dayOf returns the number of the day that has a moment of the period.
func (g *grid) dayOf(at int64) int {
	return sort.Search(len(g.days), func(i int) bool { return g.days[i].end > at })
}

// quarters is how many quarters of an hour the day has.
func (d *day) quarters() int { return int((d.end - d.begin) / quarter.Microseconds()) }

// quarterOf returns the number of the quarter that has a moment of the day.
func (d *day) quarterOf(at int64) int { return int((at - d.begin) / quarter.Microseconds()) }

// span is the quarter as far as it is in the period; nothing of it may be.
func (g *grid) span(d *day, q int) (from, till int64) {
	from = d.begin + int64(q)*quarter.Microseconds()
	return max(from, g.from), min(from+quarter.Microseconds(), g.till)
}

// whole reports whether four quarters from q on are one hour of the day and of the period.
func (g *grid) whole(d *day, q int) bool {
	if q+quartersAnHr > d.quarters() {
		return false
	}
	from, _ := g.span(d, q)
	_, till := g.span(d, q+quartersAnHr-1)
	return till-from == time.Hour.Microseconds()
}

// reading is what clocks in the zone show when a quarter begins, in quarters since midnight.
func (g *grid) reading(d *day, q int) int {
	at := g.time(d.begin + int64(q)*quarter.Microseconds())
	return at.Hour()*quartersAnHr + at.Minute()/int(quarter.Minutes())
}
