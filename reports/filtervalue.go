package reports

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/money"
)

// value turns what was written into what a field of its kind is compared with.
func (t traits) value(n valueNode, op Operator) (Value, error) {
	text := n.Low
	if n.Quoted != nil {
		text = strings.Trim(*n.Quoted, `"`) // There is no quote within quotes.
	}
	if op != Is && (t.kind == textValue || t.kind == phoneValue || t.kind == wordValue || t.kind == yesValue) {
		return Value{}, fmt.Errorf("cannot be compared with %s", op)
	}
	if n.High != "" && t.kind != integerValue && t.kind != durationValue && t.kind != amountValue {
		return Value{}, fmt.Errorf("%s..%s: has no ranges", text, n.High)
	}
	switch t.kind {
	case textValue:
		return Value{Text: text, Pattern: n.Quoted == nil && strings.Contains(text, "%")}, nil
	case phoneValue:
		return phone(text)
	case wordValue:
		if !slices.Contains(t.words, text) {
			return Value{}, fmt.Errorf("%q: want %s", text, strings.Join(t.words, ", "))
		}
		return Value{Text: text}, nil
	case yesValue:
		if text != "yes" && text != "no" {
			return Value{}, fmt.Errorf("%q: want yes or no", text)
		}
		return Value{Text: text}, nil
	case integerValue, durationValue, amountValue:
	}
	return t.numeric(text, n.High)
}

// numeric reads a number or a range of them.
func (t traits) numeric(low, high string) (Value, error) {
	first, err := t.number(low)
	if err != nil || high == "" {
		return first, err
	}
	last, err := t.number(high)
	if err != nil {
		return last, err
	}
	if last.High < first.Low {
		return last, fmt.Errorf("%s..%s: the first must be the lower", low, high)
	}
	return Value{Low: first.Low, High: last.High}, nil
}

func (t traits) number(text string) (Value, error) {
	switch t.kind {
	case durationValue:
		return parseLength(text)
	case amountValue:
		a, err := money.ParseAmount(text)
		return Value{Low: a.Micros(), High: a.Micros()}, err
	case integerValue, textValue, phoneValue, wordValue, yesValue:
	}
	if digits := strings.TrimRight(strings.ToLower(text), "x"); digits != "" && len(digits) < len(text) && len(text) <= 3 {
		low, err1 := strconv.ParseInt(digits+strings.Repeat("0", len(text)-len(digits)), 10, 64)
		high, err2 := strconv.ParseInt(digits+strings.Repeat("9", len(text)-len(digits)), 10, 64)
		if err1 == nil && err2 == nil {
			return Value{Low: low, High: high}, nil
		}
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return Value{}, fmt.Errorf("%q: want a whole number", text)
	}
	return Value{Low: v, High: v}, nil
}

// parseLength reads seconds, 1m30s or 1:30 into microseconds.
func parseLength(text string) (Value, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		if minutes, seconds, ok := strings.Cut(text, ":"); ok {
			d, err = time.ParseDuration(minutes + "m" + seconds + "s")
		} else {
			d, err = time.ParseDuration(text + "s")
		}
	}
	if err != nil || d < 0 {
		return Value{}, fmt.Errorf("%q: want seconds, 1m30s or 1:30", text)
	}
	return Value{Low: d.Microseconds(), High: d.Microseconds()}, nil
}

// phone leaves the digits of a number, and "%".
func phone(text string) (Value, error) {
	digits := strings.Map(func(r rune) rune {
		switch r {
		case '+', '-', '(', ')', ' ', '.':
			return -1
		}
		return r
	}, text)
	if digits == "" || strings.Trim(digits, "0123456789%") != "" {
		return Value{}, fmt.Errorf("%q: %w", text, errNoPhone)
	}
	return Value{Text: digits, Pattern: strings.Contains(digits, "%")}, nil
}

var errNoPhone = errors.New("want digits, and % for any further ones; other fields are written field:value")

// Bounds returns the lowest and the highest value that a numeric comparison lets through.
func (m Match) Bounds(v Value) (low, high int64) {
	switch m.Operator {
	case Less:
		return math.MinInt64, v.Low - 1
	case AtMost:
		return math.MinInt64, v.High
	case Greater:
		return v.High + 1, math.MaxInt64
	case AtLeast:
		return v.Low, math.MaxInt64
	case Is:
	}
	return v.Low, v.High
}
