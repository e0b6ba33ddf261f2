package cell

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed months.txt
var monthsText string

// dateParser takes a date apart into numbers, a month's name, a time and a zone.
type dateParser struct {
	order   Order
	loc     *time.Location
	numbers []string // Of the date, in their order.
	dots    bool
	month   int // By its name; 0: none.
	clock   []int
	half    string // "am", "pm" or nothing.
	zone    *time.Location
}

// scan reads word by word.
func (p *dateParser) scan(s string) error {
	s = strings.TrimSuffix(strings.TrimSuffix(s, "г."), "года")
	for _, word := range dateWords(s) {
		if err := p.word(word); err != nil {
			return err
		}
	}
	return nil
}

// dateWords parts a text at spaces and commas, at T between a date and a time, and before the zone behind a time.
func dateWords(s string) []string {
	var out []string
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return IsSpace(r) || r == ',' || r == '(' || r == ')' || r == '\n' }) {
		date, clock, both := strings.Cut(f, "T")
		if both && strings.Contains(clock, ":") && strings.Count(date, "-") == 2 {
			out = append(out, date, clock)
			continue
		}
		out = append(out, f)
	}
	return out
}

func (p *dateParser) word(w string) error {
	switch {
	case strings.Contains(w, ":"):
		return p.time(w)
	case w[0] >= '0' && w[0] <= '9':
		return p.digits(w)
	case (w[0] == '+' || w[0] == '-') && len(p.clock) > 0:
		return p.offset(w)
	}
	return p.letters(w)
}

// letters reads a month, a day of the week, the half of a day, a zone, or a word that says nothing.
func (p *dateParser) letters(w string) error {
	low := strings.ToLower(strings.Trim(w, "."))
	switch low {
	case "am", "a.m", "pm", "p.m":
		p.half = low[:1] + "m"
		return nil
	case "utc", "gmt", "z":
		p.zone = time.UTC
		return nil
	case "de", "of", "the", "del", "di", "le", "den", "d", "г", "года", "at", "um", "às", "as", "h", "uhr":
		return nil
	}
	if zone, rest := low[:min(3, len(low))], low[min(3, len(low)):]; (zone == "utc" || zone == "gmt") && rest != "" {
		return p.offset(rest)
	}
	if i := strings.IndexFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && r != '.' }); i > 0 { // "Dec-24-2026"
		if err := p.letters(w[:i]); err != nil {
			return err
		}
		return p.digits(strings.Trim(w[i:], "-/. "))
	}
	if m := monthOf(low); m > 0 && p.month == 0 {
		p.month = m
		return nil
	}
	if weekday(low) {
		return nil
	}
	return ErrDate
}

// digits reads "24", "24th", "1er", "24.12.2026", "2026-12-24", "24-Dec-26", "20261224" and "20261224103000".
func (p *dateParser) digits(w string) error {
	p.dots = p.dots || strings.Count(w, ".") == 2
	for _, part := range strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '/' || r == '.' || r == '–' }) {
		number := part[:len(part)-len(strings.TrimLeft(part, "0123456789"))]
		rest := strings.ToLower(part[len(number):])
		switch {
		case number == "":
			if err := p.letters(part); err != nil {
				return err
			}
		case rest == "", rest == "st", rest == "nd", rest == "rd", rest == "th", rest == "er", rest == "º", rest == "°", rest == "o", rest == "го", rest == "е":
			if err := p.number(number); err != nil {
				return err
			}
		case rest == "am", rest == "pm":
			hour, err := strconv.Atoi(number)
			if err != nil {
				return ErrDate
			}
			p.clock, p.half = []int{hour, 0, 0}, rest
		default: // "24Dec2026"
			if err := p.number(number); err != nil {
				return err
			}
			if err := p.letters(part[len(number):]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *dateParser) number(n string) error {
	switch len(n) {
	case 14:
		p.clock = []int{atoi(n[8:10]), atoi(n[10:12]), atoi(n[12:])}
		fallthrough
	case 8:
		p.numbers = append(p.numbers, n[:4], n[4:6], n[6:8])
	case 1, 2, 4:
		p.numbers = append(p.numbers, n)
	default:
		return ErrDate
	}
	return nil
}

func (p *dateParser) time(w string) error {
	if len(p.clock) > 0 {
		return ErrDate
	}
	low := strings.ToLower(w)
	for _, half := range [...]string{"am", "pm"} {
		if rest, ok := strings.CutSuffix(low, half); ok {
			low, p.half = rest, half
		}
	}
	if rest, ok := strings.CutSuffix(low, "z"); ok {
		low, p.zone = rest, time.UTC
	}
	if i := strings.LastIndexAny(low, "+-"); i > 0 {
		if err := p.offset(low[i:]); err != nil {
			return err
		}
		low = low[:i]
	}
	low, _, _ = strings.Cut(low, ".") // Parts of a second.
	for part := range strings.SplitSeq(low, ":") {
		n, err := strconv.Atoi(part)
		if err != nil || len(part) > 2 {
			return ErrDate
		}
		p.clock = append(p.clock, n)
	}
	if len(p.clock) > 3 {
		return ErrDate
	}
	return nil
}

// offset reads "+3", "+03:00" or "-0500".
func (p *dateParser) offset(w string) error {
	digits := strings.ReplaceAll(w[1:], ":", "")
	if digits == "" || len(digits) > 4 || strings.Trim(digits, "0123456789") != "" || w[0] != '+' && w[0] != '-' {
		return ErrDate
	}
	if len(digits) <= 2 {
		digits += "00"
	}
	digits = strings.Repeat("0", 4-len(digits)) + digits
	seconds := atoi(digits[:2])*3600 + atoi(digits[2:])*60
	if w[0] == '-' {
		seconds = -seconds
	}
	p.zone = time.FixedZone("", seconds)
	return nil
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// moment puts the parts together.
func (p *dateParser) moment() (Moment, error) {
	year, month, day, m, err := p.date()
	if err != nil {
		return Moment{}, err
	}
	hour, minute, second, err := p.hours()
	if err != nil || month < 1 || month > 12 || day < 1 || day > 31 {
		return Moment{}, ErrDate
	}
	loc := p.loc
	if p.zone != nil {
		loc = p.zone
	}
	m.Time = time.Date(year, time.Month(month), day, hour, minute, second, 0, loc)
	if m.Time.Day() != day && hour < 24 || !plausible(m.Time) {
		return Moment{}, ErrDate
	}
	m.Time, m.DayOnly = m.Time.UTC(), len(p.clock) == 0
	return m, nil
}

// hours reads the time of day; 24:00 is the next midnight.
func (p *dateParser) hours() (hour, minute, second int, err error) {
	clock := slices.Concat(p.clock, []int{0, 0, 0})
	hour, minute, second = clock[0], clock[1], clock[2]
	switch {
	case p.half != "" && (hour < 1 || hour > 12), hour > 24, hour == 24 && minute+second > 0, minute > 59, second > 59, hour < 0, minute < 0, second < 0:
		return 0, 0, 0, ErrDate
	case p.half == "pm" && hour < 12:
		hour += 12
	case p.half == "am" && hour == 12:
		hour = 0
	}
	return hour, minute, second, nil
}

// date tells year, month and day apart.
func (p *dateParser) date() (year, month, day int, m Moment, err error) {
	n := p.numbers
	switch {
	case p.month > 0 && len(n) == 2 && len(n[0]) == 4:
		return atoi(n[0]), p.month, atoi(n[1]), m, nil
	case p.month > 0 && len(n) == 2 && len(n[1]) != 1:
		return yearOf(n[1]), p.month, atoi(n[0]), m, nil
	case p.month > 0 || len(n) != 3:
		return 0, 0, 0, m, ErrDate
	case len(n[0]) == 4:
		return atoi(n[0]), atoi(n[1]), atoi(n[2]), m, nil
	case len(n[2]) == 1:
		return 0, 0, 0, m, ErrDate
	}
	first, second := atoi(n[0]), atoi(n[1])
	switch {
	case p.dots: // Nobody writes the month first with dots.
		return yearOf(n[2]), second, first, m, nil
	case first > 12:
		m.Decides = DayFirst
	case second > 12:
		m.Decides = MonthFirst
	case first != second:
		m.Either = true
	}
	if m.Decides == MonthFirst || m.Decides == Unsaid && p.order == MonthFirst {
		return yearOf(n[2]), first, second, m, nil
	}
	return yearOf(n[2]), second, first, m, nil
}

func yearOf(s string) int {
	year := atoi(s)
	if len(s) == 2 {
		return 2000 + year
	}
	return year
}

// monthOf knows a month by the beginning of its name, without accents.
func monthOf(low string) int {
	name := plainLetters(low)
	if len([]rune(name)) < 3 {
		return 0
	}
	best, length := 0, 0
	for line := range strings.Lines(monthsText) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] == "#" {
			continue
		}
		for _, stem := range fields[1:] {
			if stem = plainLetters(stem); strings.HasPrefix(name, stem) && len(stem) > length {
				best, length = atoi(fields[0]), len(stem)
			}
		}
	}
	return best
}

// weekday knows a day of the week, which says nothing that the date does not.
func weekday(low string) bool {
	name := []rune(plainLetters(low))
	if len(name) < 2 || len(name) > 11 {
		return false
	}
	for stem := range strings.FieldsSeq("mon tue wed thu fri sat sun mo di mi do fr sa so пн вт ср чт пт сб вс пон вто сре чет пят суб вос lun mie jue vie sab dom mer jeu ven dim gio seg ter qua qui sex") {
		if strings.HasPrefix(string(name), stem) && (len(name) == len([]rune(stem)) || len([]rune(stem)) >= 3) {
			return true
		}
	}
	return false
}

// plainLetters drops accents.
func plainLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}
