package inventory

import (
	"fmt"
	"strconv"
	"strings"

	"trunkline/internal/e164"
)

// MaxRange bounds how many numbers one range has.
const MaxRange = 10_000

// ParseNumbers reads numbers and ranges of numbers of one length: "+74951000001", "+74951000000-+74951000099", or short
// "+74951000000-99".
func ParseNumbers(text string) ([]e164.Number, error) {
	first, last, isRange := strings.Cut(strings.TrimSpace(text), "-")
	from, err := e164.Parse(first)
	if err != nil || !isRange {
		return []e164.Number{from}, err
	}
	digits, end := from.Digits(), strings.TrimPrefix(strings.TrimSpace(last), "+")
	if len(end) < len(digits) {
		end = digits[:len(digits)-len(end)] + end
	}
	low, err1 := strconv.ParseInt(digits, 10, 64)
	high, err2 := strconv.ParseInt(end, 10, 64)
	if err1 != nil || err2 != nil || last == "" || len(end) != len(digits) || high < low {
		return nil, fmt.Errorf("%w: range %q: want two numbers of one length, the lower one first", ErrNumber, text)
	}
	if high-low >= MaxRange {
		return nil, fmt.Errorf("%w: range %q has more than %d numbers", ErrNumber, text, MaxRange)
	}
	out := make([]e164.Number, 0, high-low+1)
	for n := low; n <= high; n++ {
		number, err := e164.Parse(strconv.FormatInt(n, 10))
		if err != nil {
			return nil, err
		}
		out = append(out, number)
	}
	return out, nil
}
