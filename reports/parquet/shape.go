package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// Errors of files.
var (
	ErrType = errors.New("a column has a type that cannot be written to Parquet")
	ErrFile = errors.New("the file is not a Parquet file that was written here")
)

// shape is how the values of an Arrow type stand in a Parquet file.
type shape struct {
	physical parquet.Type
	logical  schema.LogicalType
	length   int // Of a value, in bytes, where all have the same; otherwise -1.
	write    func(to file.ColumnChunkWriter, from arrow.Array, nullable bool) error
	read     func(from file.ColumnChunkReader, rows int64, to array.Builder) error
}

// shapeOf returns the shape of a type: the same that the library's bridge gives it, so that files that were written by it can be read.
func shapeOf(t arrow.DataType) (shape, error) {
	switch t := t.(type) {
	case *arrow.StringType:
		return text(schema.StringLogicalType{}, func(b *array.StringBuilder, v parquet.ByteArray) { b.BinaryBuilder.Append(v) }), nil
	case *arrow.LargeStringType:
		return text(schema.StringLogicalType{}, func(b *array.LargeStringBuilder, v parquet.ByteArray) { b.BinaryBuilder.Append(v) }), nil
	case *arrow.BinaryType:
		return text(schema.NoLogicalType{}, func(b *array.BinaryBuilder, v parquet.ByteArray) { b.Append(v) }), nil
	case *arrow.Int8Type:
		return narrow[int8, *array.Int8, *array.Int8Builder](8, true), nil
	case *arrow.Int16Type:
		return narrow[int16, *array.Int16, *array.Int16Builder](16, true), nil
	case *arrow.Int32Type:
		return narrow[int32, *array.Int32, *array.Int32Builder](32, true), nil
	case *arrow.Uint8Type:
		return narrow[uint8, *array.Uint8, *array.Uint8Builder](8, false), nil
	case *arrow.Uint16Type:
		return narrow[uint16, *array.Uint16, *array.Uint16Builder](16, false), nil
	case *arrow.Uint32Type:
		return narrow[uint32, *array.Uint32, *array.Uint32Builder](32, false), nil
	case *arrow.Int64Type:
		return of(parquet.Types.Int64, schema.NewIntLogicalType(64, true), -1, (*array.Int64).Value, (*array.Int64Builder).Append), nil
	case *arrow.BooleanType:
		return of(parquet.Types.Boolean, schema.NoLogicalType{}, -1, (*array.Boolean).Value, (*array.BooleanBuilder).Append), nil
	case *arrow.Decimal128Type:
		return decimals(t), nil
	case *arrow.TimestampType:
		return moments(t), nil
	}
	return shape{}, fmt.Errorf("%w: %s", ErrType, t)
}

func text[B array.Builder](logical schema.LogicalType, add func(B, parquet.ByteArray)) shape {
	return of(parquet.Types.ByteArray, logical, -1, func(a array.BinaryLike, i int) parquet.ByteArray {
		return a.ValueBytes()[a.ValueOffset64(i)-a.ValueOffset64(0):][:a.ValueLen(i)]
	}, add)
}

// narrow are the whole numbers of 32 bits and less, all of which Parquet keeps in 32.
func narrow[
	T int8 | int16 | int32 | uint8 | uint16 | uint32,
	A interface {
		arrow.Array
		Value(row int) T
	},
	B interface {
		array.Builder
		Append(v T)
	},
](bits int8, signed bool) shape {
	return of(parquet.Types.Int32, schema.NewIntLogicalType(bits, signed), -1,
		func(a A, i int) int32 { return int32(a.Value(i)) },
		func(b B, v int32) { b.Append(T(v)) })
}

// decimals are big-endian two's complement, in as few bytes as their precision takes.
func decimals(t *arrow.Decimal128Type) shape {
	most := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Precision)), nil)
	length := most.Sub(most, big.NewInt(1)).BitLen()/8 + 1 // With a bit for the sign.
	return of(parquet.Types.FixedLenByteArray, schema.NewDecimalLogicalType(t.Precision, t.Scale), length,
		func(a *array.Decimal128, i int) parquet.FixedLenByteArray {
			v := a.Value(i)
			b := binary.BigEndian.AppendUint64(make([]byte, 0, 16), uint64(v.HighBits())) //nolint:gosec // Its bits.
			return binary.BigEndian.AppendUint64(b, v.LowBits())[16-length:]
		},
		func(b *array.Decimal128Builder, v parquet.FixedLenByteArray) {
			var whole [16]byte
			if len(v) > 0 && v[0]&0x80 != 0 {
				for i := range whole {
					whole[i] = 0xff
				}
			}
			copy(whole[16-len(v):], v)
			high, low := binary.BigEndian.Uint64(whole[:8]), binary.BigEndian.Uint64(whole[8:])
			b.Append(decimal128.New(int64(high), low)) //nolint:gosec // Its bits.
		})
}

// moments are kept in their unit; Parquet has no seconds, they are kept in milliseconds.
func moments(t *arrow.TimestampType) shape {
	unit, times := schema.TimeUnitMillis, int64(1)
	switch t.Unit {
	case arrow.Second:
		times = 1000
	case arrow.Millisecond:
	case arrow.Microsecond:
		unit = schema.TimeUnitMicros
	case arrow.Nanosecond:
		unit = schema.TimeUnitNanos
	}
	return of(parquet.Types.Int64, schema.NewTimestampLogicalType(t.TimeZone != "", unit), -1,
		func(a *array.Timestamp, i int) int64 { return int64(a.Value(i)) * times },
		func(b *array.TimestampBuilder, v int64) { b.Append(arrow.Timestamp(v / times)) })
}
