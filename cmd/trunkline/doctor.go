package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/doctor"
	"trunkline/app/store"
	"trunkline/credit"
	"trunkline/internal/clock"
)

// doctorOptions are the flags of `trunkline doctor`.
type doctorOptions struct {
	config configFlags
	days   int
	watch  time.Duration
}

func newDoctorCommand() *cobra.Command {
	o := &doctorOptions{days: 62}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check that nothing was lost and nothing charged twice",
		Long: `Doctor compares, for every account, what the ledger posted for calls with what the rated calls in ClickHouse add up to, of the batches
that both have at one moment: calls that come in meanwhile make no difference. It compares the usage of issued invoices with the
ledger, batch with batch, and looks for calls that were answered and never recorded, legs that could not be rated, damaged files of
journal and spool, stores that went back in time, topics made anew, and proxies that are silent with money held.

With --watch it goes on, and prints when something changes. What it finds is also in the metrics trunkline_doctor_* of the worker.

Exit status: 0 all is well; 3 legs wait for a decision (trunkline dead list); 4 something is wrong, or an engine cannot be reached.`,
		Example: "  trunkline doctor\n  trunkline doctor --days 400\n  trunkline doctor --watch 1m\n  trunkline doctor close 17 --reason 'charged by hand, case 12'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.days < 1 || o.days > 4000 {
				return withCode(exitUsage, fmt.Errorf("--days %d: want 1 to 4000", o.days))
			}
			if o.watch != 0 && o.watch < time.Second {
				return withCode(exitUsage, fmt.Errorf("--watch %s: want a second or more", o.watch))
			}
			return o.run(cmd)
		},
	}
	cmd.Flags().IntVar(&o.days, "days", o.days, "how far back the sums are compared")
	cmd.Flags().DurationVar(&o.watch, "watch", 0, "look again and again, so often, until it is interrupted")
	o.config.register(cmd)
	cmd.AddCommand(newDoctorCloseCommand())
	return cmd
}

func newDoctorCloseCommand() *cobra.Command {
	var f configFlags
	var reason string
	cmd := &cobra.Command{
		Use: "close ID --reason WHY", Short: "Close an incident that was dealt with by hand", Args: cobra.ExactArgs(1),
		Example: "  trunkline doctor close 17 --reason 'charged by hand, case 12'",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("%q is no number of an incident, as `trunkline doctor` prints it", args[0]))
			}
			return c.CloseIncident(cmd.Context(), c.Who, id, reason)
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "what was done; it is kept")
	f.register(cmd)
	return cmd
}

func (o *doctorOptions) run(cmd *cobra.Command) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	set, log, err := o.config.quiet(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, set, store.Check, log)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	d, err := doctor.New(db, set.Data, time.Duration(o.days)*24*time.Hour)
	if err != nil {
		return err
	}
	if o.watch > 0 {
		return watchFindings(ctx, d, o.watch, out)
	}
	fmt.Fprintf(out, "ledger down   %s\n", credit.PolicyText(set.SIP.GraceCall, set.SIP.GraceTenant))
	if err := examineRelays(ctx, set, out); err != nil {
		return err
	}
	f, err := d.Look(ctx)
	if err != nil {
		return err
	}
	if err := f.Print(out); err != nil {
		return err
	}
	return f.Verdict()
}

// watchFindings looks again and again, and prints what it finds when it is something else than before.
func watchFindings(ctx context.Context, d *doctor.Doctor, every time.Duration, out io.Writer) error {
	last := "-"
	for ctx.Err() == nil {
		now := clock.System{}.Now().UTC().Format(time.RFC3339)
		f, err := d.Look(ctx)
		if err == nil {
			err = f.Verdict()
		}
		said := "all is well"
		if err != nil {
			said = err.Error()
		}
		if said != last && ctx.Err() == nil {
			fmt.Fprintf(out, "%s  %s\n", now, said)
			last = said
		}
		_ = clock.Sleep(ctx, clock.System{}, every) // It fails when ctx ends, which the loop sees.
	}
	return nil
}
