package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/store"
	"trunkline/credit"
	"trunkline/internal/clock"
	"trunkline/ledger"
)

func newLimitListCommand() *cobra.Command {
	var f configFlags
	var tenant, format string
	cmd := &cobra.Command{
		Use: "list --tenant ID", Short: "Caps as provisioned and as they stand, with what is used and held", Args: cobra.NoArgs,
		Long: `List shows every cap of a tenant, its branches and extensions: what the operator's file says (SETTING), what is in force now
(LIVE: set by hand, and raised), what was used in the present period and what is held for calls in progress. Blocks follow.`,
		Example: "  trunkline limit list --tenant beauty",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
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
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			account, err := tenantAccount(cmd.Context(), db, tenant)
			if err != nil {
				return err
			}
			state, err := db.Ledger.Limits(cmd.Context(), account)
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

func limitTable(ctx context.Context, db *store.Stores, id string) (*table, error) {
	snapshot, err := db.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	tenant, ok := snapshot.Tenant(id)
	if !ok {
		return nil, withCode(exitUsage, fmt.Errorf("there is no tenant %q", id))
	}
	limits, err := credit.StatusOf(ctx, db.Ledger, tenant, clock.System{}.Now())
	if err != nil {
		return nil, err
	}
	t := &table{columns: []string{"scope", "owner", "period", "measure", "setting", "live", "used", "held", "left"}, of: "limits and blocks"}
	for i := range limits {
		cells, err := limits[i].Cells()
		if err != nil {
			return nil, err
		}
		t.add(cells...)
	}
	state, err := db.Ledger.Limits(ctx, ledger.Tenant(tenant.ID, tenant.Currency))
	if err != nil {
		return nil, err
	}
	for _, b := range state.Blocks {
		t.add(string(b.Scope), b.Owner, "", "blocked", "", b.Reason, "", "", "")
	}
	return t, nil
}
