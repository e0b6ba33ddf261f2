package main

import (
	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/config"
)

func newCollectCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use:   "collect",
		Short: "Fetch the call records of the tenants' PBXs as they come",
		Long: `Collect reads the PBXs that the operator's file declares under pbxs with a source: folders that others write to, connections
that PBXs make to us or wait for from us, serial lines. What comes over a line is kept below --data before anything is made
of it; how far it was read is remembered over restarts. What is changed in the operator's file is in force within seconds.

serve does this too: run collect where the PBXs are reached from another host, and set collect: false for serve there.`,
		Example: "  trunkline collect --config trunkline.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			log, err := config.NewLogger(&c.Log, cmd.ErrOrStderr())
			if err != nil {
				return withCode(exitUsage, err)
			}
			return app.RunCollector(cmd.Context(), &c, log)
		},
	}
	f.register(cmd)
	return cmd
}
