package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
)

func newLimitCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "limit", Short: "Caps on spending as they stand, and what is changed about them while calls run",
		Long: `Limit shows the caps of a tenant, its branches and extensions with what is used, and changes them at once: the next
reservation sees it, and calls in progress ask again within a second. What is set here goes before what the operator's file
says, until it is cleared. Every change needs a reason and is logged.

A cap that is new for a day, week or month counts the calls that begin from now on. A lowered cap takes nothing back from calls
in progress that they were granted; block ends them.`,
	}
	cmd.AddCommand(newLimitListCommand(), newLimitSetCommand(), newLimitRaiseCommand(), newLimitResetCommand(),
		newBlockCommand("block", true, "Let a branch, an extension or a destination spend nothing; calls in progress end"),
		newBlockCommand("unblock", false, "Let it spend again"), newLimitLogCommand())
	return cmd
}

// limitOptions are the flags of the commands that change limits.
type limitOptions struct {
	tenant, branch, extension, destination string
	period, reason                         string
	amount                                 string
	seconds, calls                         int64
	config                                 configFlags
}

// who registers the flags that say whose limit it is, and why.
func (o *limitOptions) who(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.tenant, "tenant", "", "tenant")
	f.StringVar(&o.branch, "branch", "", "of this branch")
	f.StringVar(&o.extension, "extension", "", "of this extension")
	f.StringVar(&o.reason, "reason", "", "why; it is logged")
	for _, name := range []string{"tenant", "reason"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	o.config.register(cmd)
}

func (o *limitOptions) when(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.period, "period", "", "day, week or month, in the tenant's calendar")
	_ = cmd.MarkFlagRequired("period") // It fails only for a flag that does not exist.
}

func (o *limitOptions) what(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.amount, "money", "", "money, in the currency of the account")
	f.Int64Var(&o.seconds, "seconds", -1, "billed seconds")
	f.Int64Var(&o.calls, "calls", -1, "answered calls")
}

// caps are those that were given.
func (o *limitOptions) caps() (ledger.Caps, error) {
	var c ledger.Caps
	if o.amount != "" {
		amount, err := money.ParseAmount(o.amount)
		if err != nil {
			return c, withCode(exitUsage, fmt.Errorf("--money: %w", err))
		}
		c.Money = &amount
	}
	if o.seconds >= 0 {
		c.Seconds = &o.seconds
	}
	if o.calls >= 0 {
		c.Calls = &o.calls
	}
	return c, nil
}

// target finds whose limit is meant among what is provisioned.
func (o *limitOptions) target(s *provision.Snapshot) (ledger.Target, *provision.Tenant, error) {
	t, ok := s.Tenant(o.tenant)
	if !ok {
		return ledger.Target{}, nil, withCode(exitUsage, fmt.Errorf("there is no tenant %q", o.tenant))
	}
	target := ledger.Target{Account: ledger.Tenant(t.ID, t.Currency), Scope: ledger.TenantScope, Reason: o.reason, By: operator()}
	given := 0
	for _, c := range []struct {
		scope ledger.Scope
		owner string
		known bool
	}{
		{ledger.BranchScope, o.branch, second(s.Branch(t.ID, o.branch))},
		{ledger.ExtensionScope, o.extension, second(s.Extension(t.ID, o.extension))},
		{ledger.DestinationScope, o.destination, true},
	} {
		if c.owner == "" {
			continue
		}
		if !c.known {
			return target, t, withCode(exitUsage, fmt.Errorf("tenant %s has no %s %q", t.ID, c.scope, c.owner))
		}
		given++
		target.Scope, target.Owner = c.scope, c.owner
	}
	if given > 1 {
		return target, t, withCode(exitUsage, errors.New("give one of --branch, --extension and --destination"))
	}
	return target, t, nil
}

func second[T any](_ T, ok bool) bool { return ok }

// change does something to the limit that the flags name, and says that it was done.
func (o *limitOptions) change(do func(ctx context.Context, db *store.Stores, t ledger.Target, tenant *provision.Tenant) error) func(*cobra.Command, []string) error {
	return onStores(&o.config, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
		snapshot, err := db.Snapshot(cmd.Context())
		if err != nil {
			return err
		}
		target, tenant, err := o.target(snapshot)
		if err != nil {
			return err
		}
		err = do(cmd.Context(), db, target, tenant)
		switch {
		case errors.Is(err, ledger.ErrLimit), errors.Is(err, ledger.ErrPeriod):
			return withCode(exitUsage, err)
		case errors.Is(err, ledger.ErrNoAccount):
			return withCode(exitConflict, err)
		case err != nil:
			return err
		}
		cmd.Printf("%s: done, in force\n", strings.TrimSpace(fmt.Sprintf("%s %s %s", target.Account, target.Scope, target.Owner)))
		return nil
	})
}

func newLimitSetCommand() *cobra.Command {
	o := &limitOptions{}
	forget := false
	cmd := &cobra.Command{
		Use: "set --tenant ID --period P --reason WHY", Short: "Set a cap, or with --clear go back to the operator's file", Args: cobra.NoArgs,
		Example: "  trunkline limit set --tenant beauty --extension 101 --period day --money 500 --reason 'case 12'\n" +
			"  trunkline limit set --tenant beauty --extension 101 --period day --clear --reason 'case 12 closed'",
		RunE: o.change(func(ctx context.Context, db *store.Stores, t ledger.Target, _ *provision.Tenant) error {
			period, err := ledger.ParsePeriod(o.period)
			if err != nil {
				return err
			}
			caps, err := o.caps()
			if err != nil {
				return err
			}
			if caps.IsZero() != forget {
				return fmt.Errorf("%w: give --money, --seconds or --calls, or else --clear", ledger.ErrLimit)
			}
			return db.Ledger.SetLimit(ctx, t, period, caps)
		}),
	}
	o.who(cmd)
	o.when(cmd)
	o.what(cmd)
	cmd.Flags().BoolVar(&forget, "clear", false, "forget what was set by hand")
	return cmd
}

// counter is that of the present period.
func (o *limitOptions) counter(t ledger.Target, tenant *provision.Tenant) (ledger.Counter, error) {
	period, err := ledger.ParsePeriod(o.period)
	if err != nil {
		return ledger.Counter{}, err
	}
	zone, err := time.LoadLocation(tenant.TimeZone)
	if err != nil {
		return ledger.Counter{}, err
	}
	l := ledger.Limit{Scope: t.Scope, Owner: t.Owner, Period: period}
	return l.Counter(t.Account, clock.System{}.Now(), zone), nil
}

func newLimitRaiseCommand() *cobra.Command {
	o := &limitOptions{}
	cmd := &cobra.Command{
		Use: "raise --tenant ID --period P --reason WHY", Short: "Add to a cap for the present day, week or month only", Args: cobra.NoArgs,
		Example: "  trunkline limit raise --tenant beauty --branch moscow --period day --money 200 --reason 'asked for by phone'",
		RunE: o.change(func(ctx context.Context, db *store.Stores, t ledger.Target, tenant *provision.Tenant) error {
			counter, err := o.counter(t, tenant)
			if err != nil {
				return err
			}
			caps, err := o.caps()
			if err != nil {
				return err
			}
			var by ledger.Use
			if caps.Money != nil {
				by.Money = *caps.Money
			}
			by.Seconds, by.Calls = max(0, o.seconds), max(0, o.calls)
			return db.Ledger.RaiseLimit(ctx, t, counter, by)
		}),
	}
	o.who(cmd)
	o.when(cmd)
	o.what(cmd)
	return cmd
}

func newLimitResetCommand() *cobra.Command {
	o := &limitOptions{}
	cmd := &cobra.Command{
		Use: "reset --tenant ID --period P --reason WHY", Short: "Let the present day, week or month count from zero again", Args: cobra.NoArgs,
		Example: "  trunkline limit reset --tenant beauty --period month --reason 'fraud was refunded'",
		RunE: o.change(func(ctx context.Context, db *store.Stores, t ledger.Target, tenant *provision.Tenant) error {
			counter, err := o.counter(t, tenant)
			if err != nil {
				return err
			}
			return db.Ledger.ResetLimit(ctx, t, counter)
		}),
	}
	o.who(cmd)
	o.when(cmd)
	return cmd
}

func newBlockCommand(use string, blocked bool, short string) *cobra.Command {
	o := &limitOptions{}
	cmd := &cobra.Command{
		Use: use + " --tenant ID --reason WHY", Short: short, Args: cobra.NoArgs,
		Long: "Of a whole tenant, `trunkline account suspend` does the same. Calls that cost nothing, and emergency calls, are not touched.",
		Example: "  trunkline limit " + use + " --tenant beauty --extension 101 --reason 'stolen phone'\n" +
			"  trunkline limit " + use + " --tenant beauty --destination 882 --reason fraud",
		RunE: o.change(func(ctx context.Context, db *store.Stores, t ledger.Target, _ *provision.Tenant) error {
			return db.Ledger.Block(ctx, t, blocked)
		}),
	}
	o.who(cmd)
	cmd.Flags().StringVar(&o.destination, "destination", "", "numbers that begin so, with country code")
	return cmd
}
