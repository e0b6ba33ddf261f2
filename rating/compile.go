package rating

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// maxFaults bounds what one file is told to be wrong at once.
const maxFaults = 50

// compiler turns the words of a tariff file into a Spec and collects what is wrong with them.
type compiler struct {
	file   string
	open   DeckOpener
	faults []error
	loc    *time.Location
	groups map[string][]string
}

func (c *compiler) fail(s scalar, key string, err error) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, fmt.Errorf("%w: %s:%d: %s: %w", ErrTariff, c.file, s.line, key, err))
	}
}

// parse reads a value with the parser of its type; an empty one is the type's zero value.
func parse[T any](c *compiler, s scalar, key string, read func(string) (T, error)) T {
	var zero T
	if !s.given() {
		return zero
	}
	v, err := read(s.value)
	if err != nil {
		c.fail(s, key, err)
		return zero
	}
	return v
}

// parseAll reads a list.
func parseAll[T any](c *compiler, list []scalar, key string, read func(string) (T, error)) []T {
	var out []T
	for _, s := range list {
		out = append(out, parse(c, s, key, read))
	}
	return out
}

// either reads one of two words; empty is the first.
func either[T any](c *compiler, s scalar, key, first string, a T, second string, b T) T {
	switch s.value {
	case "", first:
		return a
	case second:
		return b
	}
	c.fail(s, key, fmt.Errorf("%q: want %s or %s", s.value, first, second))
	return a
}

func (c *compiler) yes(s scalar, key string) bool {
	return either(c, s, key, "false", false, "true", true)
}

func (c *compiler) count(s scalar, key string) int64 {
	return parse(c, s, key, func(v string) (int64, error) {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("%q: want a whole number from 0 on", v)
		}
		return n, nil
	})
}

// number is count for values that must be small.
func (c *compiler) number(s scalar, key string, most int64) int {
	n := c.count(s, key)
	if n > most {
		c.fail(s, key, fmt.Errorf("%d: want at most %d", n, most))
		return 0
	}
	return int(n)
}

// seconds reads "90s", "200m", "5h" or plain seconds.
func (c *compiler) seconds(s scalar, key string) int64 {
	return parse(c, s, key, func(v string) (int64, error) {
		digits, unit := v, int64(1)
		if v != "" {
			switch v[len(v)-1] {
			case 's':
				digits = v[:len(v)-1]
			case 'm':
				digits, unit = v[:len(v)-1], 60
			case 'h':
				digits, unit = v[:len(v)-1], 3600
			}
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > 1<<40 {
			return 0, fmt.Errorf("%q: want a time such as 90s, 200m or 5h", v)
		}
		return n * unit, nil
	})
}

// percent reads "20%" or "2.5" into hundredths of a percent.
func (c *compiler) percent(s scalar, key string) int64 {
	a := parse(c, scalar{strings.TrimSuffix(s.value, "%"), s.line}, key, money.ParseAmount)
	if a.Micros()%10_000 != 0 {
		c.fail(s, key, fmt.Errorf("%q: want at most two decimal places", s.value))
	}
	return a.Micros() / 10_000
}

// moment reads RFC 3339, or a date, which is its midnight in the tariff's time zone.
func (c *compiler) moment(s scalar, key string) time.Time {
	return parse(c, s, key, func(v string) (time.Time, error) {
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
			if t, err := time.ParseInLocation(layout, v, c.loc); err == nil {
				return t.UTC(), nil
			}
		}
		return time.Time{}, fmt.Errorf("%q: want a date such as 2026-03-31 or 2026-03-31T22:00:00Z", v)
	})
}

// spec compiles the whole file.
func (c *compiler) spec(doc *document) Spec {
	c.loc = parse(c, doc.TimeZone, "time_zone", time.LoadLocation)
	if c.loc == nil {
		c.loc = time.UTC
	}
	c.readGroups(doc.Groups)
	s := Spec{
		Name: doc.Name.value, Version: doc.Version.value,
		Currency:   parse(c, doc.Currency, "currency", money.ParseCurrency),
		Rounding:   c.rounding(&doc.Rounding),
		Boundary:   either(c, doc.Boundary, "boundary", "split", Split, "start", AtStart),
		Precedence: either(c, doc.Precedence, "precedence", "first", FirstDeck, "longest", LongestPrefix),
		RatedOnNet: either(c, doc.OnNet, "on_net", "free", false, "rated", true),
		Blocked:    parseAll(c, doc.Blocked, "blocked", e164.ParsePrefix),
		From:       c.moment(doc.EffectiveFrom, "effective_from"),
		Till:       c.moment(doc.EffectiveTo, "effective_to"),
	}
	for _, key := range []struct {
		s    scalar
		name string
	}{{doc.Name, "name"}, {doc.Currency, "currency"}} {
		if !key.s.given() {
			c.fail(scalar{line: 1}, key.name, errRequired)
		}
	}
	s.Calendar = c.calendar(doc)
	s.Sources = c.sources(doc.Decks, s.Currency)
	s.Allowances = c.allowances(doc.Allowances)
	s.Tiers = c.tiers(doc.Tiers)
	s.Fees = c.fees(doc.Fees)
	if doc.Trial != nil {
		s.Trial = &Trial{
			Until: parse(c, doc.Trial.Until, "trial.until", ParseCondition), Then: parse(c, doc.Trial.Then, "trial.then", ParseTrialEnd), Tariff: doc.Trial.Tariff.value,
		}
		if (s.Trial.Then == TrialSwitch) != (s.Trial.Tariff != "") {
			c.fail(doc.Trial.Until, "trial.tariff", errors.New("is for then: switch, which needs it"))
		}
		if s.Trial.Until == nil {
			c.fail(doc.Trial.Until, "trial.until", errRequired)
		}
	}
	return s
}

func (c *compiler) rounding(doc *roundingDoc) Rounding {
	r := DefaultRounding()
	if doc.Scale.given() {
		r.Scale = c.number(doc.Scale, "rounding.scale", money.AmountScale)
	}
	if doc.Money.given() {
		r.Money = parse(c, doc.Money, "rounding.money", money.ParseRounding)
	}
	if doc.Duration.given() {
		r.Duration = parse(c, doc.Duration, "rounding.duration", money.ParseRounding)
	}
	if doc.DurationUnit.given() {
		r.DurationUnit = int64(max(1, c.number(doc.DurationUnit, "rounding.duration_unit", maxIncrement)))
	}
	return r
}

func (c *compiler) readGroups(groups map[string][]scalar) {
	c.groups = make(map[string][]string, len(groups))
	for name, members := range groups {
		for _, m := range members {
			c.groups[name] = append(c.groups[name], m.value)
		}
	}
}

// match reads which calls a rule is for; the name of a group stands for its destinations.
func (c *compiler) match(doc *matchDoc, key string) Match {
	m := Match{
		Directions: parseAll(c, doc.Directions, key+".directions", parseDirection),
		Prefixes:   parseAll(c, doc.Prefixes, key+".prefixes", e164.ParsePrefix),
	}
	for _, d := range doc.Destinations {
		if members, ok := c.groups[d.value]; ok {
			m.Destinations = append(m.Destinations, members...)
		} else {
			m.Destinations = append(m.Destinations, d.value)
		}
	}
	return m
}
