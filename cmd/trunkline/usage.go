package main

import "github.com/spf13/cobra"

// usageErrors gives the mistakes of the command line that cobra finds by itself, wrong arguments and missing flags, the exit
// code of a wrong command line, for a command and all below it.
func usageErrors(cmd *cobra.Command) {
	if args := cmd.Args; args != nil {
		cmd.Args = func(cmd *cobra.Command, list []string) error { return withCode(exitUsage, args(cmd, list)) }
	}
	if cmd.PreRun == nil && cmd.PreRunE == nil {
		cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return withCode(exitUsage, cmd.ValidateRequiredFlags()) }
	}
	for _, sub := range cmd.Commands() {
		usageErrors(sub)
	}
}
