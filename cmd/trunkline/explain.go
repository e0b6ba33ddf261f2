package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/provision"
)

func newExplainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "explain CALL", Short: "Compute the price of a call again from what is stored, and show the lines that made it", Args: cobra.ExactArgs(1),
	}
	format := formatFlag(cmd, "table", "json")
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, args []string) error {
		call, err := c.Call(cmd.Context(), c.Who, args[0])
		if err != nil {
			return err
		}
		if err := terminal.Explained(cmd.OutOrStdout(), call.Explained, *format); err != nil {
			return err
		}
		for i := range call.Explained {
			if e := &call.Explained[i]; !e.Matches {
				return withCode(exitPartial, fmt.Errorf("leg %s: %s", e.Leg, e.Reason))
			}
		}
		return nil
	})
}

func newHistoryCommand() *cobra.Command {
	var at time.Time
	var revision int64
	cmd := &cobra.Command{
		Use: "history KIND ID", Short: "How a route plan, dial plan, client or other object was set up, and when it was changed by whom", Args: cobra.ExactArgs(2),
	}
	format := formatFlag(cmd, "table", "csv", "json")
	momentVar(cmd.Flags(), &at, "at", "print it as it was set up at a day or moment, UTC")
	cmd.Flags().Int64Var(&revision, "revision", 0, "print it as it was set up by a revision of the whole")
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, args []string) error {
		list, err := c.ObjectHistory(cmd.Context(), c.Who, provision.Kind(strings.ReplaceAll(args[0], "-", "_")), args[1])
		if err != nil {
			return err
		}
		if at.IsZero() && revision == 0 {
			return terminal.History(list).Write(cmd.OutOrStdout(), *format)
		}
		then := console.SetUpThen(list, at, revision)
		if then == nil {
			return withCode(exitUsage, errors.New("it was not there then"))
		}
		return terminal.ObjectThen(cmd.OutOrStdout(), then)
	})
}
