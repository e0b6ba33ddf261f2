package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	cmd  *cobra.Command // Whose errors say which settings have other names now; nil: nobody's.
}

func (f *configFlags) register(cmd *cobra.Command) {
	f.cmd = cmd
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
		data, former, err := config.CurrentKeys(data)
		if err != nil {
			return c, withCode(exitUsage, fmt.Errorf("configuration %s: %w", f.file, err))
		}
		f.warn("configuration "+f.file, former)
		d := yaml.NewDecoder(bytes.NewReader(data))
		d.KnownFields(true)
		if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
			return c, withCode(exitUsage, fmt.Errorf("configuration %s: %w", f.file, err))
		}
	}
	if err := f.readEnvironment(&c); err != nil {
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

func (f *configFlags) readEnvironment(c *config.Config) error {
	environ, former, err := config.CurrentVariables(os.Environ())
	if err != nil {
		return err
	}
	f.warn("environment", former)
	if err := env.ParseWithOptions(c, env.Options{Prefix: config.EnvPrefix, Environment: env.ToMap(environ)}); err != nil {
		return fmt.Errorf("configuration from the environment: %w", err)
	}
	return config.CheckEnvironment(c, environ)
}

// warn tells which settings of a source have other names now.
func (f *configFlags) warn(source string, former []string) {
	for _, text := range former {
		if f.cmd != nil {
			f.cmd.PrintErrf("trunkline: %s: %s; the former name goes with a later release\n", source, text)
		}
	}
}

// quiet loads the configuration of a command, whose answer is not to drown in what its engines say.
func (f *configFlags) quiet(errOut io.Writer) (*config.Config, *slog.Logger, error) {
	c, err := f.load()
	if err != nil {
		return nil, nil, err
	}
	if f.log == "" {
		c.Log.Level = "error"
	}
	log, err := config.NewLogger(&c.Log, errOut)
	return &c, log, withCode(exitUsage, err)
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
