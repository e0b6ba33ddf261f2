package rating

import (
	"sort"
	"time"
)

// zone is a time zone as a table of its changes, so that local time costs a search in a small array and a change of
// summer time is a boundary like any other. It covers 1970 to 2099; outside of these the nearest offset holds.
type zone struct {
	starts  []int64 // Unix time from which offsets[i] holds; starts[0] is never looked at.
	offsets []int64 // Seconds east of UTC.
}

const zoneEndYear = 2100

func newZone(loc *time.Location) zone {
	end := time.Date(zoneEndYear, 1, 1, 0, 0, 0, 0, time.UTC)
	var z zone
	for t := time.Unix(0, 0); t.Before(end); {
		local := t.In(loc)
		_, offset := local.Zone()
		z.starts = append(z.starts, t.Unix())
		z.offsets = append(z.offsets, int64(offset))
		_, next := local.ZoneBounds()
		if next.IsZero() {
			break
		}
		t = next
	}
	return z
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
