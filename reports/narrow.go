package reports

import (
	"fmt"
	"strconv"
	"strings"
)

// Narrowed is a word of its own for a field of filter lines, such as a flag.
type Narrowed struct {
	Name  string // What whoever gave it calls it.
	Field string
	Value string // Empty: it is not given.
	Begin bool   // The field begins with it.
}

// NarrowFilter reads a filter line, and narrows it by words of their own. The error says which word, or that the line is wrong.
func NarrowFilter(line string, words []Narrowed) (Filter, error) {
	var b strings.Builder
	b.WriteString(line)
	for _, one := range words {
		if one.Value == "" {
			continue
		}
		value := one.Value
		if one.Begin {
			value += "%"
		}
		term := " " + one.Field + ":" + strconv.Quote(value)
		if _, err := ParseFilter(term); err != nil {
			return Filter{}, fmt.Errorf("--%s %q: %w", one.Name, one.Value, err)
		}
		b.WriteString(term)
	}
	f, err := ParseFilter(b.String())
	if err != nil {
		return f, fmt.Errorf("--filter: %w", err)
	}
	return f, nil
}
