package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/cdr"
	"trunkline/sql/postgres"
)

func newDeadShowCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "show ID", Short: "All that is known of one of them, and why it could not be rated", Args: cobra.ExactArgs(1),
		Example: "  trunkline dead show 17",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("%q is no id: take it from `trunkline dead list`", args[0]))
			}
			db, books, err := openBooks(cmd, &f)
			if err != nil {
				return err
			}
			defer db.Close(cmd.Context())
			dead, err := books.Dead(cmd.Context(), postgres.DeadFilter{IDs: []int64{id}})
			if err != nil {
				return err
			}
			if len(dead) == 0 {
				return withCode(exitUsage, fmt.Errorf("no unrated leg %d waits: it was rated meanwhile, or never was", id))
			}
			return showDead(cmd.OutOrStdout(), &dead[0])
		},
	}
	f.register(cmd)
	return cmd
}

// messageShown bounds how much of a message that is no leg is shown.
const messageShown = 256

func showDead(out io.Writer, d *postgres.DeadLeg) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, value string) { fmt.Fprintf(w, "%s\t%s\n", name, dash(value)) }
	row("id", strconv.FormatInt(d.ID, 10))
	row("why", d.Reason+": "+d.Detail)
	row("died", d.Died.Format(time.RFC3339))
	row("retries", strconv.Itoa(d.Retries))
	if d.Leg == nil {
		row("message", hex.EncodeToString(d.Message[:min(len(d.Message), messageShown)]))
		return w.Flush()
	}
	showLeg(row, d.Leg)
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
