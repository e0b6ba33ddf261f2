package rating

import (
	"sort"
	"time"
)

// zone is a time zone as a table of its changes, so that local time costs a search in a small array and a change of
// summer time is a boundary like any other. It covers 2000 to 2099; outside of these the nearest offset holds.
type zone struct {
	starts  []int64 // Unix time from which offsets[i] holds; starts[0] is never looked at.
	offsets []int64 // Seconds east of UTC.
}

// The years of the table.
const (
	zoneFirstYear = 2000
	zoneEndYear   = 2100
)

// zoneStep is shorter than any time between two changes of a zone, which is about a month.
const zoneStep = 7 * secondsPerDay

// newZone looks at every week, and at the seconds of the weeks in which the offset changes. It does not rely on
// time.Time.ZoneBounds, whose end is not always after the moment for zones that change by a rule for ever.
func newZone(loc *time.Location) zone {
	at := time.Date(zoneFirstYear, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	end := time.Date(zoneEndYear, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	offset := offsetIn(loc, at)
	z := zone{starts: []int64{at}, offsets: []int64{offset}}
	if loc == time.UTC {
		return z
	}
	for ; at < end; at += zoneStep {
		next := offsetIn(loc, at+zoneStep)
		if next == offset {
			continue
		}
		change := sort.Search(zoneStep, func(i int) bool { return offsetIn(loc, at+int64(i)) != offset })
		z.starts = append(z.starts, at+int64(change))
		z.offsets = append(z.offsets, next)
		offset = next
	}
	return z
}

func offsetIn(loc *time.Location, at int64) int64 {
	_, offset := time.Unix(at, 0).In(loc).Zone()
	return int64(offset)
}

// offset returns the offset in force at the moment and the moment of its next change.
func (z *zone) offset(at int64) (offset, until int64) {
	if len(z.starts) == 1 {
		return z.offsets[0], farFuture
	}
	i := max(0, sort.Search(len(z.starts), func(i int) bool { return z.starts[i] > at })-1)
	if i+1 < len(z.starts) {
		return z.offsets[i], z.starts[i+1]
	}
	return z.offsets[i], farFuture
}

// farFuture is a moment after every call, with room for arithmetic.
const farFuture = int64(1) << 60
