package memory

import (
	"context"
	"fmt"
	"slices"

	"trunkline/reports/retention"
)

// keeping is that of the rows.
type keeping struct{ *Rows }

// Plan implements console.Retention.
func (k keeping) Plan(context.Context) ([]retention.Line, error) { return slices.Clone(k.Old), nil }

// Run implements console.Retention: one record goes.
func (k keeping) Run(_ context.Context, _ string, told func(retention.Done)) error {
	k.did("run retention")
	told(retention.Done{Kind: retention.Calls, Day: k.clock.Now(), Rows: 1})
	return nil
}

// Find implements console.Retention.
func (k keeping) Find(context.Context, retention.Person) ([]retention.Found, error) {
	return slices.Clone(k.Named), nil
}

// Erase implements console.Retention. What a hold covers is refused.
func (k keeping) Erase(_ context.Context, e retention.Erasure) ([]retention.Found, error) {
	for _, h := range k.inForce() {
		if h.Number != "" && h.Number == e.Person.Number {
			return nil, fmt.Errorf("%w: hold %d covers the number", retention.ErrErasure, h.ID)
		}
	}
	k.did("erase")
	return slices.Clone(k.Named), nil
}

// Unreached implements console.Retention.
func (keeping) Unreached(context.Context) ([]string, error) {
	return []string{"backups"}, nil
}

func (k keeping) inForce() []retention.Hold {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(k.Held), func(h retention.Hold) bool { return !h.Removed.IsZero() })
}

// Holds implements console.Retention.
func (k keeping) Holds(_ context.Context, all bool) ([]retention.Hold, error) {
	if !all {
		return k.inForce(), nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.Held), nil
}

// AddHold implements console.Retention.
func (k keeping) AddHold(_ context.Context, h retention.Hold) (retention.Hold, error) {
	k.did("add hold")
	k.mu.Lock()
	defer k.mu.Unlock()
	h.ID, h.Made = int64(len(k.Held)+1), k.clock.Now()
	k.Held = append(k.Held, h)
	return h, nil
}

// RemoveHold implements console.Retention. Without any holds it knows every one.
func (k keeping) RemoveHold(_ context.Context, id int64, by, why string) error {
	k.did("remove hold")
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.Held {
		if k.Held[i].ID == id {
			k.Held[i].Removed, k.Held[i].Ender, k.Held[i].Why = k.clock.Now(), by, why
			return nil
		}
	}
	if len(k.Held) > 0 {
		return fmt.Errorf("%w: there is no hold %d in force", retention.ErrHold, id)
	}
	return nil
}
