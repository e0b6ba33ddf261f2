package columns

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"trunkline/rating/deckfile/cell"
)

// exchangeMost is the longest exchange rate, in bytes.
const exchangeMost = 30

// AnswerName is one thing that can be said about a list. Commands, the API and pages have the same names.
type AnswerName struct {
	Name  string
	Many  bool // It can be said several times.
	Usage string
}

// AnswerNames returns all of them.
func AnswerNames() []AnswerName {
	return []AnswerName{
		{"column", true, `where something stands, by heading or number: rate="New Price", prefix=3, status=- for nowhere`},
		{"ignore", true, "column that is not to be used, by heading or number"},
		{"sheet", false, "sheet of a spreadsheet"},
		{"encoding", false, "encoding of a text, such as windows-1251"},
		{"delimiter", false, "sign between the cells of a text"},
		{"decimal", false, "decimal sign of prices: . or ,"},
		{"first-row", false, "rows above the first rate, the last of them with the headings"},
		{"dates", false, "what stands first in 01/02/2026: dmy or mdy"},
		{"zone", false, "time zone of dates, such as Europe/Berlin; UTC if it is not given"},
		{"ends", false, "a day as an end: inclusive (the rate holds on it) or exclusive"},
		{"increment", false, "steps of a list that does not say them, such as 60/1"},
		{"country-code", false, "put before every code, for a list of one country without it"},
		{"first-price", false, "connect_fee: keep a dearer first step as a connect fee"},
		{"unit", false, "what prices are for: minute, second, hour or 100 minutes, also with cent before it"},
		{"currency", false, "currency of the list's prices"},
		{"exchange", false, "units of the deck's currency for one of the list's"},
		{"period", true, "period of the tariff for prices of another time: off-peak=night"},
		{"mark", true, "what a word of the status means: WORD=kept, closed or blocked"},
		{"status-is", false, "what yes means in the status: active, closed or blocked"},
	}
}

// Set takes one answer by its name; a dash may be written as an underscore. Empty text is no answer.
func (a *Answers) Set(name, value string) error {
	if value == "" {
		return nil
	}
	switch strings.ReplaceAll(name, "_", "-") {
	case "column":
		return setPair(name, value, func(k, v string) {
			if a.Columns == nil {
				a.Columns = make(map[Column]string)
			}
			a.Columns[Column(k)] = v
		})
	case "period":
		return setPair(name, value, func(k, v string) { a.Periods = with(a.Periods, k, v) })
	case "mark":
		return setPair(name, value, func(k, v string) { a.Marks = with(a.Marks, k, v) })
	case "ignore":
		a.Ignore = append(a.Ignore, value)
	case "first-row":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fmt.Errorf("%w: %s %q: want a number of rows", ErrMapping, name, value)
		}
		a.FirstRow = n
	case "dates":
		a.Dates = cell.Order(value)
	case "exchange":
		d, err := decimal.NewFromString(value)
		if err != nil || d.Sign() <= 0 || len(value) > exchangeMost {
			return fmt.Errorf("%w: exchange %q: want a number above 0, such as 1.0850", ErrMapping, value)
		}
		a.Exchange = d
	default:
		text := a.text(strings.ReplaceAll(name, "_", "-"))
		if text == nil {
			return fmt.Errorf("%w: nothing is called %q", ErrMapping, name)
		}
		*text = value
	}
	return nil
}

// text is the answer that is plain text.
func (a *Answers) text(name string) *string {
	return map[string]*string{
		"sheet": &a.Sheet, "encoding": &a.Encoding, "delimiter": &a.Delimiter, "decimal": &a.Decimal, "zone": &a.Zone, "ends": &a.Ends, "increment": &a.Increment,
		"country-code": &a.CountryCode, "first-price": &a.FirstPrice, "unit": &a.Unit, "currency": &a.Currency, "status-is": &a.StatusIs,
	}[name]
}

func setPair(name, value string, set func(k, v string)) error {
	k, v, ok := strings.Cut(value, "=")
	if k = strings.TrimSpace(k); !ok || k == "" {
		return fmt.Errorf("%w: %s %q: want NAME=VALUE", ErrMapping, name, value)
	}
	set(k, strings.Trim(strings.TrimSpace(v), `"`))
	return nil
}

func with(m map[string]string, k, v string) map[string]string {
	if m == nil {
		m = make(map[string]string)
	}
	m[k] = v
	return m
}
