package main

import (
	"github.com/spf13/cobra"

	"trunkline/app/callfile"
	"trunkline/internal/money"
)

func newRateCommand() *cobra.Command {
	var o callfile.Order
	cmd := &cobra.Command{
		Use: "rate --tariff TARIFF.yaml|DECK.csv --calls CALLS.csv", Short: "Price the calls of a file by a tariff or a deck",
	}
	format := formatFlag(cmd, "csv", "table", "json")
	f := cmd.Flags()
	f.StringVar(&o.Tariff, "tariff", "", "tariff (.yaml) or deck (.csv, .xlsx)")
	f.StringVar(&o.Calls, "calls", "", "calls (.csv), or - for standard input")
	f.BoolVar(&o.Explain, "explain", false, "say how each price came about")
	f.IntVar(&o.Scale, "scale", money.AmountScale, "decimal places of amounts by a deck, 0 to 6; a tariff has its own")
	f.StringVar(&o.Rounding, "rounding", money.HalfUp.String(), "rounding of amounts by a deck; a tariff has its own")
	f.StringVar(&o.Currency, "currency", "", "currency of a deck that does not say it, for example EUR")
	f.StringVar(&o.Tax, "tax", "", "tell the tax on each call: percent, with days where it changes, for example 20,22@2026-01-01")
	f.BoolVar(&o.Inclusive, "tax-inclusive", false, "the prices contain the tax")
	f.StringVar(&o.Zone, "zone", "", "time zone of times that name none, for example Europe/Moscow")
	f.StringVar(&o.Since, "since", "", "when the contract began: allowances are prorated, end and roll over by it; a day in the tariff's time zone, or RFC 3339")
	required(cmd, "tariff", "calls")
	return bare(cmd, func(cmd *cobra.Command, _ []string) error {
		o.Format = *format
		return o.Run(cmd.Context(), cmd.OutOrStdout())
	})
}
