package smdr

import (
	"fmt"
	"strings"
	"time"
)

// span reads durations that are written in one way.
type span uint8

// The ways of writing a duration.
const (
	spanHMS     span = iota // Groups of digits with anything between them, the last of them seconds: 1:02:03, 02'03, 00:02'03", 00:00:15.65.
	spanHM                  // Groups of digits, the last of them minutes: 01:02.
	spanSeconds             // A number of seconds, with or without a fraction.
	spanMillis              // A number of milliseconds.
	spanHMT                 // Hours, two digits of minutes, tenths of minutes, without anything between them: 0025.
	spanHHMMSS              // Digits without anything between them, the last two seconds: 000203.
	spanMinutes             // Minutes, with or without tenths: 2.5.
	spanTicks               // A number of hundredths of a second.
)

func newSpan(name string) (span, error) {
	for i, n := range []string{"hms", "hm", "seconds", "millis", "hmt", "hhmmss", "minutes", "ticks"} {
		if n == name {
			return span(i), nil
		}
	}
	return 0, fmt.Errorf("%w: %q is no form of a duration: use hms, hm, seconds, millis, hmt, hhmmss, minutes or ticks", ErrDescription, name)
}

// maxSpan is longer than any call; what is longer is no duration.
const maxSpan = 1000 * time.Hour

// read returns the duration that text says; false: it is none.
func (s span) read(text string) (time.Duration, bool) {
	var d time.Duration
	var ok bool
	switch s {
	case spanHMS:
		d, ok = hms(text)
	case spanHM:
		d, ok = groups(text, time.Minute)
	case spanSeconds:
		d, ok = decimal(text, time.Second)
	case spanMillis:
		d, ok = decimal(text, time.Millisecond)
	case spanTicks:
		d, ok = decimal(text, 10*time.Millisecond)
	case spanMinutes:
		d, ok = decimal(text, time.Minute)
	case spanHMT, spanHHMMSS:
		d, ok = s.packed(text)
	}
	return d, ok && d <= maxSpan
}

func (s span) packed(text string) (time.Duration, bool) {
	n, ok := digits(text)
	if !ok || len(text) > 8 {
		return 0, false
	}
	if s == spanHMT {
		minutes := n / 10 % 100
		return ofSeconds(n/1000*3600 + minutes*60 + n%10*6), minutes < 60
	}
	return ofSeconds(n/10000*3600 + n/100%100*60 + n%100), n%100 < 60 && n/100%100 < 60
}

func ofSeconds(n int) time.Duration { return time.Duration(n) * time.Second }

// hms reads groups of digits, the last of them seconds; after all three groups, those may have a fraction: 00:00:15.65.
func hms(text string) (time.Duration, bool) {
	whole, fraction, ok := strings.Cut(text, ".")
	if !ok || strings.Count(whole, ":") != 2 {
		return groups(text, time.Second)
	}
	d, ok := groups(whole, time.Second)
	part, right := decimal("0."+fraction, time.Second)
	return d + part, ok && right && fraction != ""
}

// groups reads one to three groups of digits; the unit is that of the last.
func groups(text string, unit time.Duration) (time.Duration, bool) {
	var d, group int64
	count, width := 0, 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i]-'0' <= 9 {
			group = group*10 + int64(text[i]-'0')
			width++
			continue
		}
		if i < len(text) && !separates(text[i]) {
			return 0, false
		}
		if width == 0 {
			if i < len(text) { // Two separators, or one at the beginning: no groups.
				return 0, false
			}
			break // One at the end: 02'03".
		}
		if width > 6 || count > 0 && group > 59 {
			return 0, false
		}
		d = d*60 + group
		count++
		group, width = 0, 0
	}
	return time.Duration(d * int64(unit)), count > 0 && count <= 3
}

func separates(c byte) bool {
	switch c {
	case ':', '\'', '.', '"', ' ':
		return true
	}
	return false
}

// decimal reads a number with at most six places.
func decimal(text string, unit time.Duration) (time.Duration, bool) {
	whole, i := int64(0), 0
	for ; i < len(text) && text[i]-'0' <= 9; i++ {
		whole = whole*10 + int64(text[i]-'0')
	}
	if i == 0 || i > 8 {
		return 0, false
	}
	d := time.Duration(whole * int64(unit))
	if i == len(text) {
		return d, true
	}
	if text[i] != '.' && text[i] != ',' {
		return 0, false
	}
	places := text[i+1:]
	if len(places) > 9 {
		places = places[:9]
	}
	scale := unit
	for j := range len(places) {
		if places[j]-'0' > 9 {
			return 0, false
		}
		scale /= 10
		d += time.Duration(places[j]-'0') * scale
	}
	return d, true
}
