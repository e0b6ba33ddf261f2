package money

import (
	"math/big"

	"github.com/shopspring/decimal"
)

// maxDecimalExponent bounds the work on decimals from outside: "1e1000000" is short to write and long to expand.
const maxDecimalExponent = 64

// fromDecimal returns d x 10^scale rounded to an integer.
func fromDecimal(d decimal.Decimal, scale int, mode Rounding) (int64, error) {
	exp := int(d.Exponent()) + scale
	if exp > maxDecimalExponent || exp < -maxDecimalExponent || d.Coefficient().BitLen() > 4*maxDecimalExponent {
		return 0, ErrOverflow
	}
	num, den := new(big.Int).Set(d.Coefficient()), big.NewInt(1)
	shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exp, -exp))), nil)
	if exp >= 0 {
		num.Mul(num, shift)
	} else {
		den = shift
	}
	quo := divideBig(num, den, mode)
	if !quo.IsInt64() {
		return 0, ErrOverflow
	}
	return quo.Int64(), nil
}

// divideBig returns num / den, den > 0, rounded to an integer.
func divideBig(num, den *big.Int, mode Rounding) *big.Int {
	negative := num.Sign() < 0
	rem := new(big.Int)
	quo, rem := new(big.Int).QuoRem(new(big.Int).Abs(num), den, rem)
	if rem.Sign() != 0 {
		// The comparison with a half is all that the mode needs: 1, 2 and 3 quarters stand for it.
		quarter := uint64(2 + rem.Lsh(rem, 1).Cmp(den)) //nolint:gosec // 1, 2 or 3
		if mode.away(negative, quo.Bit(0) == 1, quarter, 4) {
			quo.Add(quo, big.NewInt(1))
		}
	}
	if negative {
		quo.Neg(quo)
	}
	return quo
}
