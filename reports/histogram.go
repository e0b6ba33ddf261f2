package reports

import (
	"maps"
	"math"
	"slices"
	"time"
)

// Histogram counts delays by classes that are 5 % wide to each side: a delay of d milliseconds is in the class
// round(10 ln d). Classes can be added and taken away, so percentiles stay right after corrections.
type Histogram map[uint8]int64

// ClassOf returns the class of a delay.
func ClassOf(d time.Duration) uint8 {
	ms := max(1, float64(d.Microseconds())/1000)
	return uint8(min(255, math.RoundToEven(10*math.Log(ms))))
}

// Add adds another histogram.
func (h Histogram) Add(other Histogram) {
	for class, n := range other {
		h[class] += n
	}
}

// Percentile returns the delay that so many of a hundred do not exceed, to within 5 %; 0 where there are none.
func (h Histogram) Percentile(percent int64) time.Duration {
	var all int64
	for _, n := range h {
		all += n
	}
	if all <= 0 {
		return 0
	}
	rank := (all*percent + 99) / 100
	var seen int64
	for _, class := range slices.Sorted(maps.Keys(h)) {
		if seen += h[class]; seen >= rank {
			return time.Duration(math.Exp(float64(class)/10) * float64(time.Millisecond)).Round(time.Millisecond)
		}
	}
	return 0
}
