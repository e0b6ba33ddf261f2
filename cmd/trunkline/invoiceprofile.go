package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/reports/invoice"
	"trunkline/sql/postgres"
)

func newInvoiceProfileCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "profile", Short: "How tenants are invoiced: parties, tax, due days, language, numbers, sharing of fees, looks",
		Long: `A profile without a tenant is the operator's and holds for all; one with a tenant goes before it. docs/invoices.md explains
every field.`,
	}
	cmd.AddCommand(newProfileApplyCommand(), newProfileShowCommand())
	return cmd
}

func newProfileApplyCommand() *cobra.Command {
	var f configFlags
	var file string
	var correct bool
	cmd := &cobra.Command{
		Use: "apply -f FILE", Short: "Store the profiles of a YAML file, one document each", Args: cobra.NoArgs,
		Long: `Apply stores profiles. What is not invoiced yet is taxed by the tax of its day: a rate that changes is given with the day from
which it holds (tax.rates in docs/invoices.md). A file by which days that are past would be taxed otherwise is refused; with
--correct-tax it is taken, for a tax that was wrong from the beginning.

Exit status: 0 done; 2 the file is wrong; 4 the tax of days that are past would change.`,
		Example: "  trunkline invoice profile apply -f demo/billing.yaml",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			text, err := readInput(cmd, file)
			if err != nil {
				return err
			}
			profiles, err := invoice.ParseProfiles(text)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("%s: %w", file, err))
			}
			archive := postgres.NewInvoices(db.DB, clock.System{})
			if err := keepsTaxes(cmd.Context(), archive, profiles); err != nil && !correct {
				return err
			}
			for i := range profiles {
				if err := archive.PutProfile(cmd.Context(), profiles[i], operator()); err != nil {
					return err
				}
			}
			cmd.Printf("%d profiles\n", len(profiles))
			return nil
		}),
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "YAML file, or - for what is piped in")
	cmd.Flags().BoolVar(&correct, "correct-tax", false, "let the tax of days that are past change")
	_ = cmd.MarkFlagRequired("file") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}

// keepsTaxes refuses profiles by which days that are past would be taxed otherwise than by those that are stored.
func keepsTaxes(ctx context.Context, archive *postgres.Invoices, fresh []invoice.Profile) error {
	stored, err := archive.Profiles(ctx)
	if err != nil {
		return err
	}
	after := maps.Clone(stored)
	for i := range fresh {
		after[fresh[i].Tenant] = fresh[i]
	}
	today := clock.System{}.Now().UTC().Format(time.DateOnly)
	for _, tenant := range slices.Sorted(maps.Keys(after)) {
		_, known := stored[tenant]
		if _, house := stored[""]; !known && !house {
			continue // Nobody was taxed before.
		}
		day := after[tenant].Over(after[""]).Tax.Rewrites(stored[tenant].Over(stored[""]).Tax, today)
		if day != "" {
			return withCode(exitConflict, fmt.Errorf("profile of %q: the tax of days that are past would change, from %s on: give rates with since, or --correct-tax", tenant, day))
		}
	}
	return nil
}

func newProfileShowCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "show [TENANT]", Short: "Stored profiles, or what is in force for a tenant", Args: cobra.MaximumNArgs(1),
		Example: "  trunkline invoice profile show\n  trunkline invoice profile show beauty",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			profiles, err := postgres.NewInvoices(db.DB, clock.System{}).Profiles(cmd.Context())
			if err != nil {
				return err
			}
			list := make([]invoice.Profile, 0, len(profiles))
			for _, tenant := range slices.Sorted(maps.Keys(profiles)) {
				list = append(list, profiles[tenant])
			}
			if len(args) == 1 {
				list = []invoice.Profile{profiles[args[0]].Over(profiles[""])}
			}
			enc := yaml.NewEncoder(cmd.OutOrStdout())
			defer func() { _ = enc.Close() }()
			for i := range list {
				if err := enc.Encode(list[i]); err != nil {
					return err
				}
			}
			return nil
		}),
	}
	f.register(cmd)
	return cmd
}

func newInvoiceCounterCommand() *cobra.Command {
	var f configFlags
	var r invoice.Reading
	var at string
	cmd := &cobra.Command{
		Use: "counter TENANT COUNTER=VALUE...", Short: "Store what others count for a tenant: storage, recording, modules", Args: cobra.MinimumNArgs(2),
		Long: `Counter stores readings that fees are reckoned by: storage_mb, recorded_extensions, module_crm and the like say where they
stand; those that end in _seconds, _minutes, _hours, _calls or _amount are added up over the period. With --branch the fee is
shared out by the branches' readings. The same reading may be stored again.`,
		Example: "  trunkline invoice counter beauty storage_mb=1250 --branch moscow\n  trunkline invoice counter beauty recorded_minutes=310 --at 2026-10-15",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			list, err := readings(args[1:], r, args[0], at)
			if err != nil {
				return withCode(exitUsage, err)
			}
			if err := postgres.NewInvoices(db.DB, clock.System{}).PutReadings(cmd.Context(), list); err != nil {
				return err
			}
			cmd.Printf("%d readings\n", len(list))
			return nil
		}),
	}
	cmd.Flags().StringVar(&r.Branch, "branch", "", "branch that it was counted in")
	cmd.Flags().StringVar(&at, "at", "", "day or moment; now if empty")
	f.register(cmd)
	return cmd
}

func readings(args []string, r invoice.Reading, tenant, at string) ([]invoice.Reading, error) {
	var err error
	if r.At, err = parseMoment("at", at); err != nil {
		return nil, err
	}
	if r.At.IsZero() {
		r.At = clock.System{}.Now()
	}
	r.Tenant = tenant
	var out []invoice.Reading
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q: want a counter and its value, such as storage_mb=1250", arg)
		}
		if r.Value, err = strconv.ParseInt(value, 10, 64); err != nil || r.Value < 0 {
			return nil, errors.Join(fmt.Errorf("%q: want a whole number that is not negative", arg), err)
		}
		r.Counter = name
		out = append(out, r)
	}
	return out, nil
}
