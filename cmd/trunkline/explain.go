package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/rating/worker"
)

func newExplainCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "explain CALL", Short: "Compute the price of a call again from what is stored, and show the lines that made it", Args: cobra.ExactArgs(1),
		Long: `Explain prices a call again, of today or of years ago: by the versions of tariff and deck that its records name, with what the price
depended on beside them (allowances, volume tiers, the carrier's rate of a cost-plus price), and says whether the same comes out, to the
last millionth. Nothing is changed. How the call was routed is told by "trunkline route --call".

Exit status: 0 all prices come out as they were charged; 3 one does not, or its version is not kept, which is said; 2 there is no such call.`,
		Example: "  trunkline explain 019a2000-13d4-7e00-b66d-332a7ad2600f\n  trunkline explain 019a2000-13d4-7e00-b66d-332a7ad2600f --format json",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			if err := tableOrJSON(format); err != nil {
				return err
			}
			call, err := c.Call(cmd.Context(), c.Who, args[0])
			if err != nil {
				return err
			}
			list := call.Explained
			if err := writeExplained(cmd.OutOrStdout(), format, list); err != nil {
				return err
			}
			for i := range list {
				if !list[i].Matches {
					return withCode(exitPartial, fmt.Errorf("leg %s: %s", list[i].Leg, list[i].Reason))
				}
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	f.register(cmd)
	return cmd
}

func writeExplained(out io.Writer, format string, list []worker.Explained) error {
	if format == "json" {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	for i := range list {
		e := &list[i]
		by := ""
		if e.Version != "" {
			by = " by " + e.Version
		}
		verdict := "the same comes out"
		if !e.Matches {
			verdict = "NOT THE SAME"
		}
		fmt.Fprintf(out, "%s: %s %s %s%s: %s\n", e.Leg, e.Side, e.Recorded, e.Currency, by, verdict)
		for _, s := range e.Steps {
			fmt.Fprintf(out, "  %s\n", s.Text)
		}
		if e.Reason != "" {
			fmt.Fprintf(out, "  %s\n", e.Reason)
		}
	}
	return nil
}
