package clickhouse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"trunkline/reports"
)

// TestGroupSQL shows which tables a question is answered from and with which text. Values are always arguments.
func TestGroupSQL(t *testing.T) {
	t.Parallel()
	datadriven.RunTest(t, "testdata/groups.txt", func(t *testing.T, d *datadriven.TestData) string {
		t.Helper()
		option := func(name, otherwise string) string {
			if d.HasArg(name) {
				d.ScanArgs(t, name, &otherwise)
			}
			return otherwise
		}
		zone, err := time.LoadLocation(option("zone", "UTC"))
		require.NoError(t, err)
		p, err := reports.ParsePeriod(option("period", "2026-10"), zone, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
		require.NoError(t, err)
		q := reports.GroupQuery{Side: reports.Side(option("side", "calls")), From: p.From, Till: p.Until, Zone: zone, Tenant: option("tenant", ""), Brief: d.HasArg("brief"), Limit: 1000}
		q.Filter, err = reports.ParseFilter(d.Input)
		require.NoError(t, err)
		var questions []reports.GroupQuery
		for _, arg := range d.CmdArgs {
			if arg.Key != "by" { // Each is a question.
				continue
			}
			one := q
			one.By, err = reports.ParseDimensions(strings.Join(arg.Vals, ","))
			require.NoError(t, err)
			questions = append(questions, one)
			if d.HasArg("compare") {
				one.From, one.Till = p.Before().From, p.Before().Until
				questions = append(questions, one)
			}
		}
		if len(questions) == 0 {
			questions = append(questions, q)
		}
		for tenant := range strings.FieldsSeq(strings.ReplaceAll(option("also", ""), ",", " ")) {
			for _, one := range slices.Clone(questions) {
				one.Tenant = tenant
				questions = append(questions, one)
			}
		}
		text, args, err := scansSQL(plan(questions), questions)
		require.NoError(t, err)
		return fmt.Sprintf("%s\n%v\n", text, args)
	})
}

// TestFurther widens what is looked at by what was found.
func TestFurther(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ found, wanted, times int }{{0, 50, 8}, {1, 50, 8}, {10, 50, 8}, {20, 50, 4}, {25, 50, 3}, {49, 50, 2}, {50, 50, 2}} {
		require.Equal(t, time.Duration(c.times)*time.Hour, further(time.Hour, c.found, c.wanted), "%d of %d", c.found, c.wanted)
	}
	require.Positive(t, further(20*366*24*time.Hour, 0, 1))
}
