package reports

import (
	"maps"
	"slices"

	"trunkline/internal/money"
)

// Sums are what is added up over legs, weighed with their signs.
type Sums struct {
	Legs      int64
	Seizures  int64 // Without challenges (401, 407).
	Answered  int64
	Effective int64 // Answered, or ended by a user: ITU-T E.425.
	Limited   int64 // Refused or ended because money or a limit was used up.
	Crowded   int64 // Refused because all channels, or the calls of a second, were in use.
	Micros    int64 // Of talk, microseconds.
	Billed    int64 // Seconds after increments.
	PDD       Histogram
	Sale      Purse
	Cost      Purse
}

// Purse is money by currency. Currencies are never added.
type Purse map[money.Currency]money.Amount

// Add puts money in; nothing of a currency makes no entry.
func (p Purse) Add(c money.Currency, a money.Amount) error {
	if a.IsZero() {
		return nil
	}
	sum, err := p[c].Add(a)
	if err != nil {
		return err
	}
	p[c] = sum
	if sum.IsZero() {
		delete(p, c)
	}
	return nil
}

// Currencies returns the currencies in the order of their codes.
func (p Purse) Currencies() []money.Currency {
	return slices.SortedFunc(maps.Keys(p), func(a, b money.Currency) int {
		switch x, y := a.String(), b.String(); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}

// MarshalJSON writes {"RUB": "12.5"}.
func (p Purse) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, c := range p.Currencies() {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '"')
		out = append(out, c.String()...)
		out = append(out, `":"`...)
		out = append(out, p[c].String()...)
		out = append(out, '"')
	}
	return append(out, '}'), nil
}

// add adds other sums.
func (s *Sums) add(other *Sums) error {
	s.Legs += other.Legs
	s.Seizures += other.Seizures
	s.Answered += other.Answered
	s.Effective += other.Effective
	s.Limited += other.Limited
	s.Crowded += other.Crowded
	s.Micros += other.Micros
	s.Billed += other.Billed
	if s.PDD == nil {
		s.PDD, s.Sale, s.Cost = make(Histogram), make(Purse), make(Purse)
	}
	s.PDD.Add(other.PDD)
	for _, side := range []struct{ to, from Purse }{{s.Sale, other.Sale}, {s.Cost, other.Cost}} {
		for c, a := range side.from {
			if err := side.to.Add(c, a); err != nil {
				return err
			}
		}
	}
	return nil
}
