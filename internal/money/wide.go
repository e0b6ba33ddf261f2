package money

import (
	"errors"
	"math"
	"math/bits"
)

// ErrOverflow is returned when a result does not fit into the 64 bits of its type.
var ErrOverflow = errors.New("amount out of range")

// MulDiv returns a x b / den, rounded by mode to an integer. The product is exact (128 bits), so there is one rounding.
// den must be positive; anything else, and a result outside of int64, is ErrOverflow.
func MulDiv(a, b, den int64, mode Rounding) (int64, error) {
	if den <= 0 {
		return 0, ErrOverflow
	}
	negative := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	d := uint64(den)
	if hi >= d {
		return 0, ErrOverflow
	}
	quo, rem := divide(hi, lo, d)
	if rem != 0 && mode.away(negative, quo&1 == 1, rem, d) {
		quo++
	}
	return signed(quo, negative)
}

func divide(hi, lo, den uint64) (quo, rem uint64) {
	if hi == 0 {
		return lo / den, lo % den
	}
	return bits.Div64(hi, lo, den)
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v) //nolint:gosec // two's complement: the magnitude of the smallest int64 fits into uint64
	}
	return uint64(v)
}

func signed(m uint64, negative bool) (int64, error) {
	if m > math.MaxInt64 {
		return 0, ErrOverflow
	}
	if negative {
		return -int64(m), nil
	}
	return int64(m), nil
}

// pow10 returns ten to the power of n, for 0 <= n <= 18, and 0 outside of it.
func pow10(n int) int64 {
	if n < 0 || n > 18 {
		return 0
	}
	p := [...]int64{
		1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
		1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
	}
	return p[n]
}

func addInt64(a, b int64) (int64, error) {
	sum := a + b
	if (sum > a) != (b > 0) && b != 0 {
		return 0, ErrOverflow
	}
	return sum, nil
}
