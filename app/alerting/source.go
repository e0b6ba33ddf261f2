package alerting

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"trunkline/alert"
	"trunkline/credit"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

// Accounts are the balances and caps of clients, and what stops them.
type Accounts interface {
	credit.Limits
	States(ctx context.Context, kind ledger.Kind) ([]ledger.State, error)
	SetLimit(ctx context.Context, t ledger.Target, period ledger.Period, caps ledger.Caps) error
	Suspend(ctx context.Context, a ledger.Account, suspended bool, reason, by string) error
	Block(ctx context.Context, t ledger.Target, blocked bool) error
}

// Dead counts legs that could not be rated, by client.
type Dead interface {
	DeadCount(ctx context.Context, f postgres.DeadFilter) (map[string]int64, error)
}

// Traffic tells what calls came to.
type Traffic interface {
	Volumes(ctx context.Context, t clickhouse.Traffic, numbers bool) ([]clickhouse.Volume, error)
}

// Source measures for alerts, and stops what they say is to be stopped.
type Source struct {
	Ledger   Accounts
	Books    Dead
	Records  Traffic
	Snapshot func() *provision.Snapshot
}

// tenants are those that a rule is about.
func (w *Source) tenants(r *alert.Rule) []*provision.Tenant {
	var out []*provision.Tenant
	o := w.Snapshot().Operator()
	for i := range o.Tenants {
		if t := &o.Tenants[i]; r.Tenant == "" || r.Tenant == t.ID {
			out = append(out, t)
		}
	}
	return out
}

// Readings implements alert.Source.
func (w *Source) Readings(ctx context.Context, r *alert.Rule, now time.Time) ([]alert.Reading, error) {
	switch r.Measure {
	case alert.Balance, alert.Left:
		return w.balances(ctx, r)
	case alert.CapPercent:
		return w.caps(ctx, r, now)
	case alert.Unrated:
		return w.unrated(ctx, r)
	case alert.Spike:
		return w.spikes(ctx, r, now)
	case alert.Spend, alert.Minutes, alert.Calls, alert.Sequential:
	}
	volumes, err := w.volumes(ctx, r, now)
	if err != nil {
		return nil, err
	}
	var out []alert.Reading
	for i := range volumes {
		v := &volumes[i]
		value := measured(r.Measure, v)
		if r.Measure == alert.Sequential {
			value = money.FromWhole(alert.LongestRun(v.Numbers))
		}
		out = append(out, alert.Reading{Tenant: v.Tenant, Owner: v.Owner, Value: value})
	}
	return out, nil
}

func measured(m alert.Measure, v *clickhouse.Volume) money.Amount {
	switch m { //nolint:exhaustive // The others are not sums over calls.
	case alert.Minutes:
		return money.FromMicros(v.Seconds * 1_000_000 / 60)
	case alert.Calls:
		return money.FromWhole(v.Calls)
	default:
		return v.Spend
	}
}

func (w *Source) balances(ctx context.Context, r *alert.Rule) ([]alert.Reading, error) {
	states, err := w.Ledger.States(ctx, ledger.TenantAccount)
	if err != nil {
		return nil, err
	}
	byAccount := make(map[ledger.Account]*ledger.State, len(states))
	for i := range states {
		byAccount[states[i].Account] = &states[i]
	}
	var out []alert.Reading
	for _, t := range w.tenants(r) {
		s, ok := byAccount[ledger.Tenant(t.ID, t.Currency)]
		if !ok {
			continue
		}
		value, err := s.Balance()
		if r.Measure == alert.Left {
			value, err = s.Available()
		}
		if err != nil {
			return nil, err
		}
		out = append(out, alert.Reading{Tenant: t.ID, Value: value})
	}
	return out, nil
}

// caps tell of each owner how much of the fullest of its caps is used and held.
func (w *Source) caps(ctx context.Context, r *alert.Rule, now time.Time) ([]alert.Reading, error) {
	var out []alert.Reading
	for _, t := range w.tenants(r) {
		rows, err := credit.StatusOf(ctx, w.Ledger, t, now)
		if err != nil {
			return nil, err
		}
		fullest := make(map[string]money.Amount)
		for i := range rows {
			l := &rows[i]
			if l.Key.Scope != r.By {
				continue
			}
			percent, err := l.Percent()
			if err != nil {
				return nil, err
			}
			if before, ok := fullest[l.Key.Owner]; !ok || before.Less(percent) {
				fullest[l.Key.Owner] = percent
			}
		}
		for owner, percent := range fullest {
			out = append(out, alert.Reading{Tenant: t.ID, Owner: owner, Value: percent})
		}
	}
	return out, nil
}

func (w *Source) unrated(ctx context.Context, r *alert.Rule) ([]alert.Reading, error) {
	counts, err := w.Books.DeadCount(ctx, postgres.DeadFilter{Tenant: r.Tenant})
	var out []alert.Reading
	for tenant, n := range counts {
		out = append(out, alert.Reading{Tenant: tenant, Value: money.FromWhole(n)})
	}
	return out, err
}

// traffic says which calls a rule is about.
func (w *Source) traffic(r *alert.Rule, till time.Time) clickhouse.Traffic {
	t := clickhouse.Traffic{Tenant: r.Tenant, Prefixes: w.prefixes(r), From: till.Add(-r.Window), Till: till}
	if r.By != ledger.TenantScope {
		t.By = string(r.By)
	}
	return t
}

func (w *Source) prefixes(r *alert.Rule) []string {
	out := append([]string(nil), r.Prefixes...)
	if r.Risky {
		out = append(out, w.Snapshot().Operator().Risky...)
	}
	return out
}

func (w *Source) volumes(ctx context.Context, r *alert.Rule, till time.Time) ([]clickhouse.Volume, error) {
	if r.Risky && len(w.prefixes(r)) == 0 {
		return nil, nil // No destination is risky.
	}
	return w.Records.Volumes(ctx, w.traffic(r, till), r.Measure == alert.Sequential)
}

// formerWeeks is how many weeks the same hours are looked at of.
const formerWeeks = 4

const week = 7 * 24 * time.Hour

func (w *Source) spikes(ctx context.Context, r *alert.Rule, now time.Time) ([]alert.Reading, error) {
	type owner struct{ tenant, owner string }
	former := make(map[owner][]money.Amount)
	for i := range formerWeeks {
		volumes, err := w.volumes(ctx, r, now.Add(-time.Duration(i+1)*week))
		if err != nil {
			return nil, err
		}
		for j := range volumes {
			o := owner{volumes[j].Tenant, volumes[j].Owner}
			if former[o] == nil {
				former[o] = make([]money.Amount, formerWeeks) // Hours without calls count as nothing.
			}
			former[o][i] = measured(r.Of, &volumes[j])
		}
	}
	volumes, err := w.volumes(ctx, r, now)
	if err != nil {
		return nil, err
	}
	var least money.Amount
	if r.Least != nil {
		least = *r.Least
	}
	var out []alert.Reading
	for i := range volumes {
		v := &volumes[i]
		value, err := alert.SpikeOf(measured(r.Of, v), former[owner{v.Tenant, v.Owner}], least)
		if err != nil {
			return nil, err
		}
		out = append(out, alert.Reading{Tenant: v.Tenant, Owner: v.Owner, Value: value})
	}
	return out, nil
}

// Act implements alert.Actor.
func (w *Source) Act(ctx context.Context, r *alert.Rule, at alert.Reading) (string, error) {
	if r.Block == "" && r.Lower == nil {
		return "", nil
	}
	t, ok := w.Snapshot().Tenant(at.Tenant)
	if !ok {
		return "", nil
	}
	target := ledger.Target{
		Account: ledger.Tenant(t.ID, t.Currency), Scope: r.By, Owner: at.Owner, Reason: "alert " + r.ID, By: "alert",
	}
	var done []string
	if r.Lower != nil {
		if err := w.Ledger.SetLimit(ctx, target, r.Lower.Period, r.Lower.Caps()); err != nil {
			return "", err
		}
		done = append(done, fmt.Sprintf("cap of a %s set to %s", r.Lower.Period, r.Lower.Caps()))
	}
	blocked, err := w.block(ctx, r, target)
	if err != nil {
		return "", err
	}
	if blocked != "" {
		done = append(done, blocked)
	}
	return strings.Join(done, ", "), nil
}

func (w *Source) block(ctx context.Context, r *alert.Rule, t ledger.Target) (string, error) {
	switch r.Block {
	case "":
		return "", nil
	case string(ledger.TenantScope):
		return "tenant suspended", w.Ledger.Suspend(ctx, t.Account, true, t.Reason, t.By)
	case string(ledger.DestinationScope):
		var failed error
		for _, p := range w.prefixes(r) {
			t.Scope, t.Owner = ledger.DestinationScope, p
			failed = errors.Join(failed, w.Ledger.Block(ctx, t, true))
		}
		return "destinations " + strings.Join(w.prefixes(r), ", ") + " blocked", failed
	}
	return r.Block + " " + t.Owner + " blocked", w.Ledger.Block(ctx, t, true)
}

// alertEvery is how often alerts are measured; deliverEvery is how often messages are looked for.
const (
	AlertEvery   = 10 * time.Second
	DeliverEvery = 2 * time.Second
)
