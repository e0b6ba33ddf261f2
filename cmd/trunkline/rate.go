package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/callfile"
	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// Tariffs name time zones, and a bare machine has no table of them.

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

// rateOptions are the flags of `trunkline rate`.
type rateOptions struct {
	tariff    string
	calls     string
	format    string
	explain   bool
	scale     int
	rounding  string
	currency  string
	zone      string
	since     string
	tax       string
	inclusive bool
}

func newRateCommand() *cobra.Command {
	var o rateOptions
	cmd := &cobra.Command{
		Use:   "rate --tariff TARIFF.yaml|DECK.csv --calls CALLS.csv",
		Short: "Price the calls of a file by a tariff or a deck",
		Long:  rateLong,
		Example: "  trunkline rate --tariff demo/tariffs/zadarma-office.yaml --calls calls.csv\n" +
			"  trunkline rate --tariff deck.csv --calls calls.csv --format table --explain",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	f.StringVar(&o.tariff, "tariff", "", "tariff (.yaml) or deck (.csv, .xlsx)")
	f.StringVar(&o.calls, "calls", "", "calls (.csv), or - for standard input")
	f.StringVar(&o.format, "format", "csv", "csv, table or json")
	f.BoolVar(&o.explain, "explain", false, "say how each price came about")
	f.IntVar(&o.scale, "scale", money.AmountScale, "decimal places of amounts by a deck, 0 to 6; a tariff has its own")
	f.StringVar(&o.rounding, "rounding", money.HalfUp.String(), "rounding of amounts by a deck; a tariff has its own")
	f.StringVar(&o.currency, "currency", "", "currency of a deck that does not say it, for example EUR")
	f.StringVar(&o.tax, "tax", "", "tell the tax on each call: percent, with days where it changes, for example 20,22@2026-01-01")
	f.BoolVar(&o.inclusive, "tax-inclusive", false, "the prices contain the tax")
	f.StringVar(&o.zone, "zone", "", "time zone of times that name none, for example Europe/Moscow")
	f.StringVar(&o.since, "since", "", "when the contract began: allowances are prorated, end and roll over by it; a day in the tariff's time zone, or RFC 3339")
	_ = cmd.MarkFlagRequired("tariff") // It fails only for a flag that does not exist.
	_ = cmd.MarkFlagRequired("calls")
	return cmd
}

// run prices the calls and prints them.
func (o *rateOptions) run(ctx context.Context, out io.Writer) error {
	if !slices.Contains([]string{"csv", "table", "json"}, o.format) {
		return withCode(exitUsage, fmt.Errorf("--format %q: want csv, table or json", o.format))
	}
	tariff, err := o.loadTariff(ctx)
	if err != nil {
		return withCode(exitUsage, err)
	}
	zone, err := o.timeZone()
	if err != nil {
		return withCode(exitUsage, err)
	}
	tax, err := callfile.ParseTax(o.tax, o.inclusive, zone)
	if err != nil {
		return withCode(exitUsage, err)
	}
	calls, err := callfile.Read(o.calls, zone)
	if err != nil {
		return withCode(exitUsage, err)
	}
	since, err := parseSince(o.since, tariff)
	if err != nil {
		return withCode(exitUsage, err)
	}
	for i := range calls {
		calls[i].Call.Since = since
	}
	rated, failed := callfile.Rate(tariff, calls, o.explain)
	columns := callfile.Columns{Explain: o.explain, Tax: tax != nil}
	if err := tax.Add(rated); err != nil {
		return err
	}
	if err := callfile.Write(out, o.format, rated, columns); err != nil {
		return err
	}
	if failed > 0 {
		return withCode(exitPartial, fmt.Errorf("%d of %d calls could not be rated: see their notes", failed, len(calls)))
	}
	return nil
}

// parseSince reads when a contract began; a day is its midnight in the tariff's time zone.
func parseSince(text string, tariff *rating.Tariff) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--since %q: want a day such as 2026-09-15, or a moment such as 2026-09-15T00:00:00+02:00", text)
	}
	return tariff.Midnight(day.Date()), nil
}

// loadTariff reads a tariff or a deck, by the name of the file.
func (o *rateOptions) loadTariff(ctx context.Context) (*rating.Tariff, error) {
	switch strings.ToLower(filepath.Ext(o.tariff)) {
	case ".yaml", ".yml":
		return deckfile.OpenTariff(ctx, o.tariff)
	}
	mode, err := money.ParseRounding(o.rounding)
	if err != nil {
		return nil, fmt.Errorf("--rounding: %w", err)
	}
	deck, err := deckfile.OpenDeck(ctx, o.tariff, o.currency)
	if err != nil {
		return nil, err
	}
	rounding := rating.DefaultRounding()
	rounding.Scale, rounding.Money = o.scale, mode
	return rating.FlatTariff(deck, rounding)
}

func (o *rateOptions) timeZone() (*time.Location, error) {
	if o.zone == "" {
		return nil, nil //nolint:nilnil // No zone means that times have to name theirs.
	}
	zone, err := time.LoadLocation(o.zone)
	if err != nil {
		return nil, fmt.Errorf("--zone: %w: use a name such as Europe/Moscow", err)
	}
	return zone, nil
}
