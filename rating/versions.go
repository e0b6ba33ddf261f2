package rating

import (
	"fmt"
	"slices"
	"time"
)

// Versions are the versions of one tariff, each with its time of force. It is immutable and safe for concurrent use.
type Versions struct {
	list []*Tariff // By their starts.
}

// NewVersions orders versions; two that are in force at the same time are an error.
func NewVersions(tariffs []*Tariff) (*Versions, error) {
	v := &Versions{list: slices.Clone(tariffs)}
	slices.SortStableFunc(v.list, func(a, b *Tariff) int { return a.spec.From.Compare(b.spec.From) })
	for i := 1; i < len(v.list); i++ {
		before, after := v.list[i-1], v.list[i]
		if before.spec.Till.IsZero() || after.spec.From.Before(before.spec.Till) {
			return nil, fmt.Errorf("%w: %s and %s are in force at the same time: end the older one where the newer begins",
				ErrTariff, before.label, after.label)
		}
	}
	return v, nil
}

// At returns the version in force at a moment; false: there is none, and a call of that moment is NotInForce.
func (v *Versions) At(at time.Time) (*Tariff, bool) {
	for _, t := range slices.Backward(v.list) {
		if t.InForce(at) {
			return t, true
		}
	}
	return nil, false
}

// All returns the versions in the order of their times.
func (v *Versions) All() []*Tariff { return slices.Clone(v.list) }
