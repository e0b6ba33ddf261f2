package deckfile

import (
	"errors"
	"strings"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
)

// errNumber is a cell that is no number; the fault says more.
var errNumber = errors.New("not a number")

// plainNumber turns a cell such as "$0,0125" or "1 234.50 USD" into digits with at most one point. The decimal sign is
// known; the other one may only group thousands, together with the decimal sign: "1,234" alone could be either.
func plainNumber(cell, decimalSign string) (string, error) {
	s := trimCurrency(cell)
	other := ","
	if decimalSign == "," {
		other = "."
	}
	whole, frac, point := strings.Cut(s, decimalSign)
	groups := strings.FieldsFunc(whole, func(r rune) bool { return isSpace(r) || r == '\'' || string(r) == other })
	if strings.Contains(whole, other) && !point || strings.ContainsAny(frac, ",. '") {
		return "", errNumber
	}
	for i, g := range groups {
		if i > 0 && len(g) != 3 || i == 0 && len(groups) > 1 && (len(g) > 3 || strings.Trim(g, "-+") == "0") {
			return "", errNumber
		}
	}
	whole = strings.Join(groups, "")
	if !point {
		return whole, nil
	}
	return whole + "." + frac, nil
}

func isSpace(r rune) bool { return r == ' ' || r == '\u00a0' || r == '\u202f' || r == '\t' }

// trimCurrency cuts signs and codes of currencies off both ends.
func trimCurrency(cell string) string {
	s := strings.TrimFunc(cell, isSpace)
	for _, sign := range []string{"$", "€", "£", "₽", "руб.", "руб", "р.", "EUR", "USD", "RUB", "GBP"} {
		s = strings.TrimFunc(strings.TrimSuffix(strings.TrimPrefix(s, sign), sign), isSpace)
	}
	return s
}

// parseRate reads a rate per minute. Spreadsheets keep numbers in binary and show 0.0125 as 0.012500000000000001 or with
// an exponent; such a cell is rounded to the nine places of a rate, where a written one would be refused.
func parseRate(cell, decimalSign string, spreadsheet bool) (money.Rate, error) {
	if spreadsheet {
		if d, err := spreadsheetNumber(cell); err == nil {
			return money.RateFromDecimal(d, money.HalfEven)
		}
	}
	text, err := plainNumber(cell, decimalSign)
	if err != nil {
		return money.Rate{}, err
	}
	return money.ParseRate(text)
}

func parseAmount(cell, decimalSign string, spreadsheet bool) (money.Amount, error) {
	if spreadsheet {
		if d, err := spreadsheetNumber(cell); err == nil {
			return money.FromDecimal(d, money.HalfEven)
		}
	}
	text, err := plainNumber(cell, decimalSign)
	if err != nil {
		return money.Amount{}, err
	}
	return money.ParseAmount(text)
}

// spreadsheetNumber reads what a spreadsheet stores, which always has a point.
func spreadsheetNumber(cell string) (decimal.Decimal, error) {
	if len(cell) > 40 {
		return decimal.Decimal{}, errNumber
	}
	return decimal.NewFromString(cell)
}
