package money

import (
	"errors"
	"math/bits"
	"slices"
)

// ErrWeights is returned for weights by which nothing can be shared out: none, a negative one, or all zero.
var ErrWeights = errors.New("weights must be non-negative and not all zero")

// Allocate shares total out by weight so that the parts add up to it exactly: each part gets its share rounded toward
// zero, and the millionths that are left go one each to the largest remainders, the earlier part first among equals.
// The same arguments always give the same parts.
func Allocate(total Amount, weights []int64) ([]Amount, error) {
	return AllocateUnits(total, weights, AmountScale)
}

// AllocateUnits is Allocate in units of scale places, for documents in whole cents. What total has below such a unit
// goes to the part that is served first.
func AllocateUnits(total Amount, weights []int64, scale int) ([]Amount, error) {
	sum, err := totalWeight(weights)
	if err != nil {
		return nil, err
	}
	unit := uint64(pow10(AmountScale - min(max(scale, 0), AmountScale))) //nolint:gosec // a power of ten is positive
	whole := magnitude(total.micros) / unit
	parts := make([]uint64, len(weights))
	rests := make([]uint64, len(weights))
	left := whole
	for i, w := range weights {
		hi, lo := bits.Mul64(whole, uint64(w)) //nolint:gosec // totalWeight refused the negative ones
		parts[i], rests[i] = bits.Div64(hi, lo, sum)
		left -= parts[i]
	}
	order := byRemainder(rests, weights)
	for _, i := range order[:left] {
		parts[i]++
	}
	return scaled(parts, order[0], unit, total)
}

// scaled turns parts in units into amounts and gives the part first what the total has below a unit.
func scaled(parts []uint64, first int, unit uint64, total Amount) ([]Amount, error) {
	out := make([]Amount, len(parts))
	for i, p := range parts {
		m := p * unit
		if i == first {
			m += magnitude(total.micros) % unit
		}
		v, err := signed(m, total.micros < 0)
		if err != nil {
			return nil, err
		}
		out[i] = Amount{v}
	}
	return out, nil
}

// byRemainder returns the positions in the order in which they are served; parts without weight come last.
func byRemainder(rests []uint64, weights []int64) []int {
	order := make([]int, len(rests))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if (weights[a] == 0) != (weights[b] == 0) {
			if weights[a] == 0 {
				return 1
			}
			return -1
		}
		switch {
		case rests[a] > rests[b]:
			return -1
		case rests[a] < rests[b]:
			return 1
		}
		return 0
	})
	return order
}

func totalWeight(weights []int64) (uint64, error) {
	var sum int64
	for _, w := range weights {
		if w < 0 {
			return 0, ErrWeights
		}
		next, err := addInt64(sum, w)
		if err != nil {
			return 0, err
		}
		sum = next
	}
	if sum == 0 {
		return 0, ErrWeights
	}
	return uint64(sum), nil
}
