package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/config"
)

func newServeCommand() *cobra.Command {
	p := app.Parts{SIP: true, Worker: true, HTTP: true, Collect: true}
	cmd := serviceCommand(&p, "serve", "Run everything: SIP proxy, rating worker, pages, and the engines behind them")
	cmd.Flags().BoolVar(&p.Demo, "demo", false, "set up the sample operator, with carriers and phones that call each other over loopback")
	return cmd
}

func newSIPCommand() *cobra.Command {
	return serviceCommand(&app.Parts{SIP: true, Alone: true}, "sipproxy", "Run the SIP proxy alone")
}

func newWorkerCommand() *cobra.Command {
	return serviceCommand(&app.Parts{Worker: true, Alone: true}, "worker", "Run the rating worker alone")
}

func newAPICommand() *cobra.Command {
	return serviceCommand(&app.Parts{HTTP: true, Alone: true}, "api", "Run the pages alone")
}

func newDemoCommand() *cobra.Command {
	return serviceCommand(&app.Parts{SIP: true, Worker: true, HTTP: true, Demo: true}, "demo", "The sample operator and its traffic: the same as serve --demo")
}

// serviceCommand is a command that runs some parts until it is interrupted.
func serviceCommand(p *app.Parts, use, short string) *cobra.Command {
	own := false
	cmd := service(&cobra.Command{Use: use, Short: short}, func(cmd *cobra.Command, set *config.Config, log *slog.Logger) error {
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
		set, log, err := f.open(cmd.ErrOrStderr(), true)
		if err != nil {
			return err
		}
		return run(cmd, set, log)
	})
}

func newCollectCommand() *cobra.Command {
	return service(&cobra.Command{
		Use: "collect", Short: "Fetch the call records of the tenants' PBXs as they come",
	}, func(cmd *cobra.Command, set *config.Config, log *slog.Logger) error {
		return app.RunCollector(cmd.Context(), set, log)
	})
}
