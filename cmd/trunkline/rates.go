package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/access"
	"trunkline/internal/centralbank"
	"trunkline/internal/clock"
	"trunkline/job"
	"trunkline/sql/postgres"
)

// exchangeConfig says where exchange rates come from.
type exchangeConfig struct {
	// Addresses or files, such as https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml and https://www.cbr.ru/scripts/XML_daily.asp.
	Sources      []string      `yaml:"sources" env:"SOURCES"`
	Every        time.Duration `yaml:"every" env:"EVERY"`                 // How long rates are good for before they are fetched again.
	AllowPrivate bool          `yaml:"allow_private" env:"ALLOW_PRIVATE"` // Sources may be on this host or in a private network.
}

const (
	leastEvery = time.Minute
	mostWaits  = time.Minute // Between two looks whether something is due.
)

func (c *exchangeConfig) validate() error {
	if len(c.Sources) > 0 && c.Every < leastEvery {
		return fmt.Errorf("exchange.every is %s: use %s or more", c.Every, leastEvery)
	}
	return nil
}

// rateKeeper fetches exchange rates and keeps them.
type rateKeeper struct {
	store   *postgres.Exchange
	fetcher *centralbank.Fetcher
	by      string
}

func newRateKeeper(db *postgres.DB, allowPrivate bool, by string) *rateKeeper {
	return &rateKeeper{postgres.NewExchange(db, clock.System{}), &centralbank.Fetcher{Clock: clock.System{}, AllowPrivate: allowPrivate}, by}
}

// take fetches one source and keeps its rates, and notes what came of it.
func (k *rateKeeper) take(ctx context.Context, origin string) (source string, fresh int, err error) {
	note := postgres.RateFetch{Origin: origin, By: k.by}
	data, err := k.fetcher.Fetch(ctx, origin)
	var sheet centralbank.Sheet
	if err == nil {
		if sheet, err = centralbank.Read(data); err != nil {
			err = fmt.Errorf("%s: %w", origin, err)
		}
	}
	if err == nil {
		fresh, err = k.store.PutRates(ctx, sheet.Source, sheet.Rates, note)
	}
	if err != nil && ctx.Err() == nil {
		note.Failure = err.Error()
		err = errors.Join(err, k.store.NoteFailure(ctx, note))
	}
	return sheet.Source, fresh, err
}

// keepRates fetches exchange rates when they are due, one process of all at a time, as a job that can be seen.
func (s *system) keepRates(ctx context.Context) {
	keeper := newRateKeeper(s.stores.db, s.config.Exchange.AllowPrivate, "house")
	failed := make(map[string]time.Time) // When a source failed last: it is not asked again at once.
	for {
		for _, origin := range s.config.Exchange.Sources {
			last, err := keeper.store.LastFetch(ctx, origin)
			if tried := failed[origin]; tried.After(last) {
				last = tried.Add(min(s.config.Exchange.Every, time.Hour) - s.config.Exchange.Every) // A source that failed is tried again within the hour.
			}
			now := clock.System{}.Now()
			if err != nil || now.Before(last.Add(s.config.Exchange.Every)) {
				continue
			}
			failed[origin] = now
			s.fetchRates(ctx, keeper, origin)
		}
		if clock.Sleep(ctx, clock.System{}, min(mostWaits, s.config.Exchange.Every)) != nil {
			return
		}
	}
}

func (s *system) fetchRates(ctx context.Context, keeper *rateKeeper, origin string) {
	j := job.Job{Kind: job.Rates, Subject: origin, By: "house", Asked: origin, Role: string(access.Operator), Needs: []string{string(access.ReadPrices)}}
	_, err := s.desk.Start(ctx, j, func(ctx context.Context, m *job.Meter) error {
		source, fresh, err := keeper.take(ctx, origin)
		if err != nil {
			s.log.WarnContext(ctx, "exchange rates cannot be fetched; it is tried again", "source", origin, "error", err)
			return &job.TellError{Err: err}
		}
		s.log.InfoContext(ctx, "exchange rates", "source", source, "fresh", fresh)
		m.Note("%d new exchange rates", int64(fresh))
		return nil
	})
	if err != nil && !errors.Is(err, job.ErrBusy) {
		s.log.WarnContext(ctx, "exchange rates cannot be fetched; it is tried again", "source", origin, "error", err)
	}
}

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
		RunE: onStores(&f, func(cmd *cobra.Command, db *stores, args []string) error {
			keeper := newRateKeeper(db.db, private, operator())
			for _, origin := range args {
				source, fresh, err := keeper.take(cmd.Context(), origin)
				switch {
				case errors.Is(err, centralbank.ErrFormat):
					return withCode(exitUsage, err)
				case errors.Is(err, postgres.ErrRateChanged):
					return withCode(exitConflict, err)
				case err != nil:
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
		RunE: onStores(&f, func(cmd *cobra.Command, db *stores, _ []string) error {
			from, err := parseMoment("since", since)
			if err != nil {
				return withCode(exitUsage, err)
			}
			list, err := postgres.NewExchange(db.db, clock.System{}).Rates(cmd.Context(), from, limit)
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
		RunE: onStores(&f, func(cmd *cobra.Command, db *stores, _ []string) error {
			list, err := postgres.NewExchange(db.db, clock.System{}).Fetches(cmd.Context(), 200)
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
