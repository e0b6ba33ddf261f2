package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/cdr"
	"trunkline/console"
)

func newDeadCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "Legs that could not be rated",
		Long: `A leg that cannot be rated (its tariff or deck is not known, has no rate for the number, or its times make no sense) is
kept here with the reason and blocks the invoice of its period. Mend the cause, then retry it: it is priced as if it came
now, under its own identity, so it cannot be charged twice. Times that are impossible can be mended (trunkline dead mend); what nobody
is to be charged for is written off (trunkline dead write-off). Both keep the leg as it came, with the reason.`,
	}
	cmd.AddCommand(newDeadListCommand(), newDeadShowCommand(), newDeadRetryCommand(), newDeadMendCommand(), newDeadWriteOffCommand())
	return cmd
}

func newDeadListCommand() *cobra.Command {
	var f configFlags
	var filter console.DeadQuery
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "List them, the oldest first", Args: cobra.NoArgs,
		Example: "  trunkline dead list\n  trunkline dead list --tenant beauty --reason no_rate --format csv",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			dead, err := c.Dead(cmd.Context(), c.Who, filter)
			if err != nil {
				return err
			}
			return deadTable(dead).write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&filter.Tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&filter.Carrier, "carrier", "", "carrier")
	formatFlag(cmd, &format)
	cmd.Flags().StringVar(&filter.Reason, "reason", "", "reason, such as no_rate")
	cmd.Flags().IntVar(&filter.Limit, "limit", 100, "most rows")
	f.register(cmd)
	return cmd
}

func deadTable(dead []console.DeadLeg) *table {
	t := &table{columns: []string{"id", "died", "tenant", "carrier", "leg", "to", "reason", "detail"}, of: "legs"}
	for i := range dead {
		d := &dead[i]
		t.add(strconv.FormatInt(d.ID, 10), d.Failed.UTC().Format(time.RFC3339), d.Tenant, d.Carrier, d.Leg, d.To, d.Reason, d.Detail)
	}
	return t
}

func newDeadRetryCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "retry ID...", Short: "Price them again", Args: cobra.MinimumNArgs(1),
		Example: "  trunkline dead retry 17 18",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			ids, err := deadIDs(args)
			if err != nil {
				return err
			}
			left, err := c.RetryDead(cmd.Context(), c.Who, ids)
			if err != nil {
				return err
			}
			cmd.Printf("%d priced, %d still cannot be rated\n", len(ids)-left, left)
			if left > 0 {
				return withCode(exitPartial, fmt.Errorf("%d legs still cannot be rated: see `trunkline dead list`", left))
			}
			return nil
		}),
	}
	f.register(cmd)
	return cmd
}

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
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			ids, err := deadIDs(args)
			if err != nil {
				return err
			}
			m := console.Mending{Reason: reason}
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
			left, err := c.MendDead(cmd.Context(), c.Who, ids[0], m)
			if err != nil {
				return err
			}
			if left > 0 {
				return withCode(exitPartial, fmt.Errorf("it is mended and still cannot be rated: see `trunkline dead show %d`", ids[0]))
			}
			cmd.Printf("%d is mended and priced\n", ids[0])
			return nil
		}),
	}
	cmd.Flags().StringVar(&setup, "setup", "", "when the call began (RFC 3339)")
	cmd.Flags().StringVar(&connect, "connect", "", "when it was answered")
	cmd.Flags().StringVar(&disconnect, "disconnect", "", "when it ended")
	reasonFlag(cmd, &reason)
	f.register(cmd)
	return cmd
}

func newDeadWriteOffCommand() *cobra.Command {
	var f configFlags
	var reason string
	cmd := &cobra.Command{
		Use: "write-off ID... --reason WHY", Short: "Say that legs are never to be rated", Args: cobra.MinimumNArgs(1),
		Long: `Legs that are written off are charged to nobody, and no invoice waits for them any more. They are kept, with the reason and who did it. What is held for
their calls is given back like that of any call that is over.`,
		Example: "  trunkline dead write-off 17 18 --reason 'test calls of the integrator'",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			ids, err := deadIDs(args)
			if err != nil {
				return err
			}
			n, err := c.WriteOffDead(cmd.Context(), c.Who, ids, reason)
			if err != nil {
				return err
			}
			cmd.Printf("%d legs are written off\n", n)
			if n < len(ids) {
				return withCode(exitPartial, fmt.Errorf("%d did not wait: they were rated or written off before", len(ids)-n))
			}
			return nil
		}),
	}
	reasonFlag(cmd, &reason)
	f.register(cmd)
	return cmd
}

func newDeadShowCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "show ID", Short: "All that is known of one of them, and why it could not be rated", Args: cobra.ExactArgs(1),
		Example: "  trunkline dead show 17",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			ids, err := deadIDs(args)
			if err != nil {
				return err
			}
			leg, err := c.DeadLeg(cmd.Context(), c.Who, ids[0])
			if err != nil {
				return err
			}
			return showDead(cmd.OutOrStdout(), &leg)
		}),
	}
	f.register(cmd)
	return cmd
}

// messageShown bounds how much of a message that is no leg is shown.
const messageShown = 256

func showDead(out io.Writer, d *console.DeadLeg) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, value string) { fmt.Fprintf(w, "%s\t%s\n", name, dash(value)) }
	row("id", strconv.FormatInt(d.ID, 10))
	row("why", d.Reason+": "+d.Detail)
	row("died", d.Failed.Format(time.RFC3339))
	row("retries", strconv.Itoa(d.Retries))
	if d.Came == nil {
		row("message", hex.EncodeToString(d.Message[:min(len(d.Message), messageShown)]))
		return w.Flush()
	}
	showLeg(row, d.Came)
	return w.Flush()
}

func showLeg(row func(name, value string), l *cdr.Leg) {
	row("leg", l.ID())
	row("kind", l.Kind.String()+", "+l.Direction.String()+", from "+l.Source+" by "+l.Node)
	row("tenant", l.Tenant)
	row("branch", l.Branch)
	row("extension", l.Extension)
	row("tariff", l.Tariff)
	row("carrier", l.Carrier)
	row("gateway", l.Gateway)
	row("deck", l.Deck)
	row("from", l.From.String()+" ("+l.CallerID+")")
	row("to", l.To.String()+" (dialled "+l.Dialled+")")
	row("setup", till(l.Setup))
	row("connect", till(l.Connect))
	row("disconnect", till(l.Disconnect))
	row("duration", l.Duration().String())
	row("granted", l.Granted.String())
	row("status", strconv.Itoa(int(l.SIPStatus))+", cause "+strconv.Itoa(int(l.Cause))+", released by "+l.ReleasedBy.String())
	row("counts in", cdr.SlotOf(l).Format(time.RFC3339))
	row("trace", string(l.Trace))
	row("line", l.Raw)
}
