package smdr

import (
	"fmt"
	"strings"
	"time"
)

// moment is a time as it was written, before it is known in which year, on which day or in which zone.
type moment struct {
	year, month, day       int
	hour, min, sec, micros int
	hasYear, hasDay        bool
	absolute               time.Time // Set when the text was seconds since 1970, or had an offset.
	zone                   string    // Abbreviation of the zone that the text named.
	unsynchronised         bool      // The clock said that nothing had set it.
}

// formOp is one step of reading a time.
type formOp struct {
	kind  byte // One of "YyMDHhmsafjeuwZzx" or 0 for a character.
	chars byte
}

// form reads times that are written in one way. Its letters: YYYY or YY year, MM month, Mon its English name, DD day, HH
// hour of 24, hh hour of 12 with AM, PM a letter that stands in the afternoon alone, mm minute, ss second, "f" a fraction with its dot if there is one, EPOCH seconds since
// 1970 (with or without a fraction), MICROS microseconds since 1970, Www the name of a day of the week, which is passed over, Z an offset or
// the letter Z, ZONE the abbreviation of a zone, MARK the "*" or "." before the time of an unsynchronised clock, if there is
// one. Anything else stands for itself.
type form []formOp

func newForm(text string) (form, error) {
	words := []struct {
		word string
		kind byte
	}{
		{"EPOCH", 'e'},
		{"ZONE", 'z'},
		{"MARK", 'x'},
		{"MICROS", 'u'},
		{"YYYY", 'Y'},
		{"YY", 'y'},
		{"Mon", 'j'},
		{"MM", 'M'},
		{"DD", 'D'},
		{"HH", 'H'},
		{"hh", 'h'},
		{"Www", 'w'},
		{"mm", 'm'},
		{"ss", 's'},
		{"AM", 'a'},
		{"PM", 'p'},
		{"f", 'f'},
		{"Z", 'Z'},
	}
	var out form
next:
	for text != "" {
		for _, w := range words {
			if strings.HasPrefix(text, w.word) {
				out = append(out, formOp{kind: w.kind})
				text = text[len(w.word):]
				continue next
			}
		}
		out = append(out, formOp{chars: text[0]})
		text = text[1:]
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: an empty form of time", ErrDescription)
	}
	return out, nil
}

// read puts what text says into m; false: text is not of this form.
func (f form) read(text string, m *moment) bool {
	for _, op := range f {
		rest, ok := op.read(text, m)
		if !ok {
			return false
		}
		text = rest
	}
	return text == "" && m.plausible()
}

func (m *moment) plausible() bool {
	if m.hasDay && (m.month < 1 || m.month > 12 || m.day < 1 || m.day > 31) {
		return false
	}
	return m.hour <= 23 && m.min <= 59 && m.sec <= 60
}

func (op formOp) read(text string, m *moment) (string, bool) {
	width := 2
	var into *int
	switch op.kind {
	case 'Y':
		into, width, m.hasYear = &m.year, 4, true
	case 'y':
		into, m.hasYear = &m.year, true
	case 'M':
		into = &m.month
	case 'D':
		into, m.hasDay = &m.day, true
	case 'H', 'h':
		into = &m.hour
	case 'm':
		into = &m.min
	case 's':
		into = &m.sec
	case 'a':
		return meridiem(text, m)
	case 'p':
		return afternoon(text, m)
	case 'f':
		return fraction(text, m)
	case 'j':
		return monthName(text, m)
	case 'e', 'u':
		return epoch(text, m, op.kind == 'u')
	case 'Z':
		return offset(text, m)
	case 'z':
		return zoneName(text, m)
	case 'x':
		if text != "" && (text[0] == '*' || text[0] == '.') {
			m.unsynchronised = true
			return text[1:], true
		}
		return text, true
	case 'w':
		if len(text) < 3 {
			return "", false
		}
		return text[3:], true
	default:
		if text == "" || text[0] != op.chars {
			return "", false
		}
		return text[1:], true
	}
	if op.oneDigit(text) {
		width = 1
	}
	if len(text) < width {
		return "", false
	}
	n, ok := digits(text[:width])
	if !ok && width == 2 && text[0] == ' ' { // " 9:05"
		n, ok = digits(text[1:2])
	}
	*into = n
	if op.kind == 'y' { // Two digits are years from 1970 to 2069.
		*into += 1900
		if n < 70 {
			*into += 100
		}
	}
	return text[width:], ok
}

// oneDigit reports whether an hour, a day or a month is written with one digit: "9:05", "1.2.2026". Minutes and seconds
// never are: there it is a column that was cut at the wrong place.
func (op formOp) oneDigit(text string) bool {
	if op.kind != 'H' && op.kind != 'h' && op.kind != 'D' && op.kind != 'M' {
		return false
	}
	return len(text) > 1 && text[0]-'0' <= 9 && text[1]-'0' > 9
}

// digits reads a short row of digits.
func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int(c)
	}
	return n, s != "" && len(s) <= 18
}

func meridiem(text string, m *moment) (string, bool) {
	if text == "" || m.hour < 1 || m.hour > 12 {
		return "", false
	}
	switch text[0] | 0x20 {
	case 'a':
		m.hour %= 12
	case 'p':
		m.hour = m.hour%12 + 12
	default:
		return "", false
	}
	if len(text) > 1 && text[1]|0x20 == 'm' {
		return text[2:], true
	}
	return text[1:], true // "11:42p"
}

// afternoon reads "11:42p", where nothing stands behind an hour of the morning, or of a clock of 24 hours.
func afternoon(text string, m *moment) (string, bool) {
	if text == "" || text[0]|0x20 != 'p' {
		return text, true
	}
	return meridiem(text, m)
}

func fraction(text string, m *moment) (string, bool) {
	if text == "" || text[0] != '.' {
		return text, true
	}
	i, scale := 1, 100_000
	for ; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
		m.micros += int(text[i]-'0') * scale
		scale /= 10
	}
	return text[i:], i > 1
}

func monthName(text string, m *moment) (string, bool) {
	if len(text) < 3 {
		return "", false
	}
	const names = "janfebmaraprmayjunjulaugsepoctnovdec"
	i := strings.Index(names, strings.ToLower(text[:3]))
	m.month = i/3 + 1
	return text[3:], i >= 0 && i%3 == 0
}

// epochDigits is the least number of digits of seconds since 1970: shorter numbers are something else.
const epochDigits = 9

func epoch(text string, m *moment, micros bool) (string, bool) {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	n, ok := digits(text[:end])
	if !ok || end < epochDigits || !micros && end > epochDigits+1 {
		return "", false
	}
	if micros {
		m.absolute = time.UnixMicro(int64(n)).UTC()
		return text[end:], true
	}
	rest, ok := fraction(text[end:], m)
	m.absolute = time.Unix(int64(n), int64(m.micros)*1000).UTC()
	return rest, ok
}

// zoneName reads the abbreviation of a zone.
func zoneName(text string, m *moment) (string, bool) {
	end := 0
	for end < len(text) && text[end] != ' ' {
		end++
	}
	m.zone = text[:end]
	return text[end:], end > 0 && end <= 8
}

// offset reads "Z", "+03:00", "+0300" or "+03" and makes the moment absolute.
func offset(text string, m *moment) (string, bool) {
	at := func(seconds int) time.Time {
		return time.Date(m.year, time.Month(m.month), m.day, m.hour, m.min, m.sec, m.micros*1000, time.UTC).Add(-time.Duration(seconds) * time.Second)
	}
	if strings.HasPrefix(text, "Z") {
		m.absolute = at(0)
		return text[1:], true
	}
	plain := strings.ReplaceAll(text, ":", "")
	if len(plain) != 3 && len(plain) != 5 || plain[0] != '+' && plain[0] != '-' {
		return "", false
	}
	n, ok := digits(plain[1:])
	if len(plain) == 3 {
		n *= 100
	}
	seconds := n/100*3600 + n%100*60
	if plain[0] == '-' {
		seconds = -seconds
	}
	m.absolute = at(seconds)
	return "", ok
}
