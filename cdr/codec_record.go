package cdr

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"trunkline/internal/money"
)

// Numbers of the fields of a record: see leg.proto.
const (
	recVersion   = 1
	recLeg       = 2
	recSign      = 3
	recBatch     = 4
	recSlot      = 5
	recBilled    = 6
	recCovered   = 7
	recPerMinute = 8
	recFee       = 9
	recSale      = 10
	recCost      = 11

	recSaleCurrency  = 16
	recCostCurrency  = 17
	recPrefix        = 18
	recDestination   = 19
	recCountry       = 20
	recTariffVersion = 21
	recDeckVersion   = 22
	recNote          = 23
	recBasis         = 24
)

// AppendRecord appends the binary form of a record, as in leg.proto, to dst.
func AppendRecord(dst []byte, r *Record) []byte {
	b := appendNumber(dst, recVersion, codecVersion)
	b = protowire.AppendTag(b, recLeg, protowire.BytesType)
	b = appendNested(b, func(b []byte) []byte { return AppendLeg(b, &r.Leg) })
	b = appendSigned(b, recSign, int64(r.Sign))
	b = appendInt(b, recBatch, r.Batch)
	if !r.Slot.IsZero() {
		b = appendInt(b, recSlot, r.Slot.Unix())
	}
	b = appendInt(b, recBilled, r.Billed)
	b = appendInt(b, recCovered, r.Covered)
	b = appendSigned(b, recPerMinute, r.PerMinute.Nanos())
	b = appendSigned(b, recFee, r.ConnectFee.Micros())
	b = appendSigned(b, recSale, r.Sale.Micros())
	b = appendSigned(b, recCost, r.Cost.Micros())
	b = appendText(b, recSaleCurrency, r.SaleCurrency.String())
	b = appendText(b, recCostCurrency, r.CostCurrency.String())
	b = appendText(b, recPrefix, r.Prefix)
	b = appendText(b, recDestination, r.Destination)
	b = appendText(b, recCountry, r.Country)
	b = appendText(b, recTariffVersion, r.TariffVersion)
	b = appendText(b, recDeckVersion, r.DeckVersion)
	b = appendText(b, recNote, r.Note)
	return appendText(b, recBasis, r.Basis)
}

// nestedLength is the number of bytes that the length of a nested message takes: a varint that is written long where
// need be, so that the message can be written right behind it before its length is known.
const nestedLength = 4

func appendNested(b []byte, write func([]byte) []byte) []byte {
	at := len(b)
	b = write(append(b, 0, 0, 0, 0))
	n := len(b) - at - nestedLength
	for i := range nestedLength - 1 {
		b[at+i] = byte(n>>(7*i)&0x7f) | 0x80
	}
	b[at+nestedLength-1] = byte(n >> (7 * (nestedLength - 1)) & 0x7f)
	return b
}

// DecodeRecord reads what AppendRecord wrote into r, which is overwritten. An error wraps ErrCodec.
func DecodeRecord(data []byte, r *Record) error {
	*r = Record{}
	w := wire{data: data, text: string(data)}
	for {
		f, more, err := w.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if f.bytes {
			err = r.setBytes(&w, f)
		} else {
			err = r.setNumber(f)
		}
		if err != nil {
			return err
		}
	}
	if r.Sign != 1 && r.Sign != -1 {
		return fmt.Errorf("%w: a record with the sign %d", ErrCodec, r.Sign)
	}
	return r.check()
}

func (r *Record) setBytes(w *wire, f field) (err error) {
	switch f.number {
	case recLeg:
		return decodeLeg(wire{data: w.data[f.start:f.end], text: w.text[f.start:f.end]}, &r.Leg)
	case recSaleCurrency:
		r.SaleCurrency, err = wireCurrency(w.string(f))
	case recCostCurrency:
		r.CostCurrency, err = wireCurrency(w.string(f))
	case recPrefix:
		r.Prefix = w.string(f)
	case recDestination:
		r.Destination = w.string(f)
	case recCountry:
		r.Country = w.string(f)
	case recTariffVersion:
		r.TariffVersion = w.string(f)
	case recDeckVersion:
		r.DeckVersion = w.string(f)
	case recNote:
		r.Note = w.string(f)
	case recBasis:
		r.Basis = w.string(f)
	}
	return err
}

func wireCurrency(s string) (money.Currency, error) {
	if s == "" {
		return money.Currency{}, nil
	}
	c, err := money.ParseCurrency(s)
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrCodec, err)
	}
	return c, nil
}

func (r *Record) setNumber(f field) error {
	plain, signed := int64(f.varint), protowire.DecodeZigZag(f.varint) //nolint:gosec // Two's complement.
	switch f.number {
	case recVersion:
		return checkVersion(f.varint)
	case recSign:
		if signed != 1 && signed != -1 {
			return fmt.Errorf("%w: a record with the sign %d", ErrCodec, signed)
		}
		r.Sign = int8(signed)
	case recBatch:
		r.Batch = plain
	case recSlot:
		r.Slot = time.Unix(plain, 0).UTC()
	case recBilled:
		r.Billed = plain
	case recCovered:
		r.Covered = plain
	case recPerMinute:
		r.PerMinute = money.PerMinute(signed)
	case recFee:
		r.ConnectFee = money.FromMicros(signed)
	case recSale:
		r.Sale = money.FromMicros(signed)
	case recCost:
		r.Cost = money.FromMicros(signed)
	}
	return nil
}
