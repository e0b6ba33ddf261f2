package provision

import (
	"context"
	"errors"
	"time"

	"trunkline/rating"
)

// TariffAt returns a tariff in the version that was in force at a moment, as it was known then. False: there is no tariff of that id.
// Where none was in force it is the nearest, which says so itself when it is asked for a price. An error means that the version is
// known and could not be read now: it may be asked for again.
func (s *Snapshot) TariffAt(ctx context.Context, id string, at time.Time) (*rating.Tariff, bool, error) {
	return s.version(ctx, KindTariff, id, s.timelines[thing{KindTariff, id}].At(at))
}

// recallTime bounds how long routing waits for a version of the past: it is asked for in simulations only.
const recallTime = 5 * time.Second

// errUnknownTariff says that a tariff is named and is not there, which the check of what is provisioned refuses.
var errUnknownTariff = errors.New("there is no such tariff")

// TariffForCall is TariffAt for a call that is routed now, which has no context. Only a version of the past is waited for, and not for long.
func (s *Snapshot) TariffForCall(id string, at time.Time) (*rating.Tariff, error) {
	v := s.timelines[thing{KindTariff, id}].At(at)
	if t, ok := s.ready(KindTariff, id, v); ok {
		return t, nil
	}
	if v == nil {
		return nil, errUnknownTariff
	}
	ctx, cancel := context.WithTimeout(context.Background(), recallTime)
	defer cancel()
	return s.library.tariff(ctx, v)
}

// TariffCorrected is TariffAt with what is known now: of the versions that hold at the moment by their own word the one that was applied
// last, for pricing again what was priced wrongly.
func (s *Snapshot) TariffCorrected(ctx context.Context, id string, at time.Time) (*rating.Tariff, bool, error) {
	return s.version(ctx, KindTariff, id, s.timelines[thing{KindTariff, id}].Corrected(at))
}

// CostAt returns what a carrier's deck asked at a moment, as a price; false and errors are as in TariffAt.
func (s *Snapshot) CostAt(ctx context.Context, deck string, at time.Time) (*rating.Tariff, bool, error) {
	return s.version(ctx, KindDeck, deck, s.timelines[thing{KindDeck, deck}].At(at))
}

// Read returns what a version of a timeline asks; an error may pass.
func (s *Snapshot) Read(ctx context.Context, v *Version) (*rating.Tariff, error) {
	t, _, err := s.version(ctx, v.Kind, v.ID, v)
	return t, err
}

// Recall returns a version by the label that is recorded with charges; false: nothing of that label is kept.
func (s *Snapshot) Recall(ctx context.Context, kind Kind, id, label string) (*rating.Tariff, bool, error) {
	for _, v := range s.Timeline(kind, id).All() {
		if v.Label == label {
			return s.version(ctx, kind, id, v)
		}
	}
	if t, ok := s.latest(kind, id); ok && t.Label() == label {
		return t, true, nil
	}
	return nil, false, nil
}

// Timeline returns the versions of a tariff or deck. It has none where the past is not known.
func (s *Snapshot) Timeline(kind Kind, id string) *Timeline {
	if t, ok := s.timelines[thing{kind, id}]; ok {
		return t
	}
	return &Timeline{}
}

// latest is what was applied last.
func (s *Snapshot) latest(kind Kind, id string) (*rating.Tariff, bool) {
	if kind == KindDeck {
		return s.Cost(id)
	}
	return s.Tariff(id)
}

// ready returns what a version was compiled to, if that is at hand. Nil: the past is not known, and what was applied last stands for it.
func (s *Snapshot) ready(kind Kind, id string, v *Version) (*rating.Tariff, bool) {
	if v == nil {
		return s.latest(kind, id)
	}
	t, ok := s.versions[v]
	return t, ok
}

// version is ready, with what has to be compiled anew.
func (s *Snapshot) version(ctx context.Context, kind Kind, id string, v *Version) (*rating.Tariff, bool, error) {
	if t, ok := s.ready(kind, id, v); ok || v == nil {
		return t, ok, nil
	}
	t, err := s.library.tariff(ctx, v)
	return t, err == nil, err
}
