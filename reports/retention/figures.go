package retention

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"trunkline/internal/money"
)

// CallFigures reads an archive of calls and adds it up.
func CallFigures(ctx context.Context, name string) (f Figures, err error) {
	err = Read(ctx, name, f.addCalls)
	return f, err
}

// addCalls adds the rows of a batch, weighed with their signs.
func (f *Figures) addCalls(batch arrow.Record) error {
	sign, err := column[*array.Int8](batch, "sign")
	if err != nil {
		return err
	}
	duration, err := column[*array.Int64](batch, "duration_us")
	if err != nil {
		return err
	}
	billed, err := column[*array.Int64](batch, "billed")
	if err != nil {
		return err
	}
	sale, err := column[*array.Decimal128](batch, "sale")
	if err != nil {
		return err
	}
	cost, err := column[*array.Decimal128](batch, "cost")
	if err != nil {
		return err
	}
	for i := range int(batch.NumRows()) {
		weight := int64(sign.Value(i))
		f.Rows, f.Legs = f.Rows+1, f.Legs+weight
		f.Duration, f.Billed = f.Duration+weight*duration.Value(i), f.Billed+weight*billed.Value(i)
		if f.Sale, err = addMicros(f.Sale, sale, i, weight); err != nil {
			return err
		}
		if f.Cost, err = addMicros(f.Cost, cost, i, weight); err != nil {
			return err
		}
	}
	return nil
}

func addMicros(sum money.Amount, of *array.Decimal128, row int, weight int64) (money.Amount, error) {
	v := of.Value(row)
	if v.HighBits() != 0 && v.HighBits() != -1 {
		return sum, fmt.Errorf("%w: an amount is beyond all amounts", ErrArchive)
	}
	return sum.Add(money.FromMicros(weight * int64(v.LowBits()))) //nolint:gosec // Two's complement of what fits.
}

// addRows adds the rows of another kind.
func (f *Figures) addRows(batch arrow.Record) error {
	ids, err := column[*array.Int64](batch, "id")
	if err != nil {
		return err
	}
	f.Rows += batch.NumRows()
	for i := range int(batch.NumRows()) {
		f.IDs += ids.Value(i)
	}
	return nil
}

// column finds a column of a type.
func column[T arrow.Array](batch arrow.Record, name string) (T, error) {
	var none T
	at := batch.Schema().FieldIndices(name)
	if len(at) != 1 {
		return none, fmt.Errorf("%w: it has no column %s", ErrArchive, name)
	}
	c, ok := batch.Column(at[0]).(T)
	if !ok {
		return none, fmt.Errorf("%w: its column %s is of type %s", ErrArchive, name, batch.Column(at[0]).DataType())
	}
	return c, nil
}
