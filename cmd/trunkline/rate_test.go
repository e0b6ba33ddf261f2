package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// trunkline runs the program and returns its exit code and what it printed.
func trunkline(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

const deckText = `prefix,destination,rate,connect_fee,initial,next,effective_from,effective_to,currency
1212,New York,0.0100,0.0050,30,6,,,USD
1,USA,0.02,,60,60,2026-01-01,2026-04-01,USD
1,USA,0.03,0,1,1,2026-04-01T00:00:00Z,,USD
`

func TestRateByADeck(t *testing.T) {
	deck := file(t, "deck.csv", deckText)
	calls := file(t, "calls.csv", `id,from,to,connect_time,duration
a,+74951112233,+12125551234,2026-03-01T10:00:00Z,31
b,74951112233,13105551234,2026-03-01T13:00:00+03:00,61.2
c,,13105551234,2026-05-01T10:00:00Z,61.2
d,anonymous,13105551234,2026-05-01T10:00:00Z,0
`)
	code, out, errs := trunkline(t, "rate", "--tariff", deck, "--calls", calls)
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, `id,prefix,destination,billed,connect_fee,usage,total,currency,note
a,1212,New York,36,0.005000,0.006000,0.011000,USD,
b,1,USA,120,0.000000,0.040000,0.040000,USD,
c,1,USA,62,0.000000,0.031000,0.031000,USD,
d,1,USA,0,0.000000,0.000000,0.000000,USD,not answered
`, out)
	code, out, errs = trunkline(t, "rate", "--tariff", deck, "--calls", calls, "--scale", "3", "--rounding", "up", "--format", "json", "--explain")
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, `"total": "0.040"`)
	require.Contains(t, out, "The number +12125551234 has the prefix 1212 (New York) in deck deck.csv")
	code, out, _ = trunkline(t, "rate", "--tariff", deck, "--calls", calls, "--format", "table", "--explain")
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "36      0.005000     0.006000  0.011000  USD")
	require.Contains(t, out, "a: The number")
}

// TestRateReadsCallsAsOthersWriteThem takes the international prefix and times of a clock that is named.
func TestRateReadsCallsAsOthersWriteThem(t *testing.T) {
	deck := file(t, "deck.csv", deckText)
	calls := file(t, "calls.csv", `id,from,to,connect_time,duration
a,0074951112233,0012125551234,2026-04-01 00:30:00,31
b,,0013105551234,2026-04-01 00:30:00,61
c,,0013105551234,2026-04-01T03:30,61
`)
	code, out, errs := trunkline(t, "rate", "--tariff", deck, "--calls", calls, "--zone", "Europe/Moscow")
	require.Equal(t, exitPartial, code, errs)
	require.Contains(t, out, "a,1212,New York,36,0.005000,0.006000,0.011000,USD,")
	require.Contains(t, out, "b,1,USA,120,0.000000,0.040000,0.040000,USD,", "in Moscow it is still March in UTC")
	code, out, _ = trunkline(t, "rate", "--tariff", deck, "--calls", calls)
	require.Equal(t, exitPartial, code)
	require.Contains(t, out, "does not name its time zone: give it with --zone")
	code, _, errs = trunkline(t, "rate", "--tariff", deck, "--calls", calls, "--zone", "Mars")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "use a name such as Europe/Moscow")
	code, out, errs = trunkline(t, "rate", "--tariff", deck, "--calls", calls, "--zone", "Europe/Moscow", "--tax", "20,22@2026-04-01")
	require.Equal(t, exitPartial, code, errs)
	require.Contains(t, out, ",total,currency,note,tax,gross\n")
	require.Contains(t, out, "b,1,USA,120,0.000000,0.040000,0.040000,USD,,0.008800,0.048800", "in Moscow it is April")
	_, out, _ = trunkline(t, "rate", "--tariff", deck, "--calls", calls, "--zone", "Europe/Moscow", "--tax", "20", "--tax-inclusive", "--format", "json")
	require.Contains(t, out, `"tax": "0.006667",`)
	code, _, errs = trunkline(t, "rate", "--tariff", deck, "--calls", calls, "--tax", "22@2026-04-01")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "want for example 20,22@2026-01-01")
	code, _, errs = trunkline(t, "rate", "--tariff", deck, "--calls", calls, "--scale", "9")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "amounts are rounded to 9 decimal places: want 0 to 6")
}

func TestUnratableCallsExitWithThree(t *testing.T) {
	deck := file(t, "deck.csv", deckText)
	calls := file(t, "calls.csv", `id,from,to,connect_time,duration,direction
a,,4930123456,2026-03-01T10:00:00Z,31,
b,,zero,2026-03-01T10:00:00Z,31,
c,,12125551234,yesterday,31,
d,,12125551234,2026-03-01T10:00:00Z,-1,
e,,12125551234,2026-03-01T10:00:00Z,1,sideways
f,,12125551234,2026-03-01T10:00:00Z,1,internal
`)
	code, out, errs := trunkline(t, "rate", "--tariff", deck, "--calls", calls)
	require.Equal(t, exitPartial, code)
	require.Contains(t, errs, "5 of 6 calls could not be rated")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Equal(t, "a,,,,,,,USD,no_rate: no deck of the tariff has a rate for the number at that time", lines[1])
	for _, line := range lines[2:6] {
		require.Contains(t, line, ",,,,,,,USD,")
		require.Contains(t, line, "bad_call: ")
	}
	require.Equal(t, "f,,on-net,1,0.000000,0.000000,0.000000,USD,on-net", lines[6])
}

func TestCallsUseUpAllowancesInTheOrderOfTheirTimes(t *testing.T) {
	tariff := file(t, "tariff.yaml", `
name: bundle
currency: EUR
rounding: {scale: 2}
decks:
  - rates: [{prefix: "49", destination: Germany, rate: 0.60, increment: 1/1}]
allowances:
  - {name: minute, seconds: 60, per: extension}
`)
	calls := file(t, "calls.csv", `id,from,to,connect_time,duration,extension
late,,4930123456,2026-03-02T10:00:00Z,40,101
early,,4930123456,2026-03-01T10:00:00Z,40,101
other,,4930123456,2026-03-03T10:00:00Z,40,102
`)
	code, out, errs := trunkline(t, "rate", "--tariff", tariff, "--calls", calls)
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, `id,prefix,destination,billed,connect_fee,usage,total,currency,note
late,49,Germany,40,0.00,0.20,0.20,EUR,allowance
early,49,Germany,40,0.00,0.00,0.00,EUR,allowance
other,49,Germany,40,0.00,0.00,0.00,EUR,allowance
`, out)
}

func TestRateRefusesWrongFiles(t *testing.T) {
	deck := file(t, "deck.csv", deckText)
	calls := file(t, "calls.csv", "id,from,to,connect_time,duration\n")
	for name, args := range map[string][]string{
		"no flags":        {"rate"},
		"no calls":        {"rate", "--tariff", deck},
		"missing deck":    {"rate", "--tariff", "missing.csv", "--calls", calls},
		"missing calls":   {"rate", "--tariff", deck, "--calls", "missing.csv"},
		"no header":       {"rate", "--tariff", deck, "--calls", file(t, "c.csv", "1,2,3,4,5\n")},
		"empty calls":     {"rate", "--tariff", deck, "--calls", file(t, "c.csv", "")},
		"faulty deck":     {"rate", "--tariff", file(t, "d.csv", "prefix,rate\n49,x\n"), "--calls", calls},
		"contradiction":   {"rate", "--tariff", file(t, "d.csv", "prefix,rate\n49,1\n49,2\n"), "--calls", calls},
		"faulty tariff":   {"rate", "--tariff", file(t, "t.yaml", "name: x\n"), "--calls", calls},
		"unknown format":  {"rate", "--tariff", deck, "--calls", calls, "--format", "xml"},
		"unknown flag":    {"rate", "--tarif", deck},
		"unknown scale":   {"rate", "--tariff", deck, "--calls", calls, "--scale", "9"},
		"unknown mode":    {"rate", "--tariff", deck, "--calls", calls, "--rounding", "nearest"},
		"wrong currency":  {"rate", "--tariff", deck, "--calls", calls, "--currency", "EUROS"},
		"other currency":  {"rate", "--tariff", deck, "--calls", calls, "--currency", "EUR"},
		"unneeded text":   {"rate", "--tariff", deck, "--calls", calls, "more"},
		"deck of nothing": {"rate", "--tariff", file(t, "d.csv", ""), "--calls", calls},
	} {
		code, out, errs := trunkline(t, args...)
		require.Equal(t, exitUsage, code, "%s: %s", name, errs)
		require.Empty(t, out, name)
		require.NotEmpty(t, errs, name)
	}
}

// TestUnknownFormats: a word that is mistyped is not taken for the table that a script does not want.
func TestUnknownFormats(t *testing.T) {
	for _, args := range [][]string{{"status"}, {"sip", "trace", "x"}, {"dialplan", "test", "--plan", "russia", "1"}, {"route", "--call", "x"}} {
		code, out, errs := trunkline(t, append(args, "--format", "xml")...)
		require.Equal(t, exitUsage, code, args)
		require.Empty(t, out)
		require.Contains(t, errs, "want table or json")
	}
}

func TestDeckCommands(t *testing.T) {
	old := file(t, "old.csv", "prefix,destination,rate\n1,USA,0.01\n44,UK,0.02\n49,Germany,0.03\n33,France,0.04\n")
	updated := file(t, "new.csv", "Code;Destination;Price\n1;USA;0,01\n44;UK;0,03\n49;Germany;0,02\n7;Russia;0,05\nx;Faulty;0,06\n")
	code, out, _ := trunkline(t, "deck", "diff", old, updated, "--at", "2026-03-01")
	require.Equal(t, exitPartial, code)
	require.Equal(t, `kind     prefix  destination  old         new         effective from
new      7       Russia                   0.05 60/60  2026-03-01T00:00:00Z
dearer   44      UK           0.02 60/60  0.03 60/60  2026-03-01T00:00:00Z
cheaper  49      Germany      0.03 60/60  0.02 60/60  2026-03-01T00:00:00Z
closed   33      France       0.04 60/60              2026-03-01T00:00:00Z
line 6, prefix "x": not a prefix: "x" has the character 'x': write digits with the country code, for example 7495 or 49151-49157

1 new, 1 dearer, 1 cheaper, 1 same, 1 closed, 0 dropped, 1 faulty
`, out)
	code, out, _ = trunkline(t, "deck", "diff", old, old, "--format", "csv", "--all")
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "same,1,USA,0.01 60/60,0.01 60/60,\n")
	code, out, _ = trunkline(t, "deck", "diff", old, updated, "--format", "json")
	require.Equal(t, exitPartial, code)
	require.Contains(t, out, `"dearer": 1`)
	code, out, _ = trunkline(t, "deck", "check", updated)
	require.Equal(t, exitPartial, code)
	require.Regexp(t, `3 +Price +0,01; 0,03; 0,02 +rate`, out)
	code, out, _ = trunkline(t, "deck", "check", updated, "--format", "csv")
	require.Equal(t, exitPartial, code)
	require.Contains(t, out, "6,prefix,x,")
	code, out, _ = trunkline(t, "deck", "export", old, "--currency", "EUR")
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "49,Germany,0.03,0,60,60,,,EUR,0,0,0,,,,\n")
	to := filepath.Join(t.TempDir(), "out.csv")
	code, _, _ = trunkline(t, "deck", "export", old, "--to", to)
	require.Equal(t, exitOK, code)
	written, err := os.ReadFile(to)
	require.NoError(t, err)
	require.Contains(t, string(written), "33,France,0.04,0,60,60,,,,0,0,0,,,,\n")
	code, _, _ = trunkline(t, "deck", "diff", old, updated, "--at", "soon")
	require.Equal(t, exitUsage, code)
}
