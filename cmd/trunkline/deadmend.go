package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/rerate"
	"trunkline/sql/postgres"
)

func deadIDs(args []string) ([]int64, error) {
	ids := make([]int64, 0, len(args))
	for _, a := range args {
		id, err := strconv.ParseInt(a, 10, 64)
		if err != nil {
			return nil, withCode(exitUsage, fmt.Errorf("%q is no id: take it from `trunkline dead list`", a))
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// deadTime is a flag with a moment.
func deadTime(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, withCode(exitUsage, fmt.Errorf("--%s %q: write a moment like 2026-11-30T14:05:00Z", name, text))
	}
	return at.UTC(), nil
}

func newDeadMendCommand() *cobra.Command {
	var f configFlags
	var setup, connect, disconnect, reason string
	cmd := &cobra.Command{
		Use: "mend ID --reason WHY", Short: "Give a leg other times, where its own are impossible, and price it", Args: cobra.ExactArgs(1),
		Long: `A leg whose times make no sense (bad_times: the clock of its proxy or PBX was wrong) can be given those that are right, from a carrier's record or from
what is known of the clock. A time that is not given stays as it is. The leg as it came is kept, with the reason and who did it.`,
		Example: "  trunkline dead mend 17 --connect 2026-11-30T14:05:08Z --disconnect 2026-11-30T14:09:12Z --reason 'the clock of pbx-3 was two minutes behind'",
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := deadIDs(args)
			if err != nil {
				return err
			}
			m := postgres.Mending{ID: ids[0], Reason: reason, By: operator()}
			var faults []error
			for name, t := range map[string]struct {
				text string
				to   *time.Time
			}{"setup": {setup, &m.Setup}, "connect": {connect, &m.Connect}, "disconnect": {disconnect, &m.Disconnect}} {
				at, err := deadTime(name, t.text)
				*t.to = at
				faults = append(faults, err)
			}
			if err := errors.Join(faults...); err != nil {
				return err
			}
			if m.Setup.IsZero() && m.Connect.IsZero() && m.Disconnect.IsZero() {
				return withCode(exitUsage, errors.New("give --setup, --connect or --disconnect"))
			}
			return mendDead(cmd, &f, m)
		},
	}
	cmd.Flags().StringVar(&setup, "setup", "", "when the call began (RFC 3339)")
	cmd.Flags().StringVar(&connect, "connect", "", "when it was answered")
	cmd.Flags().StringVar(&disconnect, "disconnect", "", "when it ended")
	reasonFlag(cmd, &reason)
	f.register(cmd)
	return cmd
}

func mendDead(cmd *cobra.Command, f *configFlags, m postgres.Mending) (err error) {
	db, books, err := openBooks(cmd, f)
	if err != nil {
		return err
	}
	defer func() { err = endStores(db, cmd, []string{strconv.FormatInt(m.ID, 10)}, err) }()
	err = books.Mend(cmd.Context(), m)
	if errors.Is(err, postgres.ErrMend) || errors.Is(err, postgres.ErrNoDead) {
		return withCode(exitUsage, err)
	}
	if err != nil {
		return err
	}
	left, err := rerate.RetryUnrated(cmd.Context(), db, books, []int64{m.ID})
	if err != nil {
		return err
	}
	if left > 0 {
		return withCode(exitPartial, fmt.Errorf("it is mended and still cannot be rated: see `trunkline dead show %d`", m.ID))
	}
	cmd.Printf("%d is mended and priced\n", m.ID)
	return nil
}

func newDeadWriteOffCommand() *cobra.Command {
	var f configFlags
	var reason string
	cmd := &cobra.Command{
		Use: "write-off ID... --reason WHY", Short: "Say that legs are never to be rated", Args: cobra.MinimumNArgs(1),
		Long: `Legs that are written off are charged to nobody, and no invoice waits for them any more. They are kept, with the reason and who did it. What is held for
their calls is given back like that of any call that is over.`,
		Example: "  trunkline dead write-off 17 18 --reason 'test calls of the integrator'",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			ids, err := deadIDs(args)
			if err != nil {
				return err
			}
			db, books, err := openBooks(cmd, &f)
			if err != nil {
				return err
			}
			defer func() { err = endStores(db, cmd, args, err) }()
			n, err := books.WriteOff(cmd.Context(), ids, reason, operator())
			if err != nil {
				return err
			}
			cmd.Printf("%d legs are written off\n", n)
			if n < len(ids) {
				return withCode(exitPartial, fmt.Errorf("%d did not wait: they were rated or written off before", len(ids)-n))
			}
			return nil
		},
	}
	reasonFlag(cmd, &reason)
	f.register(cmd)
	return cmd
}
