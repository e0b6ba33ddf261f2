package money

import (
	"errors"
	"fmt"
	"strings"
)

// ErrCurrency is returned, wrapped, for text that is no currency.
var ErrCurrency = errors.New("unknown currency")

// Currency is one of the currencies of ISO 4217. The zero value is no currency. Currencies are comparable with ==.
type Currency struct {
	code [3]byte
}

// The codes of ISO 4217 by the number of their minor units, without funds, metals and testing codes.
const (
	noMinorUnits    = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
	threeMinorUnits = "BHD IQD JOD KWD LYD OMR TND"
	twoMinorUnits   = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY " +
		"COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR " +
		"JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO " +
		"NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB " +
		"TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)

// ParseCurrency reads a code of three letters in either case.
func ParseCurrency(s string) (Currency, error) {
	code := strings.ToUpper(strings.TrimSpace(s))
	if len(code) != 3 || !known(code) {
		return Currency{}, fmt.Errorf("%w: %q: want a code of ISO 4217, for example EUR", ErrCurrency, s)
	}
	return Currency{[3]byte{code[0], code[1], code[2]}}, nil
}

// MustParseCurrency is ParseCurrency for literals in tests and tables; it panics on an error.
func MustParseCurrency(s string) Currency {
	c, err := ParseCurrency(s)
	if err != nil {
		panic(err)
	}
	return c
}

func known(code string) bool {
	if strings.Contains(code, " ") {
		return false
	}
	return strings.Contains(twoMinorUnits, code) || strings.Contains(noMinorUnits, code) || strings.Contains(threeMinorUnits, code)
}

// String returns the code, or "" for no currency.
func (c Currency) String() string {
	if c.IsZero() {
		return ""
	}
	return string(c.code[:])
}

// IsZero reports whether c is no currency.
func (c Currency) IsZero() bool { return c.code == [3]byte{} }

// MinorUnits returns the number of decimal places of the smallest coin: 2 for EUR, 0 for JPY, 3 for KWD.
func (c Currency) MinorUnits() int {
	switch code := c.String(); {
	case code == "":
		return 2
	case strings.Contains(noMinorUnits, code):
		return 0
	case strings.Contains(threeMinorUnits, code):
		return 3
	}
	return 2
}

// MarshalText writes the code.
func (c Currency) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is ParseCurrency; empty text is no currency.
func (c *Currency) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = Currency{}
		return nil
	}
	v, err := ParseCurrency(string(text))
	if err != nil {
		return err
	}
	*c = v
	return nil
}
