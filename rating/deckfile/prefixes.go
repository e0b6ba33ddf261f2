package deckfile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"trunkline/internal/e164"
)

// maxExpansion bounds the prefixes of one cell.
const maxExpansion = 10_000

// errPrefix is a cell that holds no prefixes; it is wrapped with what is wrong.
var errPrefix = errors.New("not a prefix")

// expandPrefixes reads a cell such as "7495, 7499", "49151-49157" or "+7 495"; base is put before each.
// A range is covered by as few prefixes as possible.
func expandPrefixes(cell, base string) ([]e164.Prefix, error) {
	base, err := prefixDigits(base)
	if err != nil {
		return nil, err
	}
	var out []e164.Prefix
	for _, part := range strings.FieldsFunc(cell, func(r rune) bool { return r == ',' || r == ';' || r == '|' || r == '\n' || r == '/' }) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		texts, err := expandPart(part)
		if err != nil {
			return nil, err
		}
		for _, t := range texts {
			p, err := e164.ParsePrefix(base + t)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errPrefix, err)
			}
			out = append(out, p)
		}
		if len(out) > maxExpansion {
			return nil, fmt.Errorf("%w: more than %d prefixes in one cell", errPrefix, maxExpansion)
		}
	}
	if len(out) == 0 && base != "" {
		p, err := e164.ParsePrefix(base)
		return []e164.Prefix{p}, err
	}
	return out, nil
}

// expandPart reads one prefix or one range; a dash with spaces or of another kind is one, too.
func expandPart(part string) ([]string, error) {
	for _, dash := range [...]string{"–", "—", ".."} {
		part = strings.ReplaceAll(part, dash, "-")
	}
	low, high, isRange := strings.Cut(part, "-")
	low, err := prefixDigits(low)
	if err != nil || !isRange {
		return []string{low}, err
	}
	if high, err = prefixDigits(high); err != nil {
		return nil, err
	}
	if len(high) < len(low) {
		high = low[:len(low)-len(high)] + high // "7495-9" is 7495 to 7499.
	}
	if low == "" || len(low) != len(high) || low > high {
		return nil, fmt.Errorf("%w: the range %q: want two prefixes of one length, the smaller first", errPrefix, part)
	}
	return cover(low, high), nil
}

// prefixDigits removes what people put between digits, a leading "+", and the international access code 00.
func prefixDigits(s string) (string, error) {
	var b strings.Builder
	for i, r := range strings.TrimSpace(s) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && i == 0, isSpace(r), r == '(', r == ')', r == '.', r == '*', r == '\'', r == '=', r == '"':
		default:
			return "", fmt.Errorf("%w: %q has the character %q", errPrefix, s, r)
		}
	}
	digits := b.String()
	if rest, ok := strings.CutPrefix(digits, "00"); ok {
		digits = rest
	}
	if len(digits) > e164.MaxDigits {
		return "", fmt.Errorf("%w: %q has more than %d digits", errPrefix, s, e164.MaxDigits)
	}
	return digits, nil
}

// cover returns the fewest prefixes that together are the numbers from low to high, both of the same length.
func cover(low, high string) []string {
	from, err1 := strconv.ParseInt(low, 10, 64)
	to, err2 := strconv.ParseInt(high, 10, 64)
	if err1 != nil || err2 != nil {
		return nil
	}
	var out []string
	for width := len(low); from <= to; {
		step, digits := int64(1), width
		for digits > 1 && from%(step*10) == 0 && from+step*10-1 <= to {
			step *= 10
			digits--
		}
		text := strconv.FormatInt(from, 10)
		text = strings.Repeat("0", width-len(text)) + text
		out = append(out, text[:digits])
		from += step
		if len(out) > maxExpansion {
			break
		}
	}
	return out
}
