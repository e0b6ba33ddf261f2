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
