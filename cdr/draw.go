package cdr

import "trunkline/internal/money"

// QuotaID names a quota: a portion of an account that a proxy has drawn from the ledger. They are compared with ==.
type QuotaID [16]byte

// Draw is what a call has of a quota. The zero Draw is none. Draws are compared with ==.
type Draw struct {
	Quota   QuotaID
	Money   money.Amount
	Seconds int64 // From the connection of the call on.
}

// IsZero reports whether nothing was drawn.
func (d Draw) IsZero() bool { return d.Quota == QuotaID{} }
