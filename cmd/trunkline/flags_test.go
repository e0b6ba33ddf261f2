package main

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// TestFormerFlag: a script that gives a flag by its former name goes on working, and is told the present one.
func TestFormerFlag(t *testing.T) {
	t.Parallel()
	var told strings.Builder
	var to string
	flags := pflag.NewFlagSet("cdr", pflag.ContinueOnError)
	flags.SetOutput(&told)
	flags.StringVar(&to, "to", "", "day or moment after the last")
	formerFlag(flags, "till", "to")
	require.NoError(t, flags.Parse([]string{"--till", "2026-11-02"}))
	require.Equal(t, "2026-11-02", to)
	require.Contains(t, told.String(), "use --to")
	require.NotContains(t, flags.FlagUsages(), "till")
}

// TestFlagsThatAreRead: what a flag cannot be read as is told with its name and what it wants, as a wrong command line.
func TestFlagsThatAreRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"account", "statement", "--from", "yesterday"}, `--from "yesterday": want a day such as 2026-11-02 or a moment such as 2026-11-02T10:00:00Z`},
		{[]string{"account", "statement", "--till", "2026-13-01"}, `--to "2026-13-01": want a day`},
		{[]string{"report", "cdr", "--to", "7495"}, `; the called number is --called`},
		{[]string{"dead", "mend", "17", "--connect", "2026-11-30"}, `--connect "2026-11-30": want a time such as`},
		{[]string{"account", "topup", "--tenant", "beauty", "--key", "k", "--amount", "many"}, `--amount: `},
		{[]string{"account", "topup", "--tenant", "beauty", "--key", "k", "--amount", ""}, `--amount: `},
		{[]string{"hold", "list", "--format", "xml"}, `--format "xml": want table, csv or json`},
		{[]string{"route", "--format", "csv"}, `--format "csv": want table or json`},
		{[]string{"hold", "list", "--nothing"}, `unknown flag: --nothing`},
	} {
		var out, errOut strings.Builder
		require.Equal(t, exitUsage, run(t.Context(), c.args, strings.NewReader(""), &out, &errOut), c.args)
		require.Contains(t, errOut.String(), c.want)
		require.Contains(t, errOut.String(), "trunkline: ")
		require.Empty(t, out.String())
	}
}

func TestReadIDs(t *testing.T) {
	t.Parallel()
	ids, err := readIDs([]string{"17", "18"}, "dead list")
	require.NoError(t, err)
	require.Equal(t, []int64{17, 18}, ids)
	for _, wrong := range []string{"x", "0", "-1", ""} {
		_, err := readIDs([]string{"17", wrong}, "dead list")
		require.ErrorContains(t, err, "is not an id: take it from `trunkline dead list`")
		require.Equal(t, exitUsage, exitCode(err))
	}
}

// TestPartial: work that is left undone is its own exit code, and none is no error.
func TestPartial(t *testing.T) {
	t.Parallel()
	require.NoError(t, partial(0, "%d left", 0))
	err := partial(int64(2), "%d left", 2)
	require.EqualError(t, err, "2 left")
	require.Equal(t, exitPartial, exitCode(err))
}
