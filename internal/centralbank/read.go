package centralbank

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
)

// Errors.
var (
	ErrFormat = errors.New("no exchange rates that are understood")
	ErrFetch  = errors.New("exchange rates cannot be fetched")
)

// MaxSize bounds a document: all daily rates of the European Central Bank since 1999 are about 10 MB.
const MaxSize = 32 << 20

// Names of the publishers, by which rates are kept.
const (
	ECB = "ecb" // European Central Bank: units of a currency for one euro.
	CBR = "cbr" // Bank of Russia: roubles for units of a currency.
	Own = "list"
)

// Sheet is what a document says. Rates hold from the beginning of their day, UTC.
type Sheet struct {
	Source string
	Rates  []money.ExchangeRate
}

// Read understands what a central bank publishes, by its content:
//
//   - eurofxref-daily.xml, eurofxref-hist.xml, eurofxref-hist-90d.xml of the European Central Bank, and eurofxref.csv of its zip files;
//   - XML_daily.asp of the Bank of Russia, in windows-1251;
//   - CSV with the heading from,to,rate,day.
func Read(data []byte) (Sheet, error) {
	if len(data) > MaxSize {
		return Sheet{}, fmt.Errorf("%w: larger than %d MiB", ErrFormat, MaxSize>>20)
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	var s Sheet
	var err error
	switch {
	case bytes.HasPrefix(text, []byte("PK\x03\x04")):
		return readZip(data)
	case bytes.HasPrefix(text, []byte("<")):
		s, err = readXML(text)
	default:
		s, err = readCSV(text)
	}
	if err == nil && len(s.Rates) == 0 {
		err = fmt.Errorf("%w: the document has none", ErrFormat)
	}
	if err != nil {
		return Sheet{}, err
	}
	return s, nil
}

// rate makes one rate of its words.
func rate(from, to, value, day, layout string) (money.ExchangeRate, error) {
	var r money.ExchangeRate
	var errs [4]error
	r.From, errs[0] = money.ParseCurrency(strings.TrimSpace(from))
	r.To, errs[1] = money.ParseCurrency(strings.TrimSpace(to))
	r.Rate, errs[2] = decimal.NewFromString(strings.Replace(strings.TrimSpace(value), ",", ".", 1))
	r.Since, errs[3] = time.Parse(layout, strings.TrimSpace(day))
	if err := errors.Join(errs[:]...); err != nil {
		return r, fmt.Errorf("%w: %s to %s, %q of %q: %w", ErrFormat, from, to, value, day, err)
	}
	if !r.Rate.IsPositive() || r.From == r.To {
		return r, fmt.Errorf("%w: %s to %s: %q is no rate", ErrFormat, from, to, value)
	}
	return r, nil
}
