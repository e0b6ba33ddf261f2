package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
)

func newExchangeCommand() *cobra.Command {
	return group(&cobra.Command{Use: "exchange", Short: "Exchange rates: of central banks, of files, and when they were fetched"},
		newExchangeListCommand(), newExchangeFetchCommand(), newExchangeLogCommand())
}

func newExchangeFetchCommand() *cobra.Command {
	var private bool
	cmd := asking(&cobra.Command{
		Use: "fetch ADDRESS|FILE...", Aliases: []string{"import"}, Short: "Fetch rates now, from an address or a file", Args: cobra.MinimumNArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		for _, origin := range args {
			source, fresh, err := c.FetchRates(cmd.Context(), c.Who, origin, private)
			if say(cmd, err, "%s (%s): %d new rates\n", origin, source, fresh) != nil {
				return err
			}
		}
		return nil
	})
	cmd.Flags().BoolVar(&private, "allow-private", false, "addresses of this host and of private networks, too")
	return cmd
}

func newExchangeListCommand() *cobra.Command {
	var since time.Time
	var limit int
	cmd := listing(&cobra.Command{
		Use: "list", Short: "Rates that are kept, the newest first",
	}, terminal.ExchangeRates, func(ctx context.Context, c *app.Local, _ []string) ([]console.KeptRate, error) {
		return c.ExchangeRates(ctx, c.Who, since, limit)
	})
	momentVar(cmd.Flags(), &since, "since", "first day")
	cmd.Flags().IntVar(&limit, "limit", 1000, "most rows")
	return cmd
}

func newExchangeLogCommand() *cobra.Command {
	return listing(&cobra.Command{
		Use: "log", Short: "When rates were fetched, and what came of it",
	}, terminal.RateFetches, func(ctx context.Context, c *app.Local, _ []string) ([]console.RateFetch, error) {
		return c.RateFetches(ctx, c.Who, 200)
	})
}
