package deckfile_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"trunkline/rating/deckfile"
)

// layout is one list of testdata/layouts.txt.
type layout struct {
	name  string
	rows  string
	wants string
}

func layouts(t *testing.T) []layout {
	t.Helper()
	text, err := os.ReadFile("testdata/layouts.txt")
	require.NoError(t, err)
	var out []layout
	for line := range strings.Lines(string(text)) {
		name, begins := strings.CutPrefix(line, "## ")
		wants, ends := strings.CutPrefix(line, "> ")
		switch {
		case begins:
			out = append(out, layout{name: strings.TrimSpace(name)})
		case len(out) == 0 || strings.TrimSpace(line) == "":
		case ends:
			out[len(out)-1].wants = strings.TrimSpace(wants)
		default:
			out[len(out)-1].rows += line
		}
	}
	return out
}

// TestLayoutsOfCarriers reads lists that are built after descriptions of real ones. What must be asked is asked; of all others every
// column is found, and nothing is asked.
func TestLayoutsOfCarriers(t *testing.T) {
	t.Parallel()
	all := layouts(t)
	require.GreaterOrEqual(t, len(all), 40)
	understood := 0
	for _, l := range all {
		table, err := deckfile.Open(strings.NewReader(l.rows), nil, deckfile.Options{})
		require.NotNil(t, table, "%s: %v", l.name, err)
		reading := table.Reading()
		if about, asks := strings.CutPrefix(l.wants, "asks "); asks {
			assert.True(t, slices.ContainsFunc(reading.Questions, func(q deckfile.Question) bool { return q.About == about }), "%s: %s is not asked: %+v", l.name, about, reading.Questions)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", l.name, err)
			continue
		}
		understood++
		got := make(map[deckfile.Column]int)
		for c, at := range reading.Mapping.Columns {
			got[c] = at + 1
		}
		for pair := range strings.FieldsSeq(l.wants) {
			kind, number, _ := strings.Cut(pair, "=")
			c := deckfile.Column(kind)
			if kind == "code_to" {
				c = deckfile.CodeTo
			}
			assert.Equal(t, number, strconv.Itoa(got[c]), "%s: %s: %v", l.name, kind, shown(reading))
			delete(got, c)
		}
		assert.Empty(t, got, "%s: read as something that it is not", l.name)
		deck, report, err := deckfile.Load(t.Context(), strings.NewReader(l.rows), nil, deckfile.Options{})
		if assert.NoError(t, err, l.name) {
			assert.NoError(t, report.Err(), l.name)
			assert.Positive(t, deck.Len(), l.name)
		}
	}
	t.Logf("%d of %d layouts were understood without a question", understood, len(all))
}

func shown(r deckfile.Reading) string {
	var out []string
	for i := range r.Columns {
		c := &r.Columns[i]
		out = append(out, fmt.Sprintf("%d %q %s (%s)", i+1, c.Heading, c.Used, c.Why))
	}
	return strings.Join(out, "; ")
}
