package cell

import (
	"strconv"
	"strings"
	"time"

	"trunkline/internal/money"
)

// Days of a spreadsheet's calendar, counted from 30 December 1899, that are taken for dates: 1982 to 2119.
const (
	firstSerial = 30_000
	lastSerial  = 80_000
)

// serial reads a spreadsheet's day number, with a fraction for the time of day to the nearest second.
func serial(s string, loc *time.Location) (Moment, bool) {
	if len(s) < 5 || s[0] < '0' || s[0] > '9' {
		return Moment{}, false
	}
	whole, frac, _ := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	days, err := strconv.Atoi(whole)
	if len(whole) != 5 || err != nil || days < firstSerial || days > lastSerial || len(frac) > 30 {
		return Moment{}, false
	}
	frac = (frac + strings.Repeat("0", money.RateScale))[:money.RateScale]
	part, err := strconv.ParseInt(frac, 10, 64)
	if err != nil {
		return Moment{}, false
	}
	const unit = 1_000_000_000
	seconds := (part*86400 + unit/2) / unit
	return Moment{
		Time: time.Date(1899, 12, 30+days, 0, 0, int(seconds), 0, loc).UTC(), DayOnly: seconds == 0,
	}, true
}
