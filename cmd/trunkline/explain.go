package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"trunkline/app/store"
	"trunkline/cdr"
	"trunkline/console"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/worker"
	"trunkline/sql/clickhouse"
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
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			if err := tableOrJSON(format); err != nil {
				return err
			}
			list, err := explainCall(cmd.Context(), db, args[0])
			if err != nil {
				return err
			}
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

func explainCall(ctx context.Context, db *store.Stores, call string) ([]worker.Explained, error) {
	id, err := cdr.ParseCallID(call)
	if err != nil {
		return nil, withCode(exitUsage, fmt.Errorf("%q is no id of a call: %w", call, err))
	}
	records, err := db.Records.Records(ctx, clickhouse.Filter{Call: id})
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, withCode(exitUsage, fmt.Errorf("there is no call %s among the rated ones: a call is there some seconds after its end", id))
	}
	snapshot, err := db.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return explainRecords(ctx, snapshot, records)
}

// explainRecords computes the records of a call again, those that were reversed left out.
func explainRecords(ctx context.Context, s *provision.Snapshot, records []cdr.Record) ([]worker.Explained, error) {
	recall := func(ctx context.Context, leg *cdr.Leg, label string) (*rating.Tariff, bool, error) {
		return console.Recall(ctx, s, leg, label)
	}
	var out []worker.Explained
	for i := len(records) - 1; i >= 0; i-- { // The newest come first.
		if records[i].Sign < 0 {
			continue
		}
		e, err := worker.Explain(ctx, &records[i], recall)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
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
