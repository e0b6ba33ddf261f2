package main

import (
	"github.com/spf13/cobra"

	"trunkline/app/callfile"
	"trunkline/internal/money"
)

const rateLong = `Rate prices the calls of a file by a tariff or by a deck, without any engine running.

--tariff takes a tariff (.yaml, .yml; see rating/README.md) or a deck (.csv, .xlsx). The header of a deck is
  prefix,destination,rate,connect_fee,initial,next,effective_from,effective_to
with the rate per minute. A column that is missing has its default: connect_fee 0, initial and next 60 (60/60), no dates
(in force since ever and for ever). Optional columns: currency, min_charge, grace (seconds; a call shorter costs nothing),
attempt_fee, origin, blocked. effective_to is the moment at which a rate ends; a line without one ends where the next line
of its prefix begins. Delimiter, encoding and decimal sign are guessed.

--calls takes a CSV with the header
  id,from,to,connect_time,duration
numbers in E.164 with +, 00 or neither in front; times in RFC 3339, or such as 2026-11-02 10:00:00 in the time zone of --zone;
seconds with or without decimals; optional columns: direction
(outbound, inbound, forwarded, internal), extension, branch, on_net. A duration of 0 is a call that was not answered.

Calls are priced in the order of connect_time, so allowances and volume tiers are used up in that order; they are printed
in the order of the file. --since says when the contract began, which allowances that are prorated, end after some days or roll over
go by; without it the client was always there. With --tax the columns tax and gross follow; an invoice reckons the tax on its sum, which may differ by coins.
Amounts are plain decimals with the tariff's number of places (--scale for a deck). A call that
cannot be rated has an empty total and its reason in the note, and the exit status is 3.

Exit status: 0 all calls are rated; 2 a file or an option is wrong; 3 some calls could not be rated; 1 anything else.`

func newRateCommand() *cobra.Command {
	var o callfile.Order
	cmd := &cobra.Command{
		Use: "rate --tariff TARIFF.yaml|DECK.csv --calls CALLS.csv", Short: "Price the calls of a file by a tariff or a deck",
		Long: rateLong,
		Example: "  trunkline rate --tariff demo/tariffs/zadarma-office.yaml --calls calls.csv\n" +
			"  trunkline rate --tariff deck.csv --calls calls.csv --format table --explain",
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
