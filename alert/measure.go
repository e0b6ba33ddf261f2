package alert

import (
	"slices"
	"strconv"

	"trunkline/internal/money"
)

// LongestRun returns the length of the longest run of numbers one after the other: 3 for 49301, 49302 and 49303.
func LongestRun(numbers []string) int64 {
	values := make([]uint64, 0, len(numbers))
	for _, n := range numbers {
		if v, err := strconv.ParseUint(n, 10, 64); err == nil {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	var longest, run int64
	for i, v := range values {
		switch {
		case i > 0 && v == values[i-1]:
			continue
		case i > 0 && v == values[i-1]+1:
			run++
		default:
			run = 1
		}
		longest = max(longest, run)
	}
	return longest
}

// SpikeOf returns how many times the mean of former values a value is, to six places. A value below least is none, and of
// a client without a past it is the value against least.
func SpikeOf(value money.Amount, former []money.Amount, least money.Amount) (money.Amount, error) {
	if value.Less(least) || value.Sign() <= 0 {
		return money.Amount{}, nil
	}
	sum, err := money.Sum(former...)
	if err != nil {
		return money.Amount{}, err
	}
	var mean money.Amount
	if len(former) > 0 {
		if mean, err = sum.MulDiv(1, int64(len(former)), money.HalfUp); err != nil {
			return money.Amount{}, err
		}
	}
	if mean.Less(least) {
		mean = least
	}
	if mean.Sign() <= 0 {
		mean = money.FromMicros(one)
	}
	return money.FromMicros(one).MulDiv(value.Micros(), mean.Micros(), money.HalfUp)
}

// one is the ratio 1 to six places.
const one = 1_000_000
