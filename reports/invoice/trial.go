package invoice

import (
	"context"
	"time"

	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/rating"
)

// Ended is a client whose trial has ended.
type Ended struct {
	Tenant   string
	Currency money.Currency
	Tariff   string // The id of the tariff that they were on trial of.
	Start    time.Time
	Trial    *rating.Trial
	Facts    []rating.Progress // What their trial was judged by.
}

// Trials returns the clients whose trial has ended, of those tariffs that say what is to become of them then.
func (c *Closer) Trials(ctx context.Context) ([]Ended, error) {
	now := c.c.Clock.Now()
	tenants := c.c.Snapshot.Operator().Tenants
	var profiles map[string]Profile
	var out []Ended
	for i := range tenants {
		t := &tenants[i]
		tariff, ok, err := c.c.Snapshot.TariffAt(ctx, t.Tariff, now)
		if err != nil {
			return nil, err
		}
		if !ok || tariff.Spec().Trial == nil || tariff.Spec().Trial.Then == rating.TrialGoesOn {
			continue
		}
		if profiles == nil {
			if profiles, err = c.c.Archive.Profiles(ctx); err != nil {
				return nil, err
			}
		}
		ended, err := c.trialOf(ctx, t, tariff, profiles[t.ID].Over(profiles[""]), now)
		if err != nil {
			return nil, err
		}
		if ended != nil {
			out = append(out, *ended)
		}
	}
	return out, nil
}

func (c *Closer) trialOf(ctx context.Context, t *provision.Tenant, tariff *rating.Tariff, profile Profile, now time.Time) (*Ended, error) {
	histories, err := c.c.Archive.Histories(ctx, []string{t.ID})
	if err != nil {
		return nil, err
	}
	zone := c.c.Snapshot.Zone(t.ID)
	timeline, err := NewTimeline(histories[t.ID], provision.ContractStart(profile.Since, zone))
	if err != nil {
		return nil, err
	}
	f := &facts{
		ctx: ctx, calls: c.c.Counter, readings: c.c.Readings, account: ledger.Tenant(t.ID, t.Currency), timeline: timeline,
		known: make(map[rating.FactQuery]int64),
	}
	state := tariff.TrialAt(rating.Account{Zone: zone, Start: timeline.start, End: timeline.end}, now, f)
	if f.err != nil || state.Active || timeline.start.IsZero() {
		return nil, f.err
	}
	return &Ended{Tenant: t.ID, Currency: t.Currency, Tariff: t.Tariff, Start: timeline.start, Trial: tariff.Spec().Trial, Facts: state.Progress}, nil
}
