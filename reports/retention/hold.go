package retention

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"trunkline/internal/e164"
)

// ErrHold is returned, wrapped, for a legal hold that is not one.
var ErrHold = errors.New("legal hold")

// Hold keeps records of a tenant, or those that name a number, from being dropped, blanked or erased.
type Hold struct {
	ID      int64
	Tenant  string
	Number  string // E.164 digits. Either it or Tenant is set.
	Reason  string
	Made    time.Time
	By      string
	Removed time.Time // Zero: it is in force.
	Ender   string
	Why     string // It was removed.
}

// Check refuses a hold on nothing, or without a reason.
func (h *Hold) Check() error {
	if (h.Tenant == "") == (h.Number == "") {
		return fmt.Errorf("%w: give a tenant or a number", ErrHold)
	}
	if h.Reason == "" {
		return fmt.Errorf("%w: give a reason", ErrHold)
	}
	if h.Number == "" {
		return nil
	}
	n, err := e164.Parse(h.Number)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHold, err)
	}
	h.Number = n.Digits()
	return nil
}

// Holds keeps legal holds.
type Holds interface {
	// InForce returns the holds that are in force, in the order of their ids.
	InForce(ctx context.Context) ([]Hold, error)
}

// Held is what holds cover together.
type Held struct {
	Tenants []string `json:"tenants,omitempty"`
	Numbers []string `json:"numbers,omitempty"` // E.164 digits.
}

func heldBy(holds []Hold) (h Held) {
	for i := range holds {
		if t := holds[i].Tenant; t != "" {
			h.Tenants = append(h.Tenants, t)
		} else {
			h.Numbers = append(h.Numbers, holds[i].Number)
		}
	}
	for _, list := range []*[]string{&h.Tenants, &h.Numbers} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return h
}

// None reports whether nothing is covered.
func (h *Held) None() bool { return len(h.Tenants) == 0 && len(h.Numbers) == 0 }

func (h *Held) equal(other *Held) bool {
	return slices.Equal(h.Tenants, other.Tenants) && slices.Equal(h.Numbers, other.Numbers)
}

// Covers reports whether a record of a tenant with a text is held.
func (h *Held) Covers(tenant string, text []byte) bool {
	return tenant != "" && slices.Contains(h.Tenants, tenant) ||
		slices.ContainsFunc(h.Numbers, func(n string) bool { return bytes.Contains(text, []byte(n)) })
}
