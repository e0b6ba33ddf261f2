package cell

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"trunkline/internal/e164"
)

// maxExpansion bounds the prefixes of one cell.
const maxExpansion = 10_000

// ErrCode is a cell that holds no prefixes; it is wrapped with what is wrong.
var ErrCode = errors.New("not a prefix")

// twoDigitCodes are the country codes of two digits (ITU-T E.164, list of assigned codes); 1 and 7 have one digit, all others three.
const twoDigitCodes = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 "

// CountryCode returns the country code with which digits begin, or "" where they are too short to tell.
func CountryCode(digits string) string {
	switch {
	case digits == "" || digits[0] == '0':
		return ""
	case digits[0] == '1' || digits[0] == '7':
		return digits[:1]
	case len(digits) >= 2 && strings.Contains(twoDigitCodes, " "+digits[:2]+" "):
		return digits[:2]
	case len(digits) >= 3:
		return digits[:3]
	}
	return ""
}

// Every reports whether a cell stands for all numbers.
func Every(text string) bool {
	switch strings.ToLower(Trim(text)) {
	case "*", "any", "all", "все", "alle", "todos", "tous", "tutti":
		return true
	}
	return false
}

// AnyTime reports whether a cell says that a price holds at any time.
func AnyTime(text string) bool {
	switch strings.ToLower(Trim(text)) {
	case "", "*", "all time", "all times", "any time", "anytime", "all day", "always", "any", "all", "24/7", "24x7", "24h", "flat", "default", "standard", "постоянно", "круглосуточно":
		return true
	}
	return false
}

// Codes reads a cell such as "7495, 7499", "49151-49157" or "+7 495"; base is put before each. A range is covered by as few
// prefixes as possible. "33-6" is the country code 33 and the code 6 of a network: a dash behind a country code is never a range.
func Codes(text, base string) ([]e164.Prefix, error) {
	if base == "" && plainCode(text) {
		p, err := e164.ParsePrefix(text)
		return []e164.Prefix{p}, err
	}
	if base == "" && Every(text) {
		return []e164.Prefix{{}}, nil
	}
	base, err := codeDigits(base)
	if err != nil {
		return nil, err
	}
	var out []e164.Prefix
	for _, part := range codeParts(text, base) {
		texts, err := expandPart(part, base)
		if err != nil {
			return nil, err
		}
		for _, t := range texts {
			p, err := e164.ParsePrefix(base + t)
			if err != nil || base+t == "" || (base + t)[0] == '0' {
				return nil, fmt.Errorf("%w: %q: a code begins with a country code, and no country code with 0", ErrCode, base+t)
			}
			out = append(out, p)
		}
		if len(out) > maxExpansion {
			return nil, fmt.Errorf("%w: more than %d prefixes in one cell", ErrCode, maxExpansion)
		}
	}
	if len(out) == 0 && base != "" {
		p, err := e164.ParsePrefix(base)
		return []e164.Prefix{p}, err
	}
	return out, nil
}

// plainCode reports whether a cell has nothing but a code that begins as one does.
func plainCode(text string) bool {
	if text == "" || text[0] == '0' || len(text) > e164.MaxDigits {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// codeParts takes a cell apart that holds several codes. Spaces part codes only where each of them would be one.
func codeParts(text, base string) []string {
	var out []string
	for _, part := range strings.FieldsFunc(text, func(r rune) bool {
		return r == ',' || r == ';' || r == '|' || r == '\n' || r == '\r' || r == '/' || r == '&'
	}) {
		if part = Trim(part); part == "" {
			continue
		}
		fields := strings.Fields(part)
		switch {
		case len(fields) > 1 && severalCodes(fields, base):
			out = append(out, fields...)
		case len(fields) > 3 && base == "":
			out = append(out, byCountry(part, fields)...)
		default:
			out = append(out, part)
		}
	}
	return out
}

// byCountry parts "33 6 33 7" where the country code comes again.
func byCountry(part string, fields []string) []string {
	country := CountryCode(fields[0])
	if country != fields[0] || strings.Contains(part, "-") {
		return []string{part}
	}
	var out []string
	for i, f := range fields {
		if i > 0 && f != country {
			out[len(out)-1] += f
			continue
		}
		out = append(out, f)
	}
	return out
}

// severalCodes reports whether words with spaces between them are codes of their own: "7495 7499", and not "44 20" or "+7 495".
func severalCodes(fields []string, base string) bool {
	country := CountryCode(strings.TrimLeft(fields[0], "+0"))
	for _, f := range fields {
		digits := strings.TrimLeft(f, "+")
		switch {
		case !plainCode(digits):
			return false
		case base == "" && (country == "" || digits == country || CountryCode(digits) != country):
			return false
		}
	}
	return true
}

// expandPart reads one prefix or one range; a dash with spaces or of another kind is one, too.
func expandPart(part, base string) ([]string, error) {
	for _, dash := range [...]string{"–", "—", "−", "..", "…"} {
		part = strings.ReplaceAll(part, dash, "-")
	}
	if strings.Count(part, "-") > 1 {
		part = strings.ReplaceAll(part, "-", " ") // 1-684-25
	}
	low, high, isRange := strings.Cut(part, "-")
	low, err := codeDigits(low)
	if err != nil || !isRange {
		return []string{low}, err
	}
	if high, err = codeDigits(high); err != nil {
		return nil, err
	}
	if base == "" && CountryCode(low) == low && low != "" {
		return behindCountry(part, low, high)
	}
	if len(high) < len(low) {
		high = low[:len(low)-len(high)] + high // "7495-9" is 7495 to 7499.
	}
	return Span(low, high)
}

// behindCountry reads a dash behind a country code. It is refused where both sides are country codes, since nobody can tell then.
func behindCountry(part, country, code string) ([]string, error) {
	if len(code) == len(country) && CountryCode(code) == code {
		return nil, fmt.Errorf("%w: %q could be the countries from %s to %s, or the code %s of %s", ErrCode, part, country, code, code, country)
	}
	if strings.HasPrefix(code, country) && len(code) > len(country)+1 { // "33-336" repeats the country code.
		return nil, fmt.Errorf("%w: %q could be %s or %s%s", ErrCode, part, code, country, code)
	}
	return []string{country + code}, nil
}

// Span returns the fewest prefixes that are all from low to high.
func Span(low, high string) ([]string, error) {
	if low == "" || len(low) != len(high) || low > high {
		return nil, fmt.Errorf("%w: the range from %q to %q: want two prefixes of one length, the smaller first", ErrCode, low, high)
	}
	if CountryCode(low) != CountryCode(high) || CountryCode(low) == low && low != high {
		return nil, fmt.Errorf("%w: the range from %s to %s goes over several countries", ErrCode, low, high)
	}
	return cover(low, high), nil
}

// codeDigits removes what people put between digits, a leading "+", and the international access code 00.
func codeDigits(s string) (string, error) {
	var b strings.Builder
	for i, r := range Trim(s) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && i == 0, IsSpace(r), r == '(', r == ')', r == '.', r == '*', r == '\'', r == '=', r == '"':
		default:
			return "", fmt.Errorf("%w: %q has the character %q", ErrCode, s, r)
		}
	}
	digits := b.String()
	if rest, ok := strings.CutPrefix(digits, "00"); ok {
		digits = rest
	} else if rest, ok := strings.CutPrefix(digits, "011"); ok { // The access code of North America.
		digits = rest
	}
	if len(digits) > e164.MaxDigits {
		return "", fmt.Errorf("%w: %q has more than %d digits", ErrCode, s, e164.MaxDigits)
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
