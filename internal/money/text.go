package money

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Errors of parsing, always wrapped with the text that caused them.
var (
	ErrSyntax    = errors.New("not a decimal number")
	ErrPrecision = errors.New("too many decimal places")
)

// parseFixed reads an optional sign, digits and at most one point into an integer of the given scale.
// Grouping, exponents and commas are refused: a formatted number is not a number.
func parseFixed(s string, scale int) (int64, error) {
	digits, negative := cutSign(s)
	whole, frac, point := strings.Cut(digits, ".")
	if whole == "" && frac == "" || point && frac == "" || !decimalDigits(whole) || !decimalDigits(frac) {
		return 0, fmt.Errorf("%w: %q: want digits with at most one point, for example 12.50", ErrSyntax, s)
	}
	if len(frac) > scale {
		if strings.Trim(frac[scale:], "0") != "" {
			return 0, fmt.Errorf("%w: %q: at most %d", ErrPrecision, s, scale)
		}
		frac = frac[:scale]
	}
	text := strings.TrimLeft(whole, "0") + frac + strings.Repeat("0", scale-len(frac))
	m, err := strconv.ParseUint("0"+text, 10, 64)
	if err != nil || m > math.MaxInt64 {
		return 0, fmt.Errorf("%w: %q", ErrOverflow, s)
	}
	return signed(m, negative)
}

func cutSign(s string) (rest string, negative bool) {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return rest, true
	}
	return strings.TrimPrefix(s, "+"), false
}

func decimalDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// appendFixed writes v with the given scale and no fewer than least decimal places.
func appendFixed(dst []byte, v int64, scale, least int) []byte {
	m := magnitude(v)
	if v < 0 {
		dst = append(dst, '-')
	}
	unit := uint64(pow10(scale)) //nolint:gosec // a power of ten is positive
	dst = strconv.AppendUint(dst, m/unit, 10)
	var room [20]byte // As many digits as a number of 64 bits has.
	frac := strconv.AppendUint(room[:0], m%unit+unit, 10)[1:]
	for len(frac) > least && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	if len(frac) == 0 {
		return dst
	}
	dst = append(dst, '.')
	return append(dst, frac...)
}
