package callfile_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/app/callfile"
	"trunkline/rating"
)

const tariff = `name: retail
currency: EUR
decks: [{name: retail, rates: [{prefix: "49", rate: 0.6, increment: 1/1, connect_fee: 0.1}]}]
`

// rated prices the lines of a file, given without its header.
func rated(t *testing.T, zone *time.Location, lines ...string) ([]callfile.Rated, int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "calls.csv")
	text := "\ufeffID, From ,to,connect_time,duration,direction\n" + strings.Join(lines, "\n")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	rows, err := callfile.Read(file, zone)
	require.NoError(t, err)
	priced, err := rating.ParseTariff("retail.yaml", []byte(tariff), nil)
	require.NoError(t, err)
	return callfile.Rate(priced, rows, true)
}

// csvOf is what is written, a line for each call.
func csvOf(t *testing.T, list []callfile.Rated, with callfile.Columns) []string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, callfile.Write(&out, "csv", list, with))
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

// TestCallsArePricedInTheOrderOfTheFile keeps every line, also one that is no call, with what is wrong with it.
func TestCallsArePricedInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"late,+4930123456,+4989765432,2026-12-01T10:00:00Z,61.5,":      "late,49,,62,0.100000,0.620000,0.720000,EUR,",
		"early,,004989765432,2026-12-01T09:00:00+01:00,60,outbound":    "early,49,,60,0.100000,0.600000,0.700000,EUR,",
		"hidden,anonymous,4989765432,2026-12-01T09:00:00Z,60,outbound": "hidden,49,,60,0.100000,0.600000,0.700000,EUR,",
		"nowhere,,anna,2026-12-01T09:00:00Z,60,":                       "to: ",
		"never,,4989765432,soon,60,":                                   "connect_time: ",
		"endless,,4989765432,2026-12-01T09:00:00Z,many,":               "duration: want seconds such as 61.5",
		"longer,,4989765432,2026-12-01T09:00:00Z,99999999,":            "seconds are more than",
		"aside,,4989765432,2026-12-01T09:00:00Z,60,sideways":           "direction: ",
		"local,,4989765432,2026-12-01 09:00:00,60,":                    "does not name its time zone: give it with --zone",
		"abroad,,33123456789,2026-12-01T09:00:00Z,60,":                 "no_rate",
		"short,,4989765432": "connect_time: ",
	} {
		list, failed := rated(t, nil, line)
		got := csvOf(t, list, callfile.Columns{})
		require.Len(t, got, 2)
		require.Equal(t, "id,prefix,destination,billed,connect_fee,usage,total,currency,note", got[0])
		id, _, _ := strings.Cut(line, ",")
		require.True(t, strings.HasPrefix(got[1], id+","), got[1])
		require.Contains(t, got[1], want, line)
		require.Equal(t, failed == 0, strings.HasPrefix(want, id), line)
	}
	list, _ := rated(t, nil, "b,,4989765432,2026-12-01T10:00:00Z,60,", "a,,4989765432,2026-12-01T09:00:00Z,60,")
	got := csvOf(t, list, callfile.Columns{})
	require.True(t, strings.HasPrefix(got[1], "b,"), "the earlier call is priced first, and stands where it stood")
}

// TestTimesAreOfAZone reads times without one as those of the zone that is named.
func TestTimesAreOfAZone(t *testing.T) {
	t.Parallel()
	_, failed := rated(t, time.FixedZone("CET", 3600), "a,,4989765432,2026-12-01 09:00:00,60,", "b,,4989765432,2026-12-01T09:00:00,60,", "c,,4989765432,2026-12-01 09:00,60,")
	require.Zero(t, failed)
}

// TestTaxIsOfTheDayOfTheCall tells tax and gross beside the price, by the rate of the day where the call began.
func TestTaxIsOfTheDayOfTheCall(t *testing.T) {
	t.Parallel()
	list, _ := rated(t, nil, "old,,4989765432,2026-11-30T22:59:59Z,60,", "new,,4989765432,2026-11-30T23:00:00Z,60,", "none,,33123456789,2026-12-01T09:00:00Z,60,")
	taxes, err := callfile.ParseTax("10,20@2026-12-01", false, time.FixedZone("CET", 3600))
	require.NoError(t, err)
	require.NoError(t, taxes.Add(list))
	lines := csvOf(t, list, callfile.Columns{Tax: true})
	require.True(t, strings.HasSuffix(lines[1], ",0.070000,0.770000"), lines[1])
	require.True(t, strings.HasSuffix(lines[2], ",0.140000,0.840000"), lines[2])
	require.True(t, strings.HasSuffix(lines[3], ",,"), "a call without a price has no tax: %s", lines[3])
	for _, wrong := range []string{"much", "10@soon", "10,20"} {
		_, err := callfile.ParseTax(wrong, false, nil)
		require.ErrorContains(t, err, "--tax", wrong)
	}
	nothing, err := callfile.ParseTax("", false, nil)
	require.NoError(t, err)
	require.NoError(t, nothing.Add(list))
}

// TestPricesAreWrittenForProgramsAndPeople writes decimals as strings, and no price as null; explanations are sentences.
func TestPricesAreWrittenForProgramsAndPeople(t *testing.T) {
	t.Parallel()
	list, _ := rated(t, nil, "a,,4989765432,2026-12-01T09:00:00Z,60,", "none,,33123456789,2026-12-01T09:00:00Z,60,")
	var out bytes.Buffer
	require.NoError(t, callfile.Write(&out, "json", list, callfile.Columns{Explain: true}))
	var told []map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &told))
	require.Equal(t, "0.700000", told[0]["total"])
	require.NotEmpty(t, told[0]["explanation"])
	require.Nil(t, told[1]["total"])
	require.NotContains(t, told[0], "tax", "it was not asked for")
	out.Reset()
	require.NoError(t, callfile.Write(&out, "table", list, callfile.Columns{Explain: true}))
	require.Contains(t, out.String(), "\na: ", "explanations stand below")
}

// TestFilesOfCallsNameTheirColumns refuses a file without a column that is needed, and names it.
func TestFilesOfCallsNameTheirColumns(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "calls.csv")
	for text, says := range map[string]string{"": "no header", "id,to,connect_time,duration\n": `the column "from" is missing`, "id;from;to\n": `the column "id" is missing`} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := callfile.Read(file, nil)
		require.ErrorContains(t, err, says)
	}
	_, err := callfile.Read(file+".gone", nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}
