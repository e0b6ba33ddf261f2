package main

import (
	"cmp"
	"io"
	"log/slog"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"trunkline/app"
	"trunkline/app/config"
)

// configFlags are the flags that lead to the configuration.
type configFlags struct {
	file string
	data string
	log  string
	told func(source string, former []string)
}

// newConfigFlags adds the flags to a command, whose errors say which settings have other names now.
func newConfigFlags(cmd *cobra.Command) *configFlags {
	f := &configFlags{told: func(source string, former []string) {
		for _, text := range former {
			cmd.PrintErrf("trunkline: %s: %s; the former name goes with a later release\n", source, text)
		}
	}}
	flags := cmd.Flags()
	flags.StringVar(&f.file, "config", "", "configuration file (YAML); every key is also an environment variable TRUNKLINE_...")
	flags.StringVar(&f.data, "data", "", "folder of everything that is kept (default ./var)")
	flags.StringVar(&f.log, "log-level", "", "debug, info, warn or error")
	return f
}

// load puts defaults, file, environment and flags together, in this order, and checks the result.
func (f *configFlags) load() (config.Config, error) {
	return config.Load(f.file, func(c *config.Config) {
		c.Data, c.Log.Level = cmp.Or(f.data, c.Data), cmp.Or(f.log, c.Log.Level)
	}, f.told)
}

// open loads the configuration with its log. A command's log tells only of errors, unless a flag says otherwise: its answer is not to
// drown in what its engines say.
func (f *configFlags) open(errOut io.Writer, service bool) (*config.Config, *slog.Logger, error) {
	c, err := f.load()
	if err != nil {
		return nil, nil, err
	}
	if !service && f.log == "" {
		c.Log.Level = "error"
	}
	log, err := config.NewLogger(&c.Log, errOut)
	return &c, log, withCode(exitUsage, err)
}

// openLocal puts a console over the databases, also where what is stored cannot be put in force.
func (f *configFlags) openLocal(cmd *cobra.Command) (*app.Local, error) {
	c, log, err := f.open(cmd.ErrOrStderr(), false)
	if err != nil {
		return nil, err
	}
	return app.OpenLocal(cmd.Context(), c, operator(), log)
}

func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Print the configuration in force, with secrets masked"}
	f := newConfigFlags(cmd)
	return bare(cmd, func(cmd *cobra.Command, _ []string) error {
		c, err := f.load()
		if err != nil {
			return err
		}
		enc := yaml.NewEncoder(cmd.OutOrStdout())
		defer enc.Close()
		return enc.Encode(c.Masked())
	})
}
