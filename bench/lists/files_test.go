package lists_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// lines is how many rates the lists have; a spreadsheet has room for 1,048,575.
const lines = 1_000_000

// files writes the same list as CSV and as XLSX.
func files(b *testing.B) (csv, xlsx string) {
	b.Helper()
	dir := b.TempDir()
	csv, xlsx = filepath.Join(dir, "list.csv"), filepath.Join(dir, "list.xlsx")
	f, err := os.Create(csv)
	require.NoError(b, err)
	w := bufio.NewWriter(f)
	book := excelize.NewFile()
	sheet, err := book.NewStreamWriter("Sheet1")
	require.NoError(b, err)
	heads := []any{"Dial Code", "Destination", "New Rate", "Connection Fee", "Initial Increment", "Next Increment", "Effective Date", "Change"}
	require.NoError(b, sheet.SetRow("A1", heads))
	_, _ = fmt.Fprintln(w, "Dial Code,Destination,New Rate,Connection Fee,Initial Increment,Next Increment,Effective Date,Change")
	day := time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)
	for i := range lines {
		code, name, rate := 2_000_000+i*7, fmt.Sprintf("Destination %d", i%5000), fmt.Sprintf("0.%04d", i%9999+1)
		_, _ = fmt.Fprintf(w, "%d,%s,%s,0,30,6,2026-12-24,INCREASE\n", code, name, rate)
		cells := []any{code, name, json(rate), 0, 30, 6, day, "INCREASE"}
		require.NoError(b, sheet.SetRow(fmt.Sprintf("A%d", i+2), cells))
	}
	require.NoError(b, w.Flush())
	require.NoError(b, f.Close())
	require.NoError(b, sheet.Flush())
	require.NoError(b, book.SaveAs(xlsx))
	return csv, xlsx
}
