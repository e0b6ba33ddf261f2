package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"
)

// parts says which parts of the system a process runs.
type parts struct {
	sip    bool
	worker bool
	http   bool
	demo   bool
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
	return serviceCommand(&parts{sip: true}, "sipproxy", "Run the SIP proxy alone",
		"Sipproxy places calls and sends their legs to Kafka. Give the addresses of PostgreSQL and Kafka.", "  trunkline sipproxy --config trunkline.yaml")
}

func newWorkerCommand() *cobra.Command {
	return serviceCommand(&parts{worker: true}, "worker", "Run the rating worker alone",
		"Worker prices legs, posts them to the ledger and stores them. Several may run; they share the partitions of the topic.",
		"  trunkline worker --config trunkline.yaml")
}

func newAPICommand() *cobra.Command {
	return serviceCommand(&parts{http: true}, "api", "Run the pages alone",
		"Api serves the pages. Calls in progress are shown by the process that has them.", "  trunkline api --config trunkline.yaml")
}

func newDemoCommand() *cobra.Command {
	return serviceCommand(&parts{sip: true, worker: true, http: true, demo: true}, "demo", "The sample operator and its traffic: the same as serve --demo",
		"Demo sets up a company with salons in nine cities, three carriers, and 35 days of history, and lets their phones call.",
		"  trunkline demo")
}

// serviceCommand is a command that runs some parts until it is interrupted.
func serviceCommand(p *parts, use, short, long, example string) *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			log, err := newLogger(&c.Log, cmd.ErrOrStderr())
			if err != nil {
				return withCode(exitUsage, err)
			}
			return runService(cmd.Context(), &c, *p, log, cmd.OutOrStdout())
		},
	}
	f.register(cmd)
	return cmd
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
