package cell

import (
	"errors"
	"strings"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
)

// ErrNumber is a cell that is no number; the fault says more.
var ErrNumber = errors.New("not a number")

// numberMost is the longest number that is looked at, in bytes.
const numberMost = 40

// Plain turns a cell such as "$0,0125" or "1 234.50 USD" into digits with at most one point. The decimal sign is
// known; the other one may only group thousands, together with the decimal sign: "1,234" alone could be either.
func Plain(text, decimalSign string) (string, error) {
	if plainDigits(text, decimalSign) {
		if decimalSign == "." {
			return text, nil
		}
		return strings.Replace(text, ",", ".", 1), nil
	}
	s, _ := CutCurrency(text)
	other := ","
	if decimalSign == "," {
		other = "."
	}
	whole, frac, point := strings.Cut(s, decimalSign)
	groups := strings.FieldsFunc(whole, func(r rune) bool { return IsSpace(r) || r == '\'' || r == '’' || string(r) == other })
	if strings.Contains(whole, other) && !point || strings.ContainsAny(frac, ",. '") {
		return "", ErrNumber
	}
	for i, g := range groups {
		if i > 0 && len(g) != 3 || i == 0 && len(groups) > 1 && (len(g) > 3 || strings.Trim(g, "-+") == "0") {
			return "", ErrNumber
		}
	}
	whole = strings.Join(groups, "")
	if !point {
		return whole, nil
	}
	return whole + "." + frac, nil
}

// plainDigits reports whether a cell has nothing but digits and one decimal sign between some of them.
func plainDigits(text, decimalSign string) bool {
	points := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
		case c == decimalSign[0] && i > 0 && i < len(text)-1:
			points++
		default:
			return false
		}
	}
	return text != "" && points <= 1
}

// IsSpace reports whether a rune is a space within a line, also one that does not break.
func IsSpace(r rune) bool {
	return r == ' ' || r == '\u00a0' || r == '\u202f' || r == '\u2007' || r == '\u2009' || r == '\t' || r == '\ufeff'
}

// Trim cuts spaces of all kinds off both ends.
func Trim(text string) string {
	if text == "" || plainByte(text[0]) && plainByte(text[len(text)-1]) {
		return text
	}
	return strings.TrimFunc(text, func(r rune) bool { return IsSpace(r) || r == '\n' || r == '\r' })
}

// plainByte reports whether a byte is a sign of its own, and no space.
func plainByte(c byte) bool { return c > ' ' && c < 0x7f }

// signs are what stands for a currency before or behind a number. A dollar sign may be that of any dollar.
func signs() []struct{ sign, code string } {
	return []struct{ sign, code string }{
		{"US$", "USD"},
		{"C$", "CAD"},
		{"CA$", "CAD"},
		{"A$", "AUD"},
		{"AU$", "AUD"},
		{"R$", "BRL"},
		{"$", "$"},
		{"€", "EUR"},
		{"£", "GBP"},
		{"₽", "RUB"},
		{"¥", "JPY"},
		{"₹", "INR"},
		{"₴", "UAH"},
		{"₺", "TRY"},
		{"₸", "KZT"},
		{"zł", "PLN"},
		{"руб.", "RUB"},
		{"руб", "RUB"},
		{"р.", "RUB"},
	}
}

// CutCurrency cuts the sign or the code of a currency off a number, and tells which it was: a code, "$" for a dollar of some kind,
// or empty text.
func CutCurrency(text string) (number, currency string) {
	s := Trim(text)
	if s == "" || s[0] >= '0' && s[0] <= '9' && s[len(s)-1] >= '0' && s[len(s)-1] <= '9' {
		return s, ""
	}
	for _, known := range signs() {
		rest, before := strings.CutPrefix(s, known.sign)
		if !before {
			rest, before = strings.CutSuffix(s, known.sign)
		}
		if before {
			return Trim(rest), known.code
		}
	}
	for _, code := range [...]string{s[:min(3, len(s))], s[max(0, len(s)-3):]} {
		if c, err := money.ParseCurrency(strings.ToUpper(code)); err == nil {
			return Trim(strings.TrimSuffix(strings.TrimPrefix(s, code), code)), c.String()
		}
	}
	return s, ""
}

// Decimal reads a number exactly. A spreadsheet writes it with a point and perhaps with an exponent, whatever the sign of the list.
func Decimal(text, decimalSign string, spreadsheet bool) (decimal.Decimal, error) {
	if len(text) > numberMost {
		return decimal.Decimal{}, ErrNumber
	}
	if spreadsheet || strings.ContainsAny(text, "eE") {
		if d, err := decimal.NewFromString(text); err == nil && d.Exponent() > -numberMost && d.Exponent() < numberMost {
			return d, nil
		}
	}
	plain, err := Plain(text, decimalSign)
	if err != nil {
		return decimal.Decimal{}, err
	}
	d, err := decimal.NewFromString(plain)
	if err != nil {
		return decimal.Decimal{}, ErrNumber
	}
	return d, nil
}

// Rate reads a rate per minute. Spreadsheets keep numbers in binary and show 0.0125 as 0.012500000000000001 or with
// an exponent; such a cell is rounded to the nine places of a rate, where a written one would be refused.
func Rate(text, decimalSign string, spreadsheet bool) (money.Rate, error) {
	if !spreadsheet {
		if plain, err := Plain(text, decimalSign); err == nil {
			return money.ParseRate(plain)
		}
	}
	d, err := Decimal(text, decimalSign, spreadsheet)
	if err != nil {
		return money.Rate{}, err
	}
	return money.RateFromDecimal(d, money.HalfEven)
}

// Amount reads an amount as Rate reads a rate.
func Amount(text, decimalSign string, spreadsheet bool) (money.Amount, error) {
	if !spreadsheet {
		if plain, err := Plain(text, decimalSign); err == nil {
			return money.ParseAmount(plain)
		}
	}
	d, err := Decimal(text, decimalSign, spreadsheet)
	if err != nil {
		return money.Amount{}, err
	}
	return money.FromDecimal(d, money.HalfEven)
}
