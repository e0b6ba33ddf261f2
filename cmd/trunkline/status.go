package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/console"
)

func newStatusCommand() *cobra.Command {
	var f configFlags
	format := "table"
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Engines, gateways, registered phones and calls in progress of the running process",
		Long: `Status asks the process that runs on the data folder how it is: its engines, the carriers' gateways with what locks them, how
many phones are registered, the oldest calls in progress, and how many legs wait for a price.

Exit status: 0 all parts work; 3 some part does not; 4 no process runs.`,
		Example: "  trunkline status\n  trunkline status --format json | jq .calls_in_progress",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := tableOrJSON(format); err != nil {
				return err
			}
			r, err := f.newRemote()
			if err != nil {
				return err
			}
			var o console.Overview
			if err := r.ask(cmd.Context(), http.MethodGet, "/api/v1/status", &o); err != nil {
				return err
			}
			if format == "json" {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(o)
			}
			return printStatus(cmd.OutOrStdout(), &o)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	f.register(cmd)
	return cmd
}

// callsPrinted is how many calls in progress are listed.
const callsPrinted = 20

func printStatus(out io.Writer, o *console.Overview) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	bad := 0
	for _, p := range o.Parts {
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, p.State, p.Detail)
		if !p.Healthy {
			bad++
		}
	}
	fmt.Fprintf(w, "phones\t%d registered\n", o.Phones)
	fmt.Fprintf(w, "unrated\t%d legs\t%s\n", o.Unrated, hint(o.Unrated > 0, "see `trunkline dead list`"))
	fmt.Fprintf(w, "\nGATEWAY\tCARRIER\tADDRESS\tCALLS\tSTATE\n")
	for _, g := range o.Gateways {
		state := "open"
		if g.Locked {
			state = "locked: " + g.Reason
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", g.ID, g.Carrier, g.Address, outOf(g.Calls, g.Max), state)
	}
	fmt.Fprintf(w, "\n%d calls in progress\n", o.Total)
	if len(o.Calls) > 0 {
		fmt.Fprintf(w, "CALL\tTENANT\tEXTENSION\tFROM\tTO\tBY\tSTATE\tTALK\tLEFT\n")
	}
	for i, c := range o.Calls {
		if i == callsPrinted {
			break
		}
		left := "no bound"
		if c.Remaining >= 0 {
			left = (time.Duration(c.Remaining) * time.Second).String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.ID, c.Tenant, c.Extension, c.From, c.To, c.Gateway, c.State,
			time.Duration(c.Seconds)*time.Second, left)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if bad > 0 {
		return withCode(exitPartial, fmt.Errorf("%d of %d parts do not work", bad, len(o.Parts)))
	}
	return nil
}

func hint(show bool, text string) string {
	if !show {
		return ""
	}
	return text
}

func outOf(n, most int) string {
	if most == 0 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d of %d", n, most)
}

func newSIPDropCommand() *cobra.Command {
	var f configFlags
	reason := "dropped"
	cmd := &cobra.Command{
		Use:     "drop CALL...",
		Short:   "End calls in progress",
		Long:    "Drop ends calls in progress, by the ids that `trunkline status` shows. The reason stands in their records.",
		Example: "  trunkline sip drop 01a20099-ccf6-7ce3-9ad3-d83497067c31 --reason fraud",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, calls []string) error {
			r, err := f.newRemote()
			if err != nil {
				return err
			}
			for _, call := range calls {
				path := "/api/v1/live-calls/" + url.PathEscape(call) + "?reason=" + url.QueryEscape(reason)
				if err := r.ask(cmd.Context(), http.MethodDelete, path, nil); err != nil {
					return fmt.Errorf("call %s: %w", call, err)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s ended\n", call)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", reason, "why, up to 60 characters")
	f.register(cmd)
	return cmd
}
