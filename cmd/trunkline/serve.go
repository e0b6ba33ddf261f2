package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
)

// parts says which parts of the system a process runs.
type parts struct {
	sip    bool
	worker bool
	http   bool
	demo   bool
	// alone is a process that runs one part: it starts no engines unless it is told to.
	alone bool
	// collect fetches the call records of PBXs, unless the configuration says otherwise.
	collect bool
}

func newServeCommand() *cobra.Command {
	p := parts{sip: true, worker: true, http: true, collect: true}
	cmd := serviceCommand(&p, "serve", "Run everything: SIP proxy, rating worker, pages, and the engines behind them",
		`Serve runs all parts in one process. Engines that have no address of their own (TRUNKLINE_POSTGRES_DSN,
TRUNKLINE_CLICKHOUSE_DSN, TRUNKLINE_KAFKA_BROKERS) are started with it, with their data below --data.

An interrupt (Ctrl-C, SIGTERM) refuses new calls, lets those in progress end for a while, and stops. Calls that outlast it
are taken back at the next start.`,
		"  trunkline serve\n  trunkline serve --demo")
	cmd.Flags().BoolVar(&p.demo, "demo", false, "set up the sample operator, with carriers and phones that call each other over loopback")
	return cmd
}

func newSIPCommand() *cobra.Command {
	return serviceCommand(&parts{sip: true, alone: true}, "sipproxy", "Run the SIP proxy alone",
		"Sipproxy places calls and sends their legs to Kafka. "+needsAddresses, "  trunkline sipproxy --config trunkline.yaml")
}

func newWorkerCommand() *cobra.Command {
	return serviceCommand(&parts{worker: true, alone: true}, "worker", "Run the rating worker alone",
		"Worker prices legs, posts them to the ledger and stores them. Several may run; they share the partitions of the topic. "+needsAddresses,
		"  trunkline worker --config trunkline.yaml")
}

func newAPICommand() *cobra.Command {
	return serviceCommand(&parts{http: true, alone: true}, "api", "Run the pages alone",
		"Api serves the pages. Calls in progress are shown by the process that has them. "+needsAddresses, "  trunkline api --config trunkline.yaml")
}

func newDemoCommand() *cobra.Command {
	return serviceCommand(&parts{sip: true, worker: true, http: true, demo: true}, "demo", "The sample operator and its traffic: the same as serve --demo",
		"Demo sets up a company with salons in nine cities, three carriers, and 35 days of history, and lets their phones call.",
		"  trunkline demo")
}

// serviceCommand is a command that runs some parts until it is interrupted.
func serviceCommand(p *parts, use, short, long, example string) *cobra.Command {
	var f configFlags
	own := false
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			if p.alone && !own {
				if err := c.requireAddresses(); err != nil {
					return withCode(exitUsage, err)
				}
			}
			log, err := newLogger(&c.Log, cmd.ErrOrStderr())
			if err != nil {
				return withCode(exitUsage, err)
			}
			return runService(cmd.Context(), &c, *p, log, cmd.OutOrStdout())
		},
	}
	if p.alone {
		cmd.Flags().BoolVar(&own, "embedded", false, "start the engines that have no address, with their data below --data")
	}
	f.register(cmd)
	return cmd
}

const needsAddresses = "It needs the addresses of PostgreSQL, ClickHouse and Kafka (postgres.dsn, clickhouse.dsn, kafka.brokers), and starts no engine unless --embedded is given."

// requireAddresses refuses engines without an address: a part that starts engines of its own instead works with empty ones.
func (c *config) requireAddresses() error {
	var missing []string
	for _, e := range []struct {
		variable string
		set      bool
	}{
		{"TRUNKLINE_POSTGRES_DSN", c.Postgres.DSN != ""}, {"TRUNKLINE_CLICKHOUSE_DSN", c.Clicks.DSN != ""}, {"TRUNKLINE_KAFKA_BROKERS", len(c.Kafka.Brokers) > 0},
	} {
		if !e.set {
			missing = append(missing, e.variable)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%s is not set: give the engine's address, or --embedded to start one with empty data here", strings.Join(missing, " and "))
}

// runService starts the parts, says where they are, and stops them when ctx ends or one of them fails.
func runService(ctx context.Context, c *config, p parts, log *slog.Logger, out io.Writer) error {
	s, err := startSystem(ctx, c, p, log)
	if err != nil {
		return err
	}
	s.banner(out)
	select {
	case <-ctx.Done():
		_, _ = fmt.Fprintln(out, "stopping: new calls are refused, those in progress may end")
		err = nil
	case err = <-s.failed:
	}
	s.stop(ctx)
	return err
}
