package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/provision"
)

func newPeriodCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "period", Short: "Closed months: nothing is posted in them any more",
		Long: `A closed period takes no posting: entries by hand that are dated in it are refused, and calls of it that come late count at the
beginning of what is open, marked as late. Close a month before its invoices are made. Calls that could not be rated keep
their period from being closed.`,
	}
	cmd.AddCommand(newPeriodListCommand(), newPeriodCloseCommand(), newPeriodOpenCommand())
	return cmd
}

// accountOptions are the flags that name an account.
type accountOptions struct {
	tenant, carrier string
	config          configFlags
}

func (o *accountOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&o.carrier, "carrier", "", "or carrier")
	o.config.register(cmd)
}

// accounts are those that are named, with their time zones; all where none is.
func (o *accountOptions) accounts(s *provision.Snapshot) (map[ledger.Account]*time.Location, error) {
	out := make(map[ledger.Account]*time.Location)
	all := o.tenant == "" && o.carrier == ""
	operator := s.Operator()
	for i := range operator.Tenants {
		t := &operator.Tenants[i]
		if !all && t.ID != o.tenant {
			continue
		}
		zone, err := time.LoadLocation(t.TimeZone)
		if err != nil {
			return nil, err
		}
		out[ledger.Tenant(t.ID, t.Currency)] = zone
	}
	for i := range operator.Carriers {
		if c := &operator.Carriers[i]; all || c.ID == o.carrier {
			out[ledger.Carrier(c.ID, c.Currency)] = time.UTC
		}
	}
	if len(out) == 0 {
		return nil, withCode(exitUsage, fmt.Errorf("there is no tenant %q and no carrier %q", o.tenant, o.carrier))
	}
	return out, nil
}

// account is the one that is named.
func (o *accountOptions) account(ctx context.Context, db *store.Stores) (ledger.Account, error) {
	if (o.tenant == "") == (o.carrier == "") {
		return ledger.Account{}, withCode(exitUsage, errors.New("give --tenant or --carrier"))
	}
	snapshot, err := db.Snapshot(ctx)
	if err != nil {
		return ledger.Account{}, err
	}
	accounts, err := o.accounts(snapshot)
	for account := range accounts {
		return account, err
	}
	return ledger.Account{}, err
}

func newPeriodListCommand() *cobra.Command {
	o := &accountOptions{}
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "Up to when the books are closed; of one tenant or carrier what was closed and opened", Args: cobra.NoArgs,
		Example: "  trunkline period list\n  trunkline period list --tenant beauty",
		RunE: onStores(&o.config, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			t, err := o.closings(cmd.Context(), db)
			if err != nil {
				return err
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	o.register(cmd)
	formatFlag(cmd, &format)
	return cmd
}

func (o *accountOptions) closings(ctx context.Context, db *store.Stores) (*table, error) {
	if o.tenant != "" || o.carrier != "" {
		account, err := o.account(ctx, db)
		if err != nil {
			return nil, err
		}
		log, err := db.Ledger.Closings(ctx, account)
		t := &table{columns: []string{"time", "account", "before", "closed_till", "reason", "by"}, of: "changes"}
		for _, c := range log {
			t.add(c.At.Format(time.RFC3339), c.Account.String(), till(c.Before), till(c.Till), c.Reason, c.By)
		}
		return t, err
	}
	t := &table{columns: []string{"account", "closed_till"}, of: "accounts"}
	for _, kind := range []ledger.Kind{ledger.TenantAccount, ledger.CarrierAccount} {
		states, err := db.Ledger.States(ctx, kind)
		if err != nil {
			return nil, err
		}
		for i := range states {
			t.add(states[i].String(), till(states[i].ClosedTill))
		}
	}
	return t, nil
}

func newPeriodCloseCommand() *cobra.Command {
	o := &accountOptions{}
	var month, reason string
	cmd := &cobra.Command{
		Use: "close --month M --reason WHY", Short: "Close a month and all before it, of one tenant or carrier, or of all", Args: cobra.NoArgs,
		Long: `Close closes the month in the calendar of each tenant; of carriers it is that of UTC. It may be repeated.

Exit status: 0 done; 2 an option is wrong; 4 the month is not over, or calls of it could not be rated yet.`,
		Example: "  trunkline period close --month 2026-10 --reason 'invoices of October'",
		RunE: onStores(&o.config, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			first, err := time.Parse(monthFormat, month)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("--month %q: want a month such as 2026-10", month))
			}
			return o.closeTill(cmd, db, reason, func(zone *time.Location) time.Time {
				_, end := ledger.Month.Bounds(time.Date(first.Year(), first.Month(), 15, 12, 0, 0, 0, zone), zone)
				return end.UTC()
			})
		}),
	}
	cmd.Flags().StringVar(&month, "month", "", "the last month that is closed")
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is logged")
	for _, name := range []string{"month", "reason"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	o.register(cmd)
	return cmd
}

func newPeriodOpenCommand() *cobra.Command {
	o := &accountOptions{}
	var from, reason string
	cmd := &cobra.Command{
		Use: "open --from M --reason WHY", Short: "Open a month and all after it again", Args: cobra.NoArgs,
		Long: `Open takes a closing back, for a tenant or carrier. A month that an invoice stands for is not opened, so that neither calls nor
sums move away from a document that was issued: credit it as a whole, open the month, put right what was wrong, and issue it
again with 'trunkline invoice run --reissue'.

Exit status: 0 done; 2 an option is wrong; 4 an invoice stands for it.`,
		Example: "  trunkline period open --tenant beauty --from 2026-10 --reason 'deck of October was wrong, see case 31'",
		RunE: onStores(&o.config, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			first, err := time.Parse(monthFormat, from)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("--from %q: want a month such as 2026-10", from))
			}
			if o.tenant == "" && o.carrier == "" {
				return withCode(exitUsage, errors.New("give --tenant or --carrier"))
			}
			return o.closeTill(cmd, db, reason, func(zone *time.Location) time.Time {
				return ledger.Month.Start(time.Date(first.Year(), first.Month(), 15, 12, 0, 0, 0, zone), zone).UTC()
			})
		}),
	}
	cmd.Flags().StringVar(&from, "from", "", "the first month that is opened")
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is logged")
	for _, name := range []string{"from", "reason"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	o.register(cmd)
	return cmd
}

func (o *accountOptions) closeTill(cmd *cobra.Command, db *store.Stores, reason string, at func(*time.Location) time.Time) error {
	ctx := cmd.Context()
	snapshot, err := db.Snapshot(ctx)
	if err != nil {
		return err
	}
	accounts, err := o.accounts(snapshot)
	if err != nil {
		return err
	}
	now := clock.System{}.Now()
	var failed error
	for account, zone := range accounts {
		c := ledger.Closing{Account: account, Till: at(zone), Reason: reason, By: operator()}
		if c.Till.After(now) {
			return withCode(exitConflict, fmt.Errorf("%w: it is over at %s", ledger.ErrClosing, till(c.Till)))
		}
		done, err := db.Ledger.Close(ctx, c)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		cmd.Printf("%s: closed till %s, before till %s\n", account, dash(till(done.Till)), dash(till(done.Before)))
	}
	if errors.Is(failed, ledger.ErrClosing) || errors.Is(failed, ledger.ErrInvoiced) {
		return withCode(exitConflict, failed)
	}
	return failed
}
