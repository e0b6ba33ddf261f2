package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"trunkline/alert"
	"trunkline/app/billing"
	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/reports/invoice"
	"trunkline/sql/postgres"
)

const (
	// trialsEvery is how often it is looked whose trial has ended.
	trialsEvery = 5 * time.Minute
	trialsTurn  = "trials"
	trialsBy    = "trial"
)

// endTrials does what tariffs say about clients whose trial has ended, in one process at a time, until ctx ends.
func (s *System) endTrials(ctx context.Context) {
	s.repeat(ctx, trialsEvery, "trials that have ended cannot be looked for", func() error {
		return s.Stores.DB.Alone(ctx, trialsTurn, func(ctx context.Context) error {
			ended, err := billing.CloserOf(s.Stores, s.provisioning.Live.Snapshot(), 0).Trials(ctx)
			for i := range ended {
				err = errors.Join(err, endTrial(ctx, s.Stores, &ended[i]))
			}
			return err
		})
	})
}

// endTrial acts on one trial, once. What is done may be done again where the process ended before it was noted.
func endTrial(ctx context.Context, s *store.Stores, e *invoice.Ended) error {
	archive := postgres.NewInvoices(s.DB, clock.System{})
	if known, err := archive.TrialEnded(ctx, e); err != nil || known {
		return err
	}
	why := trialText(e)
	var err error
	switch e.Trial.Then {
	case rating.TrialSwitch:
		err = switchTariff(ctx, s, e.Tenant, e.Tariff, e.Trial.Tariff)
	case rating.TrialStop:
		err = s.Ledger.Suspend(ctx, ledger.Tenant(e.Tenant, e.Currency), true, why, trialsBy)
	case rating.TrialNotice, rating.TrialGoesOn:
	}
	if err != nil {
		return err
	}
	fresh, err := archive.EndTrial(ctx, e)
	if err != nil || !fresh {
		return err
	}
	return postgres.NewAlerts(s.DB, clock.System{}).Emit(ctx, alert.TrialEnded, e.Tenant, e.Tariff, why, map[string]string{"then": string(e.Trial.Then), "tariff": e.Trial.Tariff})
}

// trialText says why a trial ended, and what follows.
func trialText(e *invoice.Ended) string {
	parts := make([]string, 0, len(e.Facts))
	for _, p := range e.Facts {
		if p.Met {
			parts = append(parts, p.Text)
		}
	}
	text := fmt.Sprintf("the trial of tariff %s has ended (%s)", e.Tariff, strings.Join(parts, ", "))
	switch e.Trial.Then {
	case rating.TrialSwitch:
		return text + ": the client goes to tariff " + e.Trial.Tariff
	case rating.TrialStop:
		return text + ": calls that cost anything are stopped"
	case rating.TrialNotice, rating.TrialGoesOn:
	}
	return text + ": its fees are due from now on"
}

// switchTries bounds how often a switch is tried while others change the provisioning.
const switchTries = 5

// switchTariff puts a tenant who is on a tariff on another one.
func switchTariff(ctx context.Context, s *store.Stores, tenant, from, to string) error {
	for try := 1; ; try++ {
		stored, err := s.Provision.Load(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(stored.Objects, func(o provision.Object) bool { return o.Kind == provision.KindTenant && o.ID == tenant })
		if at < 0 {
			return nil // He was taken away meanwhile.
		}
		object := stored.Objects[at]
		var t provision.Tenant
		if err := yaml.Unmarshal([]byte(object.Spec), &t); err != nil {
			return fmt.Errorf("tenant %s: %w", tenant, err)
		}
		if t.Tariff != from {
			return nil
		}
		t.Tariff = to
		spec, err := yaml.Marshal(t)
		if err != nil {
			return fmt.Errorf("tenant %s: %w", tenant, err)
		}
		object.Spec = string(spec)
		_, err = s.Provision.Save(ctx, stored.Revision, &provision.Changes{Put: []provision.Object{object}}, clock.System{}.Now(), trialsBy)
		if !errors.Is(err, postgres.ErrRevision) || try == switchTries {
			return err
		}
	}
}
