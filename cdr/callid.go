package cdr

import (
	"time"

	"trunkline/internal/calls"
)

// CallID is calls.ID, for programs that know calls by their records only.
type CallID = calls.ID

// NewCallID is calls.NewID.
func NewCallID() (CallID, error) { return calls.NewID() }

// CallIDAt is calls.IDAt.
func CallIDAt(at time.Time, salt uint64) CallID { return calls.IDAt(at, salt) }

// ParseCallID is calls.ParseID.
func ParseCallID(s string) (CallID, error) { return calls.ParseID(s) }
