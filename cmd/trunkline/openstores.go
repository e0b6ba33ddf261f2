package main

import (
	"context"
	"io"
	"log/slog"

	"trunkline/app/config"
)

// quiet loads the configuration of a command, whose answer is not to drown in what its engines say.
func (f *configFlags) quiet(_ context.Context, errOut io.Writer) (*config.Config, *slog.Logger, error) {
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
