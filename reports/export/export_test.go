package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"trunkline/internal/money"
	"trunkline/reports/export"
	"trunkline/reports/parquet"
)

func schema() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{
		{Name: "who", Type: arrow.BinaryTypes.String},
		{Name: "at", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, Nullable: true},
		{Name: "calls", Type: arrow.PrimitiveTypes.Int64},
		{Name: "sale", Type: &arrow.Decimal128Type{Precision: 18, Scale: 6}},
	}, nil)
}

// batch makes rows with amounts of so many millionths.
func batch(tb testing.TB, who []string, micros []int64) arrow.Record {
	tb.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema())
	defer b.Release()
	for i := range who {
		b.Field(0).(*array.StringBuilder).Append(who[i])
		if i%2 == 0 {
			b.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(time.Date(2026, 10, 25, 0, 30, i, 0, time.UTC).UnixMicro()))
		} else {
			b.Field(1).(*array.TimestampBuilder).AppendNull()
		}
		b.Field(2).(*array.Int64Builder).Append(int64(i))
		b.Field(3).(*array.Decimal128Builder).Append(decimal128.FromI64(micros[i]))
	}
	return b.NewRecord()
}

func write(tb testing.TB, o export.Options, batches ...arrow.Record) []byte {
	tb.Helper()
	var out bytes.Buffer
	w, err := export.NewWriter(&out, schema(), o)
	require.NoError(tb, err)
	for _, b := range batches {
		require.NoError(tb, w.Write(b))
	}
	require.NoError(tb, w.Close())
	return out.Bytes()
}

func names() []string {
	return []string{"Казань; «Линия»", `he said "no"`, "=cmd()", "+74951234567", "-5"}
}
func amounts() []int64 { return []int64{1, -1_500_000, 1_234_567_890_123, 0, -42} }

func TestCSV(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	plain := write(t, export.Options{Format: export.CSV, Zone: berlin}, batch(t, names(), amounts()))
	rows, err := csv.NewReader(bytes.NewReader(plain)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"who", "at", "calls", "sale"},
		{"Казань; «Линия»", "2026-10-25T02:30:00.000+02:00", "0", "0.000001"},
		{`he said "no"`, "", "1", "-1.50"},
		{"'=cmd()", "2026-10-25T02:30:02.000+02:00", "2", "1234567.890123"},
		{"+74951234567", "", "3", "0.00"},
		{"-5", "2026-10-25T02:30:04.000+02:00", "4", "-0.000042"},
	}, rows)
	accountant := write(t, export.Options{Format: export.CSV, Comma: true, BOM: true}, batch(t, names(), amounts()))
	require.True(t, bytes.HasPrefix(accountant, []byte("\xef\xbb\xbfwho;at;calls;sale\r\n")))
	r := csv.NewReader(bytes.NewReader(accountant[3:]))
	r.Comma = ';'
	rows, err = r.ReadAll()
	require.NoError(t, err)
	require.Equal(t, "1234567,890123", rows[3][3])
	require.Equal(t, "Казань; «Линия»", rows[1][0])
}

// In the hour that comes twice in autumn the offset tells which of the two it was; UTC needs none.
func TestCSVTimesAreUnambiguous(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema())
	defer b.Release()
	for _, hour := range []int{0, 1} {
		b.Field(0).(*array.StringBuilder).Append("x")
		b.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(time.Date(2026, 10, 25, hour, 30, 0, 0, time.UTC).UnixMicro()))
		b.Field(2).(*array.Int64Builder).Append(1)
		b.Field(3).(*array.Decimal128Builder).Append(decimal128.FromI64(1))
	}
	rows := b.NewRecord()
	text := string(write(t, export.Options{Format: export.CSV, Zone: berlin}, rows))
	require.Contains(t, text, "2026-10-25T02:30:00.000+02:00")
	require.Contains(t, text, "2026-10-25T02:30:00.000+01:00")
	text = string(write(t, export.Options{Format: export.CSV}, rows))
	require.Contains(t, text, "2026-10-25 00:30:00.000")
	require.Contains(t, text, "2026-10-25 01:30:00.000")
}

func TestXLSX(t *testing.T) {
	t.Parallel()
	f, err := excelize.OpenReader(bytes.NewReader(write(t, export.Options{Format: export.XLSX}, batch(t, names(), amounts()), batch(t, names(), amounts()))))
	require.NoError(t, err)
	rows, err := f.GetRows("Export", excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	require.Len(t, rows, 11)
	var sum money.Amount
	for _, row := range rows[1:] {
		a, err := money.ParseAmount(row[3])
		require.NoError(t, err)
		sum, err = sum.Add(a)
		require.NoError(t, err)
	}
	var want int64
	for _, a := range amounts() {
		want += 2 * a
	}
	require.Equal(t, want, sum.Micros(), "numbers are numbers, to the last place")
	day, err := f.GetCellValue("Export", "B2")
	require.NoError(t, err)
	require.Equal(t, "2026-10-25 00:30:00", day, "dates are dates")
	size, err := f.GetSheetDimension("Export")
	require.NoError(t, err)
	require.Empty(t, size, "no size is better than a wrong one: openpyxl reads no further than a dimension says")
}

func TestParquetAndArrow(t *testing.T) {
	t.Parallel()
	one := batch(t, names(), amounts())
	text := write(t, export.Options{Format: export.Parquet}, one, one)
	twice := array.NewTableFromRecords(schema(), []arrow.Record{one, one})
	require.NoError(t, parquet.Read(t.Context(), bytes.NewReader(text), func(got arrow.Record) error {
		require.True(t, array.TableEqual(twice, array.NewTableFromRecords(schema(), []arrow.Record{got})))
		return nil
	}))

	stream, err := ipc.NewReader(bytes.NewReader(write(t, export.Options{Format: export.Arrow}, one, one)))
	require.NoError(t, err)
	rows := int64(0)
	for stream.Next() {
		require.True(t, array.RecordEqual(one, stream.Record()))
		rows += stream.Record().NumRows()
	}
	require.NoError(t, stream.Err())
	require.Equal(t, int64(10), rows)
}

func TestCopyStops(t *testing.T) {
	t.Parallel()
	text := write(t, export.Options{Format: export.Arrow}, batch(t, names(), amounts()), batch(t, names(), amounts()))
	told := int64(0)
	n, err := export.Copy(t.Context(), io.Discard, bytes.NewReader(text), export.Options{Format: export.CSV}, func(rows int64) { told = rows })
	require.NoError(t, err)
	require.Equal(t, int64(10), n)
	require.Equal(t, n, told)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = export.Copy(ctx, io.Discard, bytes.NewReader(text), export.Options{Format: export.CSV}, func(int64) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	_, err = export.Copy(t.Context(), io.Discard, bytes.NewReader(text[:len(text)/2]), export.Options{Format: export.CSV}, func(int64) {})
	require.Error(t, err, "a stream that was cut short is no whole export")
	_, err = export.Copy(t.Context(), full{}, bytes.NewReader(text), export.Options{Format: export.CSV}, func(int64) {})
	require.ErrorContains(t, err, "the disk is full")
	_, err = export.Copy(t.Context(), io.Discard, strings.NewReader("Code: 60. DB::Exception"), export.Options{Format: export.CSV}, func(int64) {})
	require.Error(t, err)
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, f := range export.Formats() {
		got, err := export.FormatOf("a.b." + strings.ToUpper(string(f)))
		require.NoError(t, err)
		require.Equal(t, f, got)
	}
	_, err := export.FormatOf("report.doc")
	require.ErrorIs(t, err, export.ErrFormat)
}

func TestTable(t *testing.T) {
	t.Parallel()
	table := export.Table{Fields: []export.Field{{Name: "branch"}, {Name: "calls", Kind: export.Whole}, {Name: "total", Kind: export.Amount}}}
	table.Add("Казань", int64(3), money.MustParseAmount("-1.5"))
	table.Add("", nil, nil)
	for _, f := range export.Formats() {
		var out bytes.Buffer
		require.NoError(t, table.Write(&out, export.Options{Format: f, Comma: true}))
		if f == export.CSV {
			require.Equal(t, "branch;calls;total\r\nКазань;3;-1,50\r\n;;\r\n", out.String())
		}
	}
	table.Add(int64(1), "three", nil)
	require.ErrorIs(t, table.Write(io.Discard, export.Options{Format: export.CSV}), export.ErrType)
}
