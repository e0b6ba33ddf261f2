package rating

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// ErrTariff is returned, wrapped, for a tariff that cannot be used.
var ErrTariff = errors.New("bad tariff")

// Boundary says how a call is priced that goes on from one period of the week into another.
type Boundary uint8

// The ways.
const (
	Split   Boundary = iota // Each billed second at the rate of its moment.
	AtStart                 // All of it at the rate of its start.
)

// Precedence says which of several decks prices a number that more than one of them knows.
type Precedence uint8

// The ways.
const (
	FirstDeck     Precedence = iota // The first in the tariff's order, however short its prefix.
	LongestPrefix                   // The one with the longest prefix; the first among equals.
)

// Rounding says how seconds and money are rounded, each with its own unit and mode.
type Rounding struct {
	Scale        int // Decimal places of every amount of a charge, 0 to 6.
	Money        money.Rounding
	DurationUnit int64          // Seconds to whose multiple the duration is rounded before the increments; 0 means 1.
	Duration     money.Rounding // Up by DefaultRounding.
}

// DefaultRounding is six places half up, and begun seconds counted whole.
func DefaultRounding() Rounding {
	return Rounding{Scale: money.AmountScale, Money: money.HalfUp, DurationUnit: 1, Duration: money.Up}
}

// Source is one deck of a tariff with the calls that it is for.
type Source struct {
	Deck       *Deck             // Nil for cost-plus, which has no prices of its own.
	CostPlus   *CostPlus         // Nil for a deck.
	Directions []calls.Direction // Empty: outbound and forwarded.
	Origins    []e164.Prefix     // The caller's number begins with one of them; empty: any caller.
}

// Spec is what a tariff is made of.
type Spec struct {
	Name       string
	Version    string
	Currency   money.Currency // Zero where nobody says: amounts are then bare figures.
	Calendar   *Calendar      // Nil: UTC without periods.
	Boundary   Boundary
	Precedence Precedence
	Rounding   Rounding
	Sources    []Source
	Blocked    []e164.Prefix
	RatedOnNet bool // Calls inside the tenant are priced like others; otherwise they are free.
	Allowances []Allowance
	Tiers      []Tier
	Fees       []Fee
	Trial      *Trial
	From, Till time.Time // The version's time of force; zero: unbounded.
}

// Tariff is one version of what a tenant pays. It is immutable and safe for concurrent use.
type Tariff struct {
	spec    Spec
	label   string
	sources []source
	served  directionSet
	blocked *PrefixIndex
}

// Prices reports whether calls of a direction have a price by the tariff; inbound calls without one are free.
func (t *Tariff) Prices(d calls.Direction) bool { return t.served.has(d) }

// source is a Source with the tariff's periods translated into those of its deck.
type source struct {
	Source
	directions directionSet
	origins    []uint64
	periods    []uint16
}

// NewTariff checks a specification and makes it a tariff. The specification's slices must not be changed afterwards.
func NewTariff(spec Spec) (*Tariff, error) {
	if err := spec.complete(); err != nil {
		return nil, err
	}
	t := &Tariff{spec: spec, label: spec.Name}
	if spec.Version != "" {
		t.label += "@" + spec.Version
	}
	for i, s := range spec.Sources {
		src, err := t.newSource(s)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: deck %d: %w", ErrTariff, t.label, i+1, err)
		}
		t.sources = append(t.sources, src)
		t.served |= src.directions
	}
	keys := make([]uint64, 0, len(spec.Blocked))
	for _, p := range spec.Blocked {
		keys = append(keys, p.Key())
	}
	slices.Sort(keys)
	blocked, err := NewPrefixIndex(slices.Compact(keys))
	t.blocked = blocked
	return t, err
}

// complete fills in the defaults and refuses what cannot be.
func (s *Spec) complete() error {
	if s.Calendar == nil {
		c, err := NewCalendar(time.UTC, nil, nil)
		if err != nil {
			return err
		}
		s.Calendar = c
	}
	if s.Rounding.DurationUnit == 0 {
		s.Rounding.DurationUnit = 1
	}
	r := s.Rounding
	switch {
	case s.Name == "":
		return fmt.Errorf("%w: it has no name", ErrTariff)
	case r.Scale < 0 || r.Scale > money.AmountScale:
		return fmt.Errorf("%w: %s: amounts are rounded to %d decimal places: want 0 to %d", ErrTariff, s.Name, r.Scale, money.AmountScale)
	case r.DurationUnit < 1 || r.DurationUnit > maxIncrement:
		return fmt.Errorf("%w: %s: durations are rounded to %d seconds: want 1 to %d", ErrTariff, s.Name, r.DurationUnit, maxIncrement)
	case !s.From.IsZero() && !s.Till.IsZero() && !s.From.Before(s.Till):
		return fmt.Errorf("%w: %s: it ends before it begins", ErrTariff, s.Name)
	}
	if err := s.checkBases(); err != nil {
		return err
	}
	return s.checkRules()
}

// checkRules refuses allowances, tiers and fees that are wrong or share a name: the name is the key of their counters.
func (s *Spec) checkRules() error {
	names := make(map[string]bool)
	check := func(name string, err error) error {
		if err != nil {
			return fmt.Errorf("%w: %s: %s: %w", ErrTariff, s.Name, name, err)
		}
		if name == "" || names[name] {
			return fmt.Errorf("%w: %s: the name %q is empty or there twice", ErrTariff, s.Name, name)
		}
		names[name] = true
		return nil
	}
	for _, a := range s.Allowances {
		if err := check(a.Name, a.validate()); err != nil {
			return err
		}
	}
	for _, t := range s.Tiers {
		if err := check(t.Name, t.validate()); err != nil {
			return err
		}
	}
	return s.checkFees(names)
}

// checkFees refuses fees that share a name, unless one follows the other.
func (s *Spec) checkFees(names map[string]bool) error {
	for i := range s.Fees {
		f := &s.Fees[i]
		if err := f.validate(); err != nil {
			return fmt.Errorf("%w: %s: %s: %w", ErrTariff, s.Name, f.Name, err)
		}
		if f.Name == "" || names[f.Name] {
			return fmt.Errorf("%w: %s: the name %q is empty or there twice", ErrTariff, s.Name, f.Name)
		}
		for j := range i {
			if other := &s.Fees[j]; other.Name == f.Name && other.meets(f) {
				return fmt.Errorf("%w: %s: two fees %q are due at the same time: end one where the other begins", ErrTariff, s.Name, f.Name)
			}
		}
	}
	return nil
}

func (t *Tariff) newSource(s Source) (source, error) {
	src := source{Source: s}
	switch {
	case (s.Deck == nil) == (s.CostPlus == nil):
		return src, errors.New("want either rates or cost_plus")
	case s.Deck != nil && s.Deck.Currency() != t.spec.Currency && !s.Deck.Currency().IsZero():
		return src, fmt.Errorf("the deck is in %s, the tariff in %s", s.Deck.Currency(), t.spec.Currency)
	case s.CostPlus != nil:
		if err := s.CostPlus.validate(); err != nil {
			return src, err
		}
	}
	for _, d := range s.Directions {
		src.directions = src.directions.with(d)
	}
	if len(s.Directions) == 0 {
		src.directions = src.directions.with(calls.Outbound).with(calls.Forwarded)
	}
	for _, p := range s.Origins {
		src.origins = append(src.origins, p.Key())
	}
	if s.Deck == nil {
		return src, nil
	}
	if err := t.checkDeck(s.Deck); err != nil {
		return src, err
	}
	for _, name := range t.spec.Calendar.names {
		src.periods = append(src.periods, s.Deck.periodID(name))
	}
	return src, nil
}

// checkDeck refuses periods that the calendar does not have and fees finer than the tariff's amounts.
func (t *Tariff) checkDeck(d *Deck) error {
	for _, name := range d.periods {
		if !slices.Contains(t.spec.Calendar.names, name) {
			return fmt.Errorf("a rate is for the period %q, which the tariff does not declare", name)
		}
	}
	for _, terms := range d.terms {
		for _, fee := range []money.Amount{terms.ConnectFee, terms.AttemptFee, terms.MinCharge} {
			if whole, err := fee.Round(t.spec.Rounding.Scale, money.Down); err != nil || whole != fee {
				return fmt.Errorf("a fee of %s has more than the tariff's %d decimal places", fee, t.spec.Rounding.Scale)
			}
		}
	}
	return nil
}

// FlatTariff makes a tariff of one deck and nothing else, with the given rounding.
func FlatTariff(deck *Deck, rounding Rounding) (*Tariff, error) {
	return NewTariff(Spec{Name: deck.Label(), Currency: deck.Currency(), Rounding: rounding, Sources: []Source{{Deck: deck}}})
}

// Label returns the name and version that are recorded with every charge.
func (t *Tariff) Label() string { return t.label }

// Labelled returns the same tariff under another label, such as one with the hash of its content.
func (t *Tariff) Labelled(label string) *Tariff {
	out := *t
	out.label = label
	return &out
}

// Currency returns the currency of all charges and fees.
func (t *Tariff) Currency() money.Currency { return t.spec.Currency }

// Scale returns the decimal places of all amounts of its charges.
func (t *Tariff) Scale() int { return t.spec.Rounding.Scale }

// Spec returns what the tariff was made of, for display. Its slices must not be changed.
func (t *Tariff) Spec() Spec { return t.spec }

// InForce reports whether this version holds at the moment.
func (t *Tariff) InForce(at time.Time) bool {
	return (t.spec.From.IsZero() || !at.Before(t.spec.From)) && (t.spec.Till.IsZero() || at.Before(t.spec.Till))
}

// Midnight is the beginning of a day in the tariff's time zone.
func (t *Tariff) Midnight(year int, month time.Month, day int) time.Time {
	return time.Unix(t.spec.Calendar.zone.unix(date(year, month, day)), 0).UTC()
}
