package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/config"
)

func newServeCommand() *cobra.Command {
	p := app.Parts{SIP: true, Worker: true, HTTP: true, Collect: true}
	cmd := serviceCommand(&p, "serve", "Run everything: SIP proxy, rating worker, pages, and the engines behind them",
		`Serve runs all parts in one process. Engines that have no address of their own (TRUNKLINE_POSTGRES_DSN,
TRUNKLINE_CLICKHOUSE_DSN, TRUNKLINE_KAFKA_BROKERS) are started with it, with their data below --data.

An interrupt (Ctrl-C, SIGTERM) refuses new calls, lets those in progress end for a while, and stops. Calls that outlast it
are taken back at the next start.`,
		"  trunkline serve\n  trunkline serve --demo")
	cmd.Flags().BoolVar(&p.Demo, "demo", false, "set up the sample operator, with carriers and phones that call each other over loopback")
	return cmd
}

func newSIPCommand() *cobra.Command {
	return serviceCommand(&app.Parts{SIP: true, Alone: true}, "sipproxy", "Run the SIP proxy alone",
		"Sipproxy places calls and sends their legs to Kafka. "+needsAddresses, "  trunkline sipproxy --config trunkline.yaml")
}

func newWorkerCommand() *cobra.Command {
	return serviceCommand(&app.Parts{Worker: true, Alone: true}, "worker", "Run the rating worker alone",
		"Worker prices legs, posts them to the ledger and stores them. Several may run; they share the partitions of the topic. "+needsAddresses,
		"  trunkline worker --config trunkline.yaml")
}

func newAPICommand() *cobra.Command {
	return serviceCommand(&app.Parts{HTTP: true, Alone: true}, "api", "Run the pages alone",
		"Api serves the pages. Calls in progress are shown by the process that has them. "+needsAddresses, "  trunkline api --config trunkline.yaml")
}

func newDemoCommand() *cobra.Command {
	return serviceCommand(&app.Parts{SIP: true, Worker: true, HTTP: true, Demo: true}, "demo", "The sample operator and its traffic: the same as serve --demo",
		"Demo sets up a company with salons in nine cities, three carriers, and 35 days of history, and lets their phones call.",
		"  trunkline demo")
}

// serviceCommand is a command that runs some parts until it is interrupted.
func serviceCommand(p *app.Parts, use, short, long, example string) *cobra.Command {
	own := false
	cmd := service(&cobra.Command{Use: use, Short: short, Long: long, Example: example}, func(cmd *cobra.Command, set *config.Config, log *slog.Logger) error {
		if p.Alone && !own {
			if err := set.RequireAddresses(); err != nil {
				return withCode(exitUsage, err)
			}
		}
		return app.Run(cmd.Context(), set, *p, log, cmd.OutOrStdout())
	})
	if p.Alone {
		cmd.Flags().BoolVar(&own, "embedded", false, "start the engines that have no address, with their data below --data")
	}
	return cmd
}

// service is a command that runs until it is interrupted, and logs as it is told to.
func service(cmd *cobra.Command, run func(cmd *cobra.Command, set *config.Config, log *slog.Logger) error) *cobra.Command {
	f := newConfigFlags(cmd)
	return bare(cmd, func(cmd *cobra.Command, _ []string) error {
		set, log, err := f.loud(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		return run(cmd, set, log)
	})
}

const needsAddresses = "It needs the addresses of PostgreSQL, ClickHouse and Kafka (postgres.dsn, clickhouse.dsn, kafka.brokers), and starts no engine unless --embedded is given."

func newCollectCommand() *cobra.Command {
	return service(&cobra.Command{
		Use: "collect", Short: "Fetch the call records of the tenants' PBXs as they come",
		Example: "  trunkline collect --config trunkline.yaml",
	}, func(cmd *cobra.Command, set *config.Config, log *slog.Logger) error {
		return app.RunCollector(cmd.Context(), set, log)
	})
}
