package rating

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/money"
)

// ErrCondition is returned, wrapped, for text that is no condition.
var ErrCondition = errors.New("not a condition")

// Condition is a rule over counters, for fees and trials: comparisons joined by "and", and those by "or".
//
//	inbound_minutes of number > 700 in month
//	topups >= 1 in 3 months
//	days >= 7 since start or talk_minutes >= 300 since start
//
// A counter that ends in _minutes or _hours is the counter of the same name in _seconds; one that ends in _amount is money.
// Without "of number" it is the tenant's; without a time it is that of the billing period.
type Condition struct {
	text string
	any  [][]Comparison
}

// Comparison is one part of a condition.
type Comparison struct {
	Counter  string // As it was written.
	OfNumber bool   // Of the number that the fee is for, and not of the tenant.
	Operator string // One of > >= < <= =.
	Value    string // As it was written.
	Window   Window
	fact     string // The counter that is asked for.
	target   int64  // In its unit: seconds, pieces, millionths.
}

// Window is the time over which a counter is summed, up to the end of the billing period.
type Window struct {
	SinceStart bool
	Cycles     int // So many cycles back, the present one included.
	Cycle      Cycle
}

// ParseCondition reads a condition.
func ParseCondition(text string) (*Condition, error) {
	c := &Condition{text: strings.Join(strings.Fields(text), " ")}
	if c.text == "" || len(c.text) > 1000 {
		return nil, fmt.Errorf("%w: %q: want for example: inbound_minutes of number > 700 in month", ErrCondition, text)
	}
	for alternative := range strings.SplitSeq(c.text, " or ") {
		var all []Comparison
		for part := range strings.SplitSeq(alternative, " and ") {
			one, err := parseComparison(strings.Fields(part))
			if err != nil {
				return nil, fmt.Errorf("%w: %q: %w", ErrCondition, part, err)
			}
			all = append(all, one)
		}
		c.any = append(c.any, all)
	}
	return c, nil
}

// String returns the condition as it was written.
func (c *Condition) String() string { return c.text }

func parseComparison(words []string) (Comparison, error) {
	var c Comparison
	if len(words) < 3 {
		return c, errors.New("want a counter, a comparison and a value")
	}
	c.Counter, words = words[0], words[1:]
	if words[0] == "of" && len(words) > 1 {
		if words[1] != "number" && words[1] != "tenant" {
			return c, fmt.Errorf("of %q: want number or tenant", words[1])
		}
		c.OfNumber, words = words[1] == "number", words[2:]
	}
	if len(words) < 2 || !slices.Contains([]string{">", ">=", "<", "<=", "="}, words[0]) {
		return c, errors.New("want one of > >= < <= = and a value")
	}
	c.Operator, c.Value = words[0], words[1]
	var err error
	if c.Window, err = parseWindow(words[2:]); err != nil {
		return c, err
	}
	return c, c.resolve()
}

func parseWindow(words []string) (Window, error) {
	text := strings.Join(words, " ")
	switch {
	case text == "":
		return Window{}, nil
	case text == "since start":
		return Window{SinceStart: true}, nil
	case words[0] != "in" || len(words) > 3 || len(words) < 2:
		return Window{}, fmt.Errorf("%q: want for example: in month, in 3 months, since start", text)
	}
	w := Window{Cycles: 1}
	if len(words) == 3 {
		n, err := strconv.Atoi(words[1])
		if err != nil || n < 1 || n > 1000 {
			return w, fmt.Errorf("%q: want a number from 1 to 1000", words[1])
		}
		w.Cycles = n
	}
	cycle, err := ParseCycle(strings.TrimSuffix(words[len(words)-1], "s"))
	w.Cycle = cycle
	return w, err
}

// resolve finds the counter behind the name and the value in its unit.
func (c *Comparison) resolve() error {
	value, err := money.ParseAmount(c.Value)
	if err != nil {
		return err
	}
	unit := int64(1)
	c.fact = c.Counter
	if name, ok := strings.CutSuffix(c.Counter, "_minutes"); ok {
		c.fact, unit = name+"_seconds", 60
	} else if name, ok := strings.CutSuffix(c.Counter, "_hours"); ok {
		c.fact, unit = name+"_seconds", 3600
	} else if strings.HasSuffix(c.Counter, "_amount") {
		unit = 1_000_000
	}
	scaled, err := value.Mul(unit)
	if err != nil {
		return err
	}
	if scaled.Micros()%1_000_000 != 0 {
		return fmt.Errorf("the value %s of %s is finer than its unit", c.Value, c.Counter)
	}
	c.target = scaled.Micros() / 1_000_000
	return nil
}

// FactQuery asks for the sum of a counter.
type FactQuery struct {
	Counter string
	Number  string // Of this number only; empty: of the tenant.
	From    time.Time
	Till    time.Time
}

// Facts are what was counted: seconds, calls, top-ups, seats, megabytes, millionths. The caller has them read in advance.
type Facts interface {
	// Value returns a counter's sum over a time, or, for what is not summed but stands (seats, megabytes), its level.
	Value(q FactQuery) int64
	// Numbers returns the tenant's numbers that existed at some moment of the time.
	Numbers(from, till time.Time) []NumberFact
}

// Progress is how far a comparison has come.
type Progress struct {
	Text      string // The comparison.
	Value     int64  // In the counter's unit.
	Target    int64
	Met       bool
	Projected int64 // What the value will be at the end of the period if it goes on like this.
	Expected  bool  // Whether the comparison will be met then.
}

// moment is what a condition is evaluated against.
type moment struct {
	zone    *zone
	account Account
	from    time.Time // The billing period.
	till    time.Time
	now     time.Time // Up to when facts are known; not before till: the period is closed.
	facts   Facts
	number  string
}

// met evaluates the condition: as it stands, and as it is expected at the end of the period.
func (c *Condition) met(m *moment) (now, expected bool, progress []Progress) {
	for _, all := range c.any {
		allNow, allExpected := true, true
		for i := range all {
			p := all[i].progress(m)
			progress = append(progress, p)
			allNow, allExpected = allNow && p.Met, allExpected && p.Expected
		}
		now, expected = now || allNow, expected || allExpected
	}
	return now, expected, progress
}

func (c *Comparison) progress(m *moment) Progress {
	p := Progress{Text: c.String(), Target: c.target}
	end := m.till
	if m.now.Before(end) {
		end = m.now
	}
	if c.fact == "days" {
		p.Value = m.zone.wholeDays(m.account.Start, end)
		p.Projected = m.zone.wholeDays(m.account.Start, m.till)
	} else {
		from := c.from(m)
		q := FactQuery{Counter: c.fact, From: from, Till: end}
		if c.OfNumber {
			q.Number = m.number
		}
		p.Value = m.facts.Value(q)
		p.Projected = p.Value
		if m.now.Before(m.till) {
			p.Projected = m.project(q, p.Value)
		}
	}
	p.Met, p.Expected = c.holds(p.Value), c.holds(p.Projected)
	return p
}

// project extends what the period itself has brought so far to its end, at the same pace.
func (m *moment) project(q FactQuery, value int64) int64 {
	elapsed, whole := int64(m.now.Sub(m.from)/time.Second), int64(m.till.Sub(m.from)/time.Second)
	if elapsed <= 0 || m.now.Before(m.from) {
		return value
	}
	q.From = m.from
	current := m.facts.Value(q)
	more, err := money.MulDiv(current, whole-elapsed, elapsed, money.Down)
	if err != nil {
		return value
	}
	return value + more
}

// from returns the start of the comparison's time.
func (c *Comparison) from(m *moment) time.Time {
	switch {
	case c.Window.SinceStart:
		return m.account.Start
	case c.Window.Cycles == 0:
		return m.from
	}
	at := m.till.Unix() - 1
	for i := range c.Window.Cycles {
		start, _ := c.Window.Cycle.bounds(m.zone, at)
		if i == c.Window.Cycles-1 {
			return time.Unix(start, 0).UTC()
		}
		at = start - 1
	}
	return m.from
}

func (c *Comparison) holds(value int64) bool {
	switch c.Operator {
	case ">":
		return value > c.target
	case ">=":
		return value >= c.target
	case "<":
		return value < c.target
	case "<=":
		return value <= c.target
	}
	return value == c.target
}

// String returns the comparison as it is written.
func (c *Comparison) String() string {
	s := c.Counter
	if c.OfNumber {
		s += " of number"
	}
	s += " " + c.Operator + " " + c.Value
	switch {
	case c.Window.SinceStart:
		s += " since start"
	case c.Window.Cycles == 1:
		s += " in " + c.Window.Cycle.String()
	case c.Window.Cycles > 1:
		s += " in " + strconv.Itoa(c.Window.Cycles) + " " + c.Window.Cycle.String() + "s"
	}
	return s
}

// wholeDays is how many days have gone by between two moments, by the clock on the wall.
func (z *zone) wholeDays(from, till time.Time) int64 {
	begin, _ := z.offset(from.Unix())
	end, _ := z.offset(till.Unix())
	return max(0, (till.Unix()+end-from.Unix()-begin)/secondsPerDay)
}
