package cell

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"trunkline/rating"
)

// Increment reads the steps of billing in every spelling: "30/6", "1+1", "60 : 60", "30s/6s", "1 min / 1 sec", "60", "per second".
func Increment(text string) (rating.Increment, error) {
	if inc, err := rating.ParseIncrement(text); err == nil {
		return inc, nil
	}
	low := strings.ToLower(Trim(text))
	if inc, ok := namedIncrement(low); ok {
		return inc, nil
	}
	body, fromZero := strings.CutSuffix(low, "from zero")
	numbers, err := stepNumbers(body)
	if err != nil {
		return rating.Increment{}, fmt.Errorf("%w: %q", rating.ErrIncrement, text)
	}
	inc := rating.Increment{FromZero: fromZero}
	switch len(numbers) {
	case 1:
		inc.Initial, inc.Next = numbers[0], numbers[0]
	case 2:
		inc.Initial, inc.Next = numbers[0], numbers[1]
	default:
		return inc, fmt.Errorf("%w: %q", rating.ErrIncrement, text)
	}
	return inc, inc.Validate()
}

// Seconds reads one length of time: "60", "60 s", "1 min", "6 sec.".
func Seconds(text string) (int32, error) {
	if n, ok := fewDigits(text); ok {
		return n, nil
	}
	low := strings.ToLower(Trim(text))
	low = strings.TrimSuffix(strings.TrimSuffix(low, ".00"), ".0")
	numbers, err := stepNumbers(low)
	if err != nil || len(numbers) != 1 {
		return 0, fmt.Errorf("%w: %q", rating.ErrIncrement, text)
	}
	return numbers[0], nil
}

// fewDigits reads a whole number of up to four digits.
func fewDigits(text string) (int32, bool) {
	if text == "" || len(text) > 4 {
		return 0, false
	}
	var n int32
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int32(text[i]-'0')
	}
	return n, true
}

// namedIncrement knows steps that are said in words.
func namedIncrement(low string) (rating.Increment, bool) {
	for _, known := range []struct {
		words string
		step  int32
	}{
		{"per second|per sec|by second|second|sekundengenau|sekundentakt|посекундная|посекундно|por segundo|à la seconde|a la seconde|al secondo", 1},
		{"per minute|per min|by minute|minute|minutentakt|поминутная|поминутно|por minuto|à la minute|a la minute|al minuto", 60},
	} {
		for word := range strings.SplitSeq(known.words, "|") {
			if low == word {
				return rating.Increment{Initial: known.step, Next: known.step}, true
			}
		}
	}
	return rating.Increment{}, false
}

// stepNumbers reads numbers with units and one sign between them.
func stepNumbers(low string) ([]int32, error) {
	var out []int32
	for rest := low; rest != ""; {
		rest = strings.TrimLeft(rest, " /+-\\:;|,x–\u00a0")
		digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
		if digits == "" {
			if rest == "" {
				break
			}
			return nil, rating.ErrIncrement
		}
		n, err := strconv.ParseInt(digits, 10, 32)
		if err != nil {
			return nil, err
		}
		rest = strings.TrimLeft(rest[len(digits):], " \u00a0")
		unit := rest
		if i := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && r != '.' && r != '"' }); i >= 0 {
			unit = rest[:i]
		}
		rest = rest[len(unit):]
		factor, err := unitSeconds(strings.Trim(unit, "."))
		if err != nil || n*factor > 86400 {
			return nil, rating.ErrIncrement
		}
		out = append(out, int32(n*factor)) //nolint:gosec // A day at the most.
	}
	return out, nil
}

func unitSeconds(unit string) (int64, error) {
	switch unit {
	case "", "s", "sec", "secs", "second", "seconds", "sek", "sekunden", "с", "сек", "секунд", "seg", "\"", "segundos", "secondes", "secondi":
		return 1, nil
	case "m", "min", "mins", "minute", "minutes", "мин", "минута", "minuten", "minuto", "minutos", "minuti":
		return 60, nil
	}
	return 0, rating.ErrIncrement
}
