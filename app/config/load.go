package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/caarlos0/env/v11"
	"go.yaml.in/yaml/v3"

	"trunkline/internal/cause"
)

// Load puts defaults, a file (none: ""), the environment and what override changes together, in this order, and checks the result.
// told hears of every source which of its settings have other names now. What is wrong is marked as cause.Input, and names source and key.
func Load(file string, override func(*Config), told func(source string, former []string)) (Config, error) {
	c := Default()
	if file != "" {
		if err := readFile(&c, file, told); err != nil {
			return c, cause.Mark(cause.Input, err)
		}
	}
	if err := readEnvironment(&c, told); err != nil {
		return c, cause.Mark(cause.Input, err)
	}
	override(&c)
	c.SIP.Complete()
	return c, cause.Mark(cause.Input, c.Validate())
}

func readFile(c *Config, file string, told func(source string, former []string)) error {
	data, err := os.ReadFile(file) //nolint:gosec // The file that the operator names.
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	data, former, err := CurrentKeys(data)
	if err != nil {
		return fmt.Errorf("configuration %s: %w", file, err)
	}
	told("configuration "+file, former)
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("configuration %s: %w", file, err)
	}
	return nil
}

func readEnvironment(c *Config, told func(source string, former []string)) error {
	environ, former, err := CurrentVariables(os.Environ())
	if err != nil {
		return err
	}
	told("environment", former)
	if err := env.ParseWithOptions(c, env.Options{Prefix: EnvPrefix, Environment: env.ToMap(environ)}); err != nil {
		return fmt.Errorf("configuration from the environment: %w", err)
	}
	return CheckEnvironment(c, environ)
}
