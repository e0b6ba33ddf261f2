package clock

import "time"

// Midnight returns the first moment of a day of a zone's calendar, in UTC; day and month may be out of their ranges, as in
// time.Date. That does not say which moment it means where a change of summer time makes a midnight that there is not or
// twice: here it is the first of two, and the moment of the change for none.
func Midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	wall := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	before, after := offset(wall.AddDate(0, 0, -1), zone), offset(wall.AddDate(0, 0, 1), zone)
	first := wall.Add(-max(before, after))
	if offset(first, zone) == max(before, after) {
		return first
	}
	return wall.Add(-min(before, after))
}

func offset(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
