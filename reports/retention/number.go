package retention

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trunkline/internal/e164"
)

// ErrErasure is returned, wrapped, for an erasure that cannot be done as it was asked for.
var ErrErasure = errors.New("erasure")

const (
	leastSpelling = 6 // Digits: what is shorter is found in anything.
	maskKept      = 7 // Digits: those that usage is summed by.
	maskHidden    = 4 // Digits at least.
)

// Erased stands in records for the name that a caller gave.
const Erased = "erased"

// Mask returns what stands for a number that was erased: its first digits, by which usage is summed, and zeros.
func Mask(digits string) string {
	keep := max(0, min(maskKept, len(digits)-maskHidden))
	return digits[:keep] + strings.Repeat("0", len(digits)-keep)
}

// Person is whom a number belongs to, in the spellings of it.
type Person struct {
	Number    string   // E.164 digits.
	Spellings []string // All, Number first, as digits.
}

// NewPerson checks a number and its other spellings, such as the national one of records of PBXs.
func NewPerson(number string, also []string) (p Person, err error) {
	n, err := e164.Parse(number)
	if err != nil {
		return p, fmt.Errorf("%w: %w", ErrErasure, err)
	}
	p.Number, p.Spellings = n.Digits(), []string{n.Digits()}
	for _, s := range append(also, p.Number) {
		if len(s) < leastSpelling || strings.Trim(s, "0123456789") != "" {
			return p, fmt.Errorf("%w: %q: want %d digits or more, and nothing else", ErrErasure, s, leastSpelling)
		}
		if !slices.Contains(p.Spellings, s) {
			p.Spellings = append(p.Spellings, s)
		}
	}
	return p, nil
}

// In reports whether a text names the person.
func (p *Person) In(text []byte) bool {
	return slices.ContainsFunc(p.Spellings, func(s string) bool { return bytes.Contains(text, []byte(s)) })
}

// Out returns a text without the person; it is as long as before.
func (p *Person) Out(text []byte) []byte {
	for _, s := range p.Spellings {
		text = bytes.ReplaceAll(text, []byte(s), []byte(Mask(s)))
	}
	return text
}
