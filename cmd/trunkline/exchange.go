package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"trunkline/app"
)

func newExchangeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "exchange", Short: "Exchange rates: of central banks, of files, and when they were fetched",
		Long: `Exchange keeps dated exchange rates beside those of the operator's settings, which go before them. Rates of the European Central
Bank, of the Bank of Russia and of lists of one's own (from,to,rate,day) are understood by their content. "serve" and "api" fetch
those of exchange.sources when they are due. A rate that is kept is never changed.`,
	}
	cmd.AddCommand(newExchangeListCommand(), newExchangeFetchCommand(), newExchangeLogCommand())
	return cmd
}

func newExchangeFetchCommand() *cobra.Command {
	var f configFlags
	var private bool
	cmd := &cobra.Command{
		Use: "fetch ADDRESS|FILE...", Aliases: []string{"import"}, Short: "Fetch rates now, from an address or a file", Args: cobra.MinimumNArgs(1),
		Long: `Fetch keeps the rates of documents; it may be repeated. Addresses of this host and of private networks are refused without
--allow-private.

Exit status: 0 done; 2 a document is not understood; 4 a rate is kept already with another value; 1 anything else.`,
		Example: "  trunkline exchange fetch https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist-90d.xml\n  trunkline exchange fetch rates.csv",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			for _, origin := range args {
				source, fresh, err := c.FetchRates(cmd.Context(), c.Who, origin, private)
				if err != nil {
					return err
				}
				cmd.Printf("%s (%s): %d new rates\n", origin, source, fresh)
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&private, "allow-private", false, "addresses of this host and of private networks, too")
	f.register(cmd)
	return cmd
}

func newExchangeListCommand() *cobra.Command {
	var f configFlags
	var since, format string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "Rates that are kept, the newest first", Args: cobra.NoArgs,
		Example: "  trunkline exchange list --since 2026-11-01",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			from, err := parseMoment("since", since)
			if err != nil {
				return withCode(exitUsage, err)
			}
			list, err := c.ExchangeRates(cmd.Context(), c.Who, from, limit)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"day", "from", "to", "rate", "source"}, of: "rates"}
			for i := range list {
				r := &list[i]
				t.add(onDay(r.Since), r.From.String(), r.To.String(), r.Rate.String(), r.Source)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&since, "since", "", "first day")
	cmd.Flags().IntVar(&limit, "limit", 1000, "most rows")
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func newExchangeLogCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "log", Short: "When rates were fetched, and what came of it", Args: cobra.NoArgs, Example: "  trunkline exchange log",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			list, err := c.RateFetches(cmd.Context(), c.Who, 200)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"time", "origin", "source", "new_rates", "by", "failure"}, of: "fetches"}
			for i := range list {
				r := &list[i]
				t.add(till(r.At), r.Origin, r.Source, strconv.Itoa(r.Fresh), r.By, r.Failure)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}
