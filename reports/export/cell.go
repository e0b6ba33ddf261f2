package export

import (
	"fmt"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// column reads one column of a batch: as text, and as a value that Excel takes.
type column struct {
	append func(to []byte, row int) []byte
	value  func(row int) any
	text   bool // Its text may need quotes.
}

// columnOf finds out how a column is read.
func columnOf(a arrow.Array, o Options) (column, error) {
	switch a := a.(type) {
	case *array.String:
		return column{func(b []byte, i int) []byte { return append(b, a.Value(i)...) }, func(i int) any { return a.Value(i) }, true}, nil
	case *array.LargeString:
		return column{func(b []byte, i int) []byte { return append(b, a.Value(i)...) }, func(i int) any { return a.Value(i) }, true}, nil
	case *array.Binary:
		return column{func(b []byte, i int) []byte { return append(b, a.Value(i)...) }, func(i int) any { return string(a.Value(i)) }, true}, nil
	case *array.Int8:
		return whole(func(i int) int64 { return int64(a.Value(i)) }), nil
	case *array.Int16:
		return whole(func(i int) int64 { return int64(a.Value(i)) }), nil
	case *array.Int32:
		return whole(func(i int) int64 { return int64(a.Value(i)) }), nil
	case *array.Int64:
		return whole(a.Value), nil
	case *array.Uint8:
		return whole(func(i int) int64 { return int64(a.Value(i)) }), nil
	case *array.Uint16:
		return whole(func(i int) int64 { return int64(a.Value(i)) }), nil
	case *array.Uint32:
		return whole(func(i int) int64 { return int64(a.Value(i)) }), nil
	case *array.Boolean:
		return column{func(b []byte, i int) []byte { return strconv.AppendBool(b, a.Value(i)) }, func(i int) any { return a.Value(i) }, false}, nil
	case *array.Decimal128:
		return decimals(a, o), nil
	case *array.Timestamp:
		return moments(a, o), nil
	}
	return column{}, fmt.Errorf("%w: %s", ErrType, a.DataType())
}

func whole(get func(int) int64) column {
	return column{func(b []byte, i int) []byte { return strconv.AppendInt(b, get(i), 10) }, func(i int) any { return get(i) }, false}
}

// fewestPlaces is how many places a decimal is written with, zeros or not.
const fewestPlaces = 2

// decimals are exact, without needless zeros behind the places of most currencies.
func decimals(a *array.Decimal128, o Options) column {
	scale := int(a.DataType().(*arrow.Decimal128Type).Scale) //nolint:errcheck,forcetypeassert // That is the type of such an array.
	point := byte('.')
	if o.Comma {
		point = ','
	}
	digits := func(b []byte, i int) []byte {
		v := a.Value(i)
		if v.HighBits() != 0 && v.HighBits() != -1 {
			return append(b, v.ToString(int32(scale))...) //nolint:gosec // A scale is below 39.
		}
		b = appendFixed(b, int64(v.LowBits()), scale, point) //nolint:gosec // Two's complement of what fits.
		for n := scale; n > fewestPlaces && b[len(b)-1] == '0'; n-- {
			b = b[:len(b)-1]
		}
		return b
	}
	return column{digits, func(i int) any { return a.Value(i).ToFloat64(int32(scale)) }, false} //nolint:gosec // As above.
}

// appendFixed writes a fixed-point number.
func appendFixed(b []byte, v int64, scale int, point byte) []byte {
	magnitude := uint64(v) //nolint:gosec // Negated below where it is negative.
	if v < 0 {
		b, magnitude = append(b, '-'), -magnitude
	}
	start := len(b)
	b = strconv.AppendUint(b, magnitude, 10)
	for len(b)-start <= scale {
		b = append(b, '0')
		copy(b[start+1:], b[start:len(b)-1])
		b[start] = '0'
	}
	if scale == 0 {
		return b
	}
	b = append(b, 0)
	copy(b[len(b)-scale:], b[len(b)-scale-1:len(b)-1])
	b[len(b)-scale-1] = point
	return b
}

// moments are told in the zone of the export. Outside of UTC they have their offset (RFC 3339): in autumn an hour comes twice.
func moments(a *array.Timestamp, o Options) column {
	unit := a.DataType().(*arrow.TimestampType).Unit //nolint:errcheck,forcetypeassert // As above.
	zone, layout := o.zone(), "2006-01-02 15:04:05.000"
	if zone != time.UTC {
		layout = "2006-01-02T15:04:05.000Z07:00"
	}
	at := func(i int) time.Time { return a.Value(i).ToTime(unit).In(zone) }
	return column{
		func(b []byte, i int) []byte { return at(i).AppendFormat(b, layout) },
		func(i int) any {
			t := at(i) // Excel knows no zones: it is given what the clock on the wall showed.
			return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		},
		false,
	}
}

// columnsOf reads all columns of a batch.
func columnsOf(batch arrow.Record, o Options) ([]column, error) {
	out := make([]column, batch.NumCols())
	for i := range out {
		var err error
		if out[i], err = columnOf(batch.Column(i), o); err != nil {
			return nil, fmt.Errorf("%s: %w", batch.ColumnName(i), err)
		}
	}
	return out, nil
}
