package memory

import (
	"context"

	"trunkline/reports/retention"
)

// keeping is that of the rows: nothing is old.
type keeping struct{ *Rows }

// Plan implements console.Retention.
func (keeping) Plan(context.Context) ([]retention.Line, error) { return nil, nil }

// Run implements console.Retention.
func (k keeping) Run(_ context.Context, _ string, told func(retention.Done)) error {
	k.did("run retention")
	told(retention.Done{Rows: 1})
	return nil
}

// Find implements console.Retention.
func (keeping) Find(context.Context, retention.Person) ([]retention.Found, error) { return nil, nil }

// Erase implements console.Retention.
func (k keeping) Erase(context.Context, retention.Erasure) ([]retention.Found, error) {
	k.did("erase")
	return nil, nil
}

// Unreached implements console.Retention.
func (keeping) Unreached(context.Context) ([]string, error) { return nil, nil }

// Holds implements console.Retention.
func (keeping) Holds(context.Context, bool) ([]retention.Hold, error) { return nil, nil }

// AddHold implements console.Retention.
func (k keeping) AddHold(_ context.Context, h retention.Hold) (retention.Hold, error) {
	k.did("add hold")
	h.ID = 1
	return h, nil
}

// RemoveHold implements console.Retention.
func (k keeping) RemoveHold(context.Context, int64, string, string) error {
	k.did("remove hold")
	return nil
}
