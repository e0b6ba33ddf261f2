package cdr

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"trunkline/internal/money"
)

func appendDraw(b []byte, d *Draw) []byte {
	if d.IsZero() {
		return b
	}
	b = protowire.AppendTag(b, legQuota, protowire.BytesType)
	b = protowire.AppendBytes(b, d.Quota[:])
	b = appendInt(b, legDrawnMoney, d.Money.Micros())
	return appendInt(b, legDrawnSeconds, d.Seconds)
}

func (d *Draw) setQuota(id []byte) error {
	if len(id) != len(d.Quota) {
		return fmt.Errorf("%w: the id of a quota has %d bytes", ErrCodec, len(id))
	}
	copy(d.Quota[:], id)
	return nil
}

// setNumber refuses what no call can have drawn.
func (d *Draw) setNumber(f field) error {
	if f.varint > math.MaxInt64 {
		return fmt.Errorf("%w: field %d is %d", ErrCodec, f.number, f.varint)
	}
	if f.number == legDrawnMoney {
		d.Money = money.FromMicros(int64(f.varint))
		return nil
	}
	d.Seconds = int64(f.varint)
	return nil
}
