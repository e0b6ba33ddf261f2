package main

import (
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
	var f configFlags
	own := false
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			if p.Alone && !own {
				if err := c.RequireAddresses(); err != nil {
					return withCode(exitUsage, err)
				}
			}
			log, err := config.NewLogger(&c.Log, cmd.ErrOrStderr())
			if err != nil {
				return withCode(exitUsage, err)
			}
			return app.Run(cmd.Context(), &c, *p, log, cmd.OutOrStdout())
		},
	}
	if p.Alone {
		cmd.Flags().BoolVar(&own, "embedded", false, "start the engines that have no address, with their data below --data")
	}
	f.register(cmd)
	return cmd
}

const needsAddresses = "It needs the addresses of PostgreSQL, ClickHouse and Kafka (postgres.dsn, clickhouse.dsn, kafka.brokers), and starts no engine unless --embedded is given."
