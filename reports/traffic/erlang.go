package traffic

import (
	"math"
	"strconv"
)

// Erlang is an intensity of traffic: the mean number of lines that are occupied at once.
type Erlang float64

// String returns the intensity with two places.
func (e Erlang) String() string { return strconv.FormatFloat(float64(e), 'f', 2, 64) }

// MarshalJSON writes four places; a month of an hour's traffic is not told more exactly.
func (e Erlang) MarshalJSON() ([]byte, error) {
	const places = 1e4
	return strconv.AppendFloat(nil, math.Round(float64(e)*places)/places, 'f', -1, 64), nil
}

// Blocking is the probability that a call finds all lines busy, by Erlang's first formula (Erlang B): calls come at random from many
// sources, and those that are blocked do not come again.
func Blocking(offered Erlang, lines int) float64 {
	a, b := float64(offered), 1.0
	if a <= 0 {
		if lines > 0 {
			return 0
		}
		return b
	}
	for n := 1; n <= lines; n++ {
		b = a * b / (float64(n) + a*b)
	}
	return b
}

// maxLines bounds what Lines answers.
const maxLines = 1_000_000

// Lines is the smallest number of lines that loses no more than a part of the traffic offered, such as 0.01. Without traffic it is 0.
func Lines(offered Erlang, grade float64) int {
	a, b := float64(offered), 1.0
	if a <= 0 {
		return 0
	}
	n := 0
	for b > grade && n < maxLines {
		n++
		b = a * b / (float64(n) + a*b)
	}
	return n
}
