package e164

import (
	"errors"
	"fmt"
	"strings"
)

// MaxDigits is the longest international number (ITU-T E.164, section 6.1).
const MaxDigits = 15

// ErrInvalid is returned, wrapped, for text that is no number or prefix.
var ErrInvalid = errors.New("not an E.164 number")

// Number is an international number: one to fifteen digits, the first of them not zero.
// The zero value is no number. Numbers are comparable with ==.
type Number struct {
	digits string
}

// Parse reads a number with or without a leading "+". Spaces, dots, hyphens and parentheses
// between digits are passed over. Anything else is ErrInvalid.
func Parse(s string) (Number, error) {
	digits, err := clean(s)
	if err != nil {
		return Number{}, err
	}
	if digits == "" || digits[0] == '0' || len(digits) > MaxDigits {
		return Number{}, fmt.Errorf("%w: %q: want 1 to %d digits that begin with a country code", ErrInvalid, s, MaxDigits)
	}
	return Number{digits}, nil
}

// MustParse is Parse for literals in tests and tables; it panics on an error.
func MustParse(s string) Number {
	n, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return n
}

// Digits returns the digits without "+", or "" for no number.
func (n Number) Digits() string { return n.digits }

// String returns the number with its "+", or "" for no number.
func (n Number) String() string {
	if n.digits == "" {
		return ""
	}
	return "+" + n.digits
}

// Emergency reports whether n is one that phones take for a call of distress in every country (3GPP TS 22.101, section 10.1). Which
// other numbers lead to one is told by the dial plan of a country.
func (n Number) Emergency() bool { return n.digits == "112" || n.digits == "911" }

// IsZero reports whether n is no number.
func (n Number) IsZero() bool { return n.digits == "" }

// HasPrefix reports whether n begins with p. Every number begins with the empty prefix.
func (n Number) HasPrefix(p Prefix) bool { return strings.HasPrefix(n.digits, p.digits) }

// Prefix returns the first digits of the number as a prefix, all of them where it has no more. It does not allocate.
func (n Number) Prefix(length int) Prefix {
	return Prefix{n.digits[:min(max(length, 0), len(n.digits))]}
}

// Key returns the number as Prefix.Key does.
func (n Number) Key() uint64 { return pack(n.digits) }

// MarshalText writes the number with its "+".
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText is Parse; empty text is no number.
func (n *Number) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*n = Number{}
		return nil
	}
	v, err := Parse(string(text))
	if err != nil {
		return err
	}
	*n = v
	return nil
}

// Prefix is the beginning of international numbers: zero to fifteen digits.
// The zero value is the empty prefix, which every number has.
type Prefix struct {
	digits string
}

// ParsePrefix reads a prefix with or without a leading "+"; empty text is the empty prefix.
func ParsePrefix(s string) (Prefix, error) {
	digits, err := clean(s)
	if err != nil {
		return Prefix{}, err
	}
	if len(digits) > MaxDigits {
		return Prefix{}, fmt.Errorf("%w: prefix %q has more than %d digits", ErrInvalid, s, MaxDigits)
	}
	return Prefix{digits}, nil
}

// MustParsePrefix is ParsePrefix for literals in tests and tables; it panics on an error.
func MustParsePrefix(s string) Prefix {
	p, err := ParsePrefix(s)
	if err != nil {
		panic(err)
	}
	return p
}

// Digits returns the digits of the prefix.
func (p Prefix) Digits() string { return p.digits }

// String returns the digits of the prefix, without "+".
func (p Prefix) String() string { return p.digits }

// IsZero reports whether p is the empty prefix.
func (p Prefix) IsZero() bool { return p.digits == "" }

// Len returns the number of digits.
func (p Prefix) Len() int { return len(p.digits) }

// Key packs the digits into one integer whose order is that of the digits as text: a digit d takes
// four bits with the value d+1 from the top, so that a prefix sorts right before all that it begins.
// The lowest four bits hold nothing and are zero.
func (p Prefix) Key() uint64 { return pack(p.digits) }

// PrefixOfKey is the reverse of Prefix.Key; what is no key gives the digits up to the first that is none.
func PrefixOfKey(key uint64) Prefix {
	var digits [MaxDigits]byte
	n := 0
	for ; n < MaxDigits; n++ {
		d := key >> (60 - 4*n) & 0xf
		if d == 0 || d > 10 {
			break
		}
		digits[n] = byte('0' + d - 1)
	}
	return Prefix{string(digits[:n])}
}

// MarshalText writes the digits.
func (p Prefix) MarshalText() ([]byte, error) { return []byte(p.digits), nil }

// UnmarshalText is ParsePrefix.
func (p *Prefix) UnmarshalText(text []byte) error {
	v, err := ParsePrefix(string(text))
	if err != nil {
		return err
	}
	*p = v
	return nil
}

func pack(digits string) uint64 {
	var key uint64
	shift := 60
	for i := range len(digits) {
		key |= uint64(digits[i]-'0'+1) << shift
		shift -= 4
	}
	return key
}

func clean(s string) (string, error) {
	t := strings.TrimPrefix(strings.TrimSpace(s), "+")
	if allDigits(t) {
		return t, nil
	}
	var b strings.Builder
	for _, r := range t {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == ' ', r == '-', r == '.', r == '(', r == ')', r == '\u00a0':
		default:
			return "", fmt.Errorf("%w: %q has the character %q", ErrInvalid, s, r)
		}
	}
	return b.String(), nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
