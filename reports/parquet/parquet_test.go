package parquet_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/stretchr/testify/require"

	"trunkline/reports/parquet"
)

// columns are all types that exports have, with and without missing values.
func columns() *arrow.Schema {
	types := []arrow.DataType{
		arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.Binary, arrow.FixedWidthTypes.Boolean,
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32,
		&arrow.Decimal128Type{Precision: 18, Scale: 6}, &arrow.Decimal128Type{Precision: 38, Scale: 6},
		&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, &arrow.TimestampType{Unit: arrow.Millisecond},
		&arrow.TimestampType{Unit: arrow.Second, TimeZone: "UTC"}, &arrow.TimestampType{Unit: arrow.Nanosecond},
	}
	fields := make([]arrow.Field, 0, 2*len(types))
	for _, t := range types {
		fields = append(fields, arrow.Field{Name: t.String(), Type: t}, arrow.Field{Name: t.String() + " or none", Type: t, Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}

// values has the ends of what each type can say, in the text that Arrow reads.
func values(t arrow.DataType) []string {
	switch t.ID() { //nolint:exhaustive // Those that a file has.
	case arrow.BOOL:
		return []string{"true", "false", "true"}
	case arrow.INT8:
		return []string{"-128", "0", "127"}
	case arrow.INT16:
		return []string{"-32768", "0", "32767"}
	case arrow.INT32:
		return []string{"-2147483648", "0", "2147483647"}
	case arrow.INT64:
		return []string{"-9223372036854775808", "0", "9223372036854775807"}
	case arrow.UINT8:
		return []string{"0", "128", "255"}
	case arrow.UINT16:
		return []string{"0", "32768", "65535"}
	case arrow.UINT32:
		return []string{"0", "2147483648", "4294967295"}
	case arrow.DECIMAL128:
		return []string{"-999999999999.999999", "0", "999999999999.999999"}
	case arrow.TIMESTAMP:
		if t.(*arrow.TimestampType).Unit == arrow.Second {
			return []string{"1969-12-31 23:59:59", "1970-01-01 00:00:00", "2026-11-30 12:00:00"}
		}
		return []string{"1969-12-31 23:59:59.999", "1970-01-01 00:00:00", "2026-11-30 12:00:00.123"}
	}
	return []string{"", "Казань", "a longer text; 84951234567"}
}

// batch has some rows; of the columns that may lack values every fourth one does.
func batch(t *testing.T, rows int) arrow.Record {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator, columns())
	defer b.Release()
	for i, f := range columns().Fields() {
		for row := range rows {
			if f.Nullable && row%4 == 3 {
				b.Field(i).AppendNull()
				continue
			}
			text := values(f.Type)[row%3]
			switch to := b.Field(i).(type) {
			case *array.Decimal128Builder:
				d, err := decimal128.FromString(text, 38, 6)
				require.NoError(t, err)
				to.Append(d)
			case *array.BinaryBuilder:
				to.Append([]byte(text))
			default:
				require.NoError(t, to.AppendValueFromString(text))
			}
		}
	}
	return b.NewRecord()
}

func written(t *testing.T, batches ...arrow.Record) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, columns())
	require.NoError(t, err)
	for _, b := range batches {
		require.NoError(t, w.Write(b))
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// TestBridge holds both directions against testdata/bridge.parquet, which Arrow's own bridge (pqarrow) wrote with two batches of ten rows: archives
// that it wrote can be read, and what is written now is told in the same schema, in as many groups
// and with the same statistics.
func TestBridge(t *testing.T) {
	t.Parallel()
	theirs, err := os.ReadFile("testdata/bridge.parquet")
	require.NoError(t, err)
	ours := written(t, batch(t, 10), batch(t, 10))
	twenty := array.NewTableFromRecords(columns(), []arrow.Record{batch(t, 10), batch(t, 10)})
	for name, text := range map[string][]byte{"theirs": theirs, "ours": ours} {
		rows := int64(0)
		require.NoError(t, parquet.Read(t.Context(), bytes.NewReader(text), func(got arrow.Record) error {
			require.True(t, array.TableEqual(twenty, array.NewTableFromRecords(columns(), []arrow.Record{got})), "%s: %s", name, got)
			rows += got.NumRows()
			return nil
		}))
		require.Equal(t, int64(20), rows, name)
	}
	wanted, err := file.NewParquetReader(bytes.NewReader(theirs))
	require.NoError(t, err)
	got, err := file.NewParquetReader(bytes.NewReader(ours))
	require.NoError(t, err)
	require.True(t, wanted.MetaData().Schema.Equals(got.MetaData().Schema))
	require.Equal(t, wanted.MetaData().KeyValueMetadata(), got.MetaData().KeyValueMetadata())
	require.Equal(t, wanted.NumRowGroups(), got.NumRowGroups())
	for i := range columns().NumFields() {
		a, err := wanted.MetaData().RowGroup(0).ColumnChunk(i)
		require.NoError(t, err)
		b, err := got.MetaData().RowGroup(0).ColumnChunk(i)
		require.NoError(t, err)
		told, err := a.Statistics()
		require.NoError(t, err)
		tells, err := b.Statistics()
		require.NoError(t, err)
		before, err := told.Encode()
		require.NoError(t, err)
		now, err := tells.Encode()
		require.NoError(t, err)
		require.Equal(t, before.NullCount, now.NullCount, columns().Field(i).Name)
		if !columns().Field(i).Nullable { // Of unsigned ones the bridge counts what stands in the places of missing values.
			require.Equal(t, before, now, columns().Field(i).Name)
		}
	}
}

// TestLongFiles have several groups, and batches that are read do not end where groups do.
func TestLongFiles(t *testing.T) {
	t.Parallel()
	const rows, batches = 50_000, 3
	one := batch(t, rows)
	text := written(t, one, one, one)
	r, err := file.NewParquetReader(bytes.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, 2, r.NumRowGroups())
	at := int64(0)
	require.NoError(t, parquet.Read(t.Context(), bytes.NewReader(text), func(got arrow.Record) error {
		for read := int64(0); read < got.NumRows(); {
			from := (at + read) % rows
			n := min(rows-from, got.NumRows()-read)
			require.True(t, array.RecordEqual(one.NewSlice(from, from+n), got.NewSlice(read, read+n)))
			read += n
		}
		at += got.NumRows()
		return nil
	}))
	require.Equal(t, int64(rows*batches), at)
}

func TestWhatIsNoFile(t *testing.T) {
	t.Parallel()
	text := written(t, batch(t, 10))
	never := func(arrow.Record) error { t.Error("rows of what is no file"); return nil }
	for _, bad := range [][]byte{nil, []byte("PAR1PAR1"), text[:len(text)/2], text[len(text)/2:]} {
		require.Error(t, parquet.Read(t.Context(), bytes.NewReader(bad), never))
	}
	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, parquet.Read(ended, bytes.NewReader(text), never), context.Canceled)
	require.NoError(t, parquet.Read(t.Context(), bytes.NewReader(written(t)), never), "a file without rows is one")
	_, err := parquet.NewWriter(&bytes.Buffer{}, arrow.NewSchema([]arrow.Field{{Name: "list", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64)}}, nil))
	require.ErrorIs(t, err, parquet.ErrType)
}
