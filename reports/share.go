package reports

import (
	"fmt"
	"strconv"
)

// Share is a part of a whole, such as ASR: kept as both, so that shares of groups can be put together.
type Share struct {
	Part, Whole int64
}

// String returns the share in percent with two places, rounded half up, or "" where the whole is nothing.
func (s Share) String() string {
	if s.Whole <= 0 {
		return ""
	}
	hundredths := (s.Part*20_000 + s.Whole) / (2 * s.Whole)
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

// MarshalJSON writes the percentage as a number, or null.
func (s Share) MarshalJSON() ([]byte, error) {
	if s.Whole <= 0 {
		return []byte("null"), nil
	}
	return []byte(s.String()), nil
}

// Minutes writes seconds as minutes with two places, cut off.
func Minutes(seconds int64) string {
	sign := ""
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return sign + strconv.FormatInt(seconds/60, 10) + fmt.Sprintf(".%02d", seconds%60*100/60)
}
