package smdr

import "time"

// fixedZone is the offset that an abbreviation has everywhere, in hours; abbreviations that mean several zones (CST, IST,
// BST) are left out.
func fixedZone(name string) (hours int, ok bool) {
	switch name {
	case "UTC", "GMT", "Z", "WET":
		return 0, true
	case "CET", "WEST":
		return 1, true
	case "EET", "CEST":
		return 2, true
	case "MSK", "EEST":
		return 3, true
	case "MSD", "SAMT":
		return 4, true
	case "YEKT":
		return 5, true
	case "OMST":
		return 6, true
	case "KRAT", "NOVT":
		return 7, true
	case "IRKT":
		return 8, true
	case "YAKT":
		return 9, true
	case "VLAT":
		return 10, true
	case "MAGT":
		return 11, true
	case "PETT":
		return 12, true
	case "EST":
		return -5, true
	case "EDT":
		return -4, true
	case "PDT":
		return -7, true
	case "PST":
		return -8, true
	}
	return 0, false
}

// abbreviated returns the moment at which a clock showed wall and named its zone so. The zone of the system knows its
// abbreviations best; false: the
// abbreviation is known neither there nor everywhere.
func (s *stamper) abbreviated(wall time.Time, name string) (at time.Time, ok bool) {
	near := s.local(wall)
	for _, t := range [...]time.Time{near, near.Add(-3 * time.Hour), near.Add(3 * time.Hour)} {
		if zone, offset := t.Zone(); zone == name {
			return wall.Add(-time.Duration(offset) * time.Second).In(s.zone), true
		}
	}
	for month := range time.Month(12) { // The clock may be set to a season that it is not.
		if zone, offset := time.Date(wall.Year(), month+1, 1, 12, 0, 0, 0, s.zone).Zone(); zone == name {
			return wall.Add(-time.Duration(offset) * time.Second).In(s.zone), true
		}
	}
	hours, ok := fixedZone(name)
	return wall.Add(-time.Duration(hours) * time.Hour).In(s.zone), ok
}
