package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
)

func newLimitListCommand() *cobra.Command {
	var f configFlags
	var tenant, format string
	cmd := &cobra.Command{
		Use: "list --tenant ID", Short: "Caps as provisioned and as they stand, with what is used and held", Args: cobra.NoArgs,
		Long: `List shows every cap of a tenant, its branches and extensions: what the operator's file says (SETTING), what is in force now
(LIVE: set by hand, and raised), what was used in the present period and what is held for calls in progress. Blocks follow.`,
		Example: "  trunkline limit list --tenant beauty",
		RunE: onStores(&f, func(cmd *cobra.Command, db *stores, _ []string) error {
			t, err := limitTable(cmd.Context(), db, tenant)
			if err != nil {
				return err
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant")
	_ = cmd.MarkFlagRequired("tenant") // It fails only for a flag that does not exist.
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func newLimitLogCommand() *cobra.Command {
	var f configFlags
	var tenant, format string
	cmd := &cobra.Command{
		Use: "log --tenant ID", Short: "Who changed what about limits, blocks and suspension, and why", Args: cobra.NoArgs,
		Example: "  trunkline limit log --tenant beauty",
		RunE: onStores(&f, func(cmd *cobra.Command, db *stores, _ []string) error {
			account, err := tenantAccount(cmd.Context(), db, tenant)
			if err != nil {
				return err
			}
			state, err := db.ledger.Limits(cmd.Context(), account)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"time", "what", "scope", "owner", "detail", "reason", "by"}, of: "changes"}
			for _, c := range state.Changes {
				t.add(c.At.Format(time.RFC3339), c.What, string(c.Scope), c.Owner, c.Detail, c.Reason, c.By)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant")
	_ = cmd.MarkFlagRequired("tenant") // It fails only for a flag that does not exist.
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

// limitKey says which limit it is.
type limitKey struct {
	scope  ledger.Scope
	owner  string
	period ledger.Period
}

func limitTable(ctx context.Context, db *stores, id string) (*table, error) {
	snapshot, err := db.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	tenant, ok := snapshot.Tenant(id)
	if !ok {
		return nil, withCode(exitUsage, fmt.Errorf("there is no tenant %q", id))
	}
	zone, err := time.LoadLocation(tenant.TimeZone)
	if err != nil {
		return nil, err
	}
	account := ledger.Tenant(tenant.ID, tenant.Currency)
	state, err := db.ledger.Limits(ctx, account)
	if err != nil {
		return nil, err
	}
	now := clock.System{}.Now()
	gauges, err := db.ledger.Gauges(ctx, account, ledger.Month.Start(now, zone).AddDate(0, 0, -7))
	if err != nil {
		return nil, err
	}
	t := &table{columns: []string{"scope", "owner", "period", "measure", "setting", "live", "used", "held", "left"}, of: "limits and blocks"}
	settings := provisioned(tenant)
	live := maps.Clone(settings)
	for _, s := range state.Settings {
		key := limitKey{s.Scope, s.Owner, s.Period}
		live[key] = s.Caps.Or(settings[key])
	}
	keys := slices.SortedFunc(maps.Keys(live), func(a, b limitKey) int {
		return cmp.Or(-cmp.Compare(a.scope, b.scope), cmp.Compare(a.owner, b.owner), cmp.Compare(a.period, b.period))
	})
	for _, key := range keys {
		var gauge ledger.Gauge
		counter := ledger.Limit{Scope: key.scope, Owner: key.owner, Period: key.period}.Counter(account, now, zone)
		for _, g := range gauges {
			if g.Counter == counter {
				gauge = g
			}
		}
		if err := addLimit(t, key, settings[key], live[key], gauge); err != nil {
			return nil, err
		}
	}
	for _, b := range state.Blocks {
		t.add(string(b.Scope), b.Owner, "", "blocked", "", b.Reason, "", "", "")
	}
	return t, nil
}

// provisioned are the caps of the operator's file.
func provisioned(t *provision.Tenant) map[limitKey]ledger.Caps {
	out := make(map[limitKey]ledger.Caps)
	put := func(limits []ledger.Limit) {
		for _, l := range limits {
			out[limitKey{l.Scope, l.Owner, l.Period}] = ledger.Caps{Money: l.Money, Seconds: l.Seconds, Calls: l.Calls}
		}
	}
	put(limitsOf(ledger.TenantScope, "", t.Limits))
	for i := range t.Branches {
		b := &t.Branches[i]
		put(limitsOf(ledger.BranchScope, b.ID, b.Limits))
		for j := range b.Extensions {
			put(limitsOf(ledger.ExtensionScope, b.Extensions[j].ID, b.Extensions[j].Limits))
		}
	}
	return out
}

// addLimit adds a row for every measure that is bounded.
func addLimit(t *table, key limitKey, setting, live ledger.Caps, g ledger.Gauge) error {
	row := func(measure, setting, live, used, held, left string) {
		t.add(string(key.scope), key.owner, string(key.period), measure, setting, live, used, held, left)
	}
	if live.Money != nil {
		bound, err := live.Money.Add(g.Raised.Money)
		if err != nil {
			return err
		}
		used, err := g.Used.Money.Sub(g.Aside.Money)
		if err != nil {
			return err
		}
		left, err := money.Sum(bound, used.Neg(), g.Held.Money.Neg())
		if err != nil {
			return err
		}
		set := ""
		if setting.Money != nil {
			set = setting.Money.String()
		}
		row("money", set, bound.String(), used.String(), g.Held.Money.String(), left.String())
	}
	count := func(measure string, setting, live *int64, raised, used, held int64) {
		if live == nil {
			return
		}
		set, n := "", func(v int64) string { return strconv.FormatInt(v, 10) }
		if setting != nil {
			set = n(*setting)
		}
		row(measure, set, n(*live+raised), n(used), n(held), n(*live+raised-used-held))
	}
	count("seconds", setting.Seconds, live.Seconds, g.Raised.Seconds, g.Used.Seconds-g.Aside.Seconds, g.Held.Seconds)
	count("calls", setting.Calls, live.Calls, g.Raised.Calls, g.Used.Calls-g.Aside.Calls, g.Held.Calls)
	return nil
}
