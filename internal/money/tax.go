package money

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/shopspring/decimal"
)

// ErrTax is returned, wrapped, for a tax that makes no sense.
var ErrTax = errors.New("bad tax")

// TaxBasis says where a tax is rounded.
type TaxBasis uint8

// The bases.
const (
	PerLine     TaxBasis = iota // On every line; the tax of the document is the sum.
	PerDocument                 // On the sum of the lines; it is shared out over them by largest remainder.
)

// Tax is a rate of tax and how it is reckoned.
type Tax struct {
	Percent   decimal.Decimal // 20 is 20 %.
	Inclusive bool            // The prices of the lines contain it.
	Basis     TaxBasis
	Scale     int // Decimal places to which the tax is rounded.
	Rounding  Rounding
}

// Taxed is an amount without tax, the tax, and both together: Net + Tax = Gross, exactly.
type Taxed struct {
	Net, Tax, Gross Amount
}

// maxPercent bounds a tax: more is a mistake.
const maxPercent = 1000

// Apply reckons the tax of a document's lines. It returns each line and the total, which is their exact sum.
func (t Tax) Apply(lines []Amount) ([]Taxed, Taxed, error) {
	if t.Percent.IsNegative() || t.Percent.GreaterThan(decimal.NewFromInt(maxPercent)) || -t.Percent.Exponent() > exchangeDigits {
		return nil, Taxed{}, fmt.Errorf("%w: %s %%: want 0 to %d", ErrTax, t.Percent, maxPercent)
	}
	taxes, err := t.taxes(lines)
	if err != nil {
		return nil, Taxed{}, err
	}
	out := make([]Taxed, len(lines))
	var total Taxed
	for i, line := range lines {
		if out[i], err = t.split(line, taxes[i]); err == nil {
			total, err = total.add(out[i])
		}
		if err != nil {
			return nil, Taxed{}, err
		}
	}
	return out, total, nil
}

func (t Tax) taxes(lines []Amount) ([]Amount, error) {
	if t.Basis == PerDocument {
		return t.shared(lines)
	}
	out := make([]Amount, len(lines))
	for i, line := range lines {
		tax, err := t.of(line)
		if err != nil {
			return nil, err
		}
		out[i] = tax
	}
	return out, nil
}

// shared rounds the tax of the sum and shares it out by the sizes of the lines.
func (t Tax) shared(lines []Amount) ([]Amount, error) {
	sum, err := Sum(lines...)
	if err != nil {
		return nil, err
	}
	tax, err := t.of(sum)
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	weights := make([]int64, len(lines))
	for i, line := range lines {
		if line.Sign() == sum.Sign() { // A line against the rest, a credit, takes no share of the remainder.
			weights[i] = max(line.micros, -line.micros)
		}
	}
	if tax.IsZero() {
		return make([]Amount, len(lines)), nil
	}
	return AllocateUnits(tax, weights, t.Scale)
}

// of returns the tax on an amount, rounded once.
func (t Tax) of(a Amount) (Amount, error) {
	percent := t.Percent.Rat()
	factor := new(big.Rat).Quo(percent, big.NewRat(100, 1))
	if t.Inclusive {
		factor.Quo(percent, new(big.Rat).Add(percent, big.NewRat(100, 1)))
	}
	scale := min(max(t.Scale, 0), AmountScale)
	factor.Mul(factor, big.NewRat(a.micros, pow10(AmountScale-scale)))
	units := divideBig(factor.Num(), factor.Denom(), t.Rounding)
	if !units.IsInt64() {
		return Amount{}, ErrOverflow
	}
	return Amount{units.Int64()}.Mul(pow10(AmountScale - scale))
}

func (t Tax) split(line, tax Amount) (Taxed, error) {
	if t.Inclusive {
		net, err := line.Sub(tax)
		return Taxed{Net: net, Tax: tax, Gross: line}, err
	}
	gross, err := line.Add(tax)
	return Taxed{Net: line, Tax: tax, Gross: gross}, err
}

func (t Taxed) add(other Taxed) (Taxed, error) {
	net, err1 := t.Net.Add(other.Net)
	tax, err2 := t.Tax.Add(other.Tax)
	gross, err3 := t.Gross.Add(other.Gross)
	return Taxed{net, tax, gross}, errors.Join(err1, err2, err3)
}
