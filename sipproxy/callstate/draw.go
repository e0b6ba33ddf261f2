package callstate

import (
	"trunkline/cdr"
	"trunkline/internal/money"
)

// Draw is what a call has of a quota.
type Draw struct {
	Quota   []byte `cbor:"1,keyasint"`
	Micros  int64  `cbor:"2,keyasint,omitempty"`
	Seconds int64  `cbor:"3,keyasint,omitempty"`
}

// DrawOf writes a draw; nil: there is none.
func DrawOf(d cdr.Draw) *Draw {
	if d.IsZero() {
		return nil
	}
	return &Draw{Quota: d.Quota[:], Micros: d.Money.Micros(), Seconds: d.Seconds}
}

// Draw reads it.
func (d *Draw) Draw() cdr.Draw {
	if d == nil || len(d.Quota) != len(cdr.QuotaID{}) {
		return cdr.Draw{}
	}
	return cdr.Draw{Quota: cdr.QuotaID(d.Quota), Money: money.FromMicros(d.Micros), Seconds: d.Seconds}
}
