package main

import (
	"errors"
	"os/user"

	"github.com/spf13/cobra"

	"trunkline/app"
)

// onConsole makes a command's work of what it asks the console for.
func onConsole(f *configFlags, do func(cmd *cobra.Command, c *app.Local, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		c, err := f.openLocal(cmd)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.Close(cmd.Context())) }()
		if c.Broken != nil {
			return c.Broken
		}
		return do(cmd, c, args)
	}
}

func (f *configFlags) openLocal(cmd *cobra.Command) (*app.Local, error) {
	c, log, err := f.quiet(cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	return app.OpenLocal(cmd.Context(), c, operator(), log)
}

// operator names who runs the command, for the logs of what was changed.
func operator() string {
	if u, err := user.Current(); err == nil {
		return "cli:" + u.Username
	}
	return "cli:unknown"
}
