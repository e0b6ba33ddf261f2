package terminal

import (
	"strconv"
	"strings"
	"time"
)

// moment is a time of an answer, UTC; "" where there is none.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// day is a day of the calendar that its time is in; "" where there is none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func figure(n int64) string { return strconv.FormatInt(n, 10) }

// dash stands where there is nothing.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// dashes are the cells of a row, with a dash in those that are empty.
func dashes(cells []string) []string {
	out := make([]string, len(cells))
	for i := range cells {
		out[i] = dash(cells[i])
	}
	return out
}

func quoteEmpty(s string) string {
	if strings.TrimSpace(s) == "" {
		return "(none)"
	}
	return s
}

// short cuts a text that would make a table unreadable.
func short(text string) string {
	const most = 48
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// oneLine is text for one line of a list.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' {
			return '|'
		}
		if r < ' ' {
			return '\ufffd'
		}
		return r
	}, s)
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "..."
	}
	return s
}
