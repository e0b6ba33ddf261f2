package reports_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"trunkline/reports"
)

// TestFilterLines reads the lines of testdata/filter.txt and shows their trees.
func TestFilterLines(t *testing.T) {
	t.Parallel()
	datadriven.RunTest(t, "testdata/filter.txt", func(_ *testing.T, d *datadriven.TestData) string {
		var out strings.Builder
		for line := range strings.SplitSeq(d.Input, "\n") {
			f, err := reports.ParseFilter(line)
			switch {
			case err != nil:
				out.WriteString("error: " + err.Error() + "\n")
			case f.IsZero():
				out.WriteString("all\n")
			default:
				out.WriteString(show(f.Expr()) + "\n")
			}
		}
		return out.String()
	})
}

func show(e *reports.Expr) string {
	each := func(list []reports.Expr, word string) string {
		parts := make([]string, len(list))
		for i := range list {
			parts[i] = show(&list[i])
		}
		return "(" + strings.Join(parts, word) + ")"
	}
	switch {
	case e.Not != nil:
		return "not " + show(e.Not)
	case e.Any != nil:
		return each(e.Any, " or ")
	case e.All != nil:
		return each(e.All, " and ")
	}
	values, _ := json.Marshal(e.Match.Values)
	return string(e.Match.Field) + string(e.Match.Operator) + strings.NewReplacer(`"Text":"",`, "", `"Pattern":false,`, "", `,"Low":0,"High":0`, "").Replace(string(values))
}

func FuzzParseFilter(f *testing.F) {
	for _, line := range []string{"7495%", `to:7495%,7499% !branch:moscow`, "duration>1m30s sale>=1.5", "status:4xx or cause:17..21", `(carrier:alfa or "x y") pdd>5s`, "1:30"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		filter, err := reports.ParseFilter(line)
		if err != nil {
			require.ErrorIs(t, err, reports.ErrFilter)
			return
		}
		again, err := reports.ParseFilter(filter.String())
		require.NoError(t, err)
		require.Equal(t, filter, again)
		filter.Fields()
	})
}
