package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"trunkline/app/config"
)

// configFlags are the flags that lead to the configuration.
type configFlags struct {
	file string
	data string
	log  string
}

func (f *configFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.file, "config", "", "configuration file (YAML); every key is also an environment variable TRUNKLINE_...")
	flags.StringVar(&f.data, "data", "", "folder of everything that is kept (default ./var)")
	flags.StringVar(&f.log, "log-level", "", "debug, info, warn or error")
}

// load puts defaults, file, environment and flags together, in this order, and checks the result.
func (f *configFlags) load() (config.Config, error) {
	c := config.Default()
	if f.file != "" {
		data, err := os.ReadFile(f.file)
		if err != nil {
			return c, withCode(exitUsage, fmt.Errorf("configuration: %w", err))
		}
		d := yaml.NewDecoder(bytes.NewReader(data))
		d.KnownFields(true)
		if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
			return c, withCode(exitUsage, fmt.Errorf("configuration %s: %w", f.file, err))
		}
	}
	if err := env.ParseWithOptions(&c, env.Options{Prefix: config.EnvPrefix}); err != nil {
		return c, withCode(exitUsage, fmt.Errorf("configuration from the environment: %w", err))
	}
	if err := config.CheckEnvironment(&c, os.Environ()); err != nil {
		return c, withCode(exitUsage, err)
	}
	if f.data != "" {
		c.Data = f.data
	}
	if f.log != "" {
		c.Log.Level = f.log
	}
	c.SIP.Complete()
	return c, withCode(exitUsage, c.Validate())
}

func newConfigCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Print the configuration in force, with secrets masked",
		Example: "  trunkline config\n  TRUNKLINE_HTTP_LISTEN=:9090 trunkline config --config trunkline.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			enc := yaml.NewEncoder(cmd.OutOrStdout())
			defer enc.Close()
			return enc.Encode(c.Masked())
		},
	}
	f.register(cmd)
	return cmd
}
