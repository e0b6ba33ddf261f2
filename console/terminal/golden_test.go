package terminal_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/console/terminal"
	"trunkline/internal/e164"
	"trunkline/internal/money"
)

var rewrite = flag.Bool("rewrite", false, "write the answers in testdata anew")

// golden holds what is shown against what stands in testdata, which is to be read as an operator reads it.
func golden(t *testing.T, name string, show func(out io.Writer) error) {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, show(&out))
	file := filepath.Join("testdata", name+".txt")
	if *rewrite {
		require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String(), file)
}

// shown shows a table as it is on a screen.
func shown(table *terminal.Table) func(out io.Writer) error {
	return func(out io.Writer) error { return table.Write(out, "table") }
}

// at is a moment of 30 November 2026.
func at(hour, minute int) time.Time { return time.Date(2026, 11, 30, hour, minute, 0, 0, time.UTC) }

func amount(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(text)
	require.NoError(t, err)
	return a
}

func currency(t *testing.T, text string) money.Currency {
	t.Helper()
	c, err := money.ParseCurrency(text)
	require.NoError(t, err)
	return c
}

func number(t *testing.T, text string) e164.Number {
	t.Helper()
	n, err := e164.Parse(text)
	require.NoError(t, err)
	return n
}
