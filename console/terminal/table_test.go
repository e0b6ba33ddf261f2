package terminal_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/console/terminal"
	"trunkline/internal/cause"
)

func limits() *terminal.Table {
	t := &terminal.Table{Columns: []string{"scope", "left_today"}, Of: "limits"}
	t.Add("tenant beauty", "12.50")
	t.Add("branch \"moscow\"", "")
	return t
}

// TestTableInItsFormats: a table has a dash where there is nothing, CSV an empty cell, JSON an empty text.
func TestTableInItsFormats(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"table", "csv", "json"} {
		golden(t, "formats-"+format, func(out io.Writer) error { return limits().Write(out, format) })
	}
}

func TestFormatThatNobodyWrites(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	err := limits().Write(&out, "xml")
	require.EqualError(t, err, `--format "xml": want table, csv or json`)
	require.Equal(t, cause.Input, cause.Of(err))
	require.Empty(t, out.String())
	require.EqualError(t, terminal.CheckFormat("csv", "table", "json"), `--format "csv": want table or json`)
	require.NoError(t, terminal.CheckFormat("json", "table", "json"))
}
