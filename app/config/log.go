package config

import (
	"fmt"
	"io"
	"log/slog"
)

func logLevel(name string) (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return 0, fmt.Errorf("log.level is %q: use debug, info, warn or error", name)
	}
	return level, nil
}

// NewLogger writes to out in the configured form.
func NewLogger(c *Log, out io.Writer) (*slog.Logger, error) {
	level, err := logLevel(c.Level)
	if err != nil {
		return nil, err
	}
	o := &slog.HandlerOptions{Level: level}
	switch c.Format {
	case "json":
		return slog.New(slog.NewJSONHandler(out, o)), nil
	case "text", "":
		return slog.New(slog.NewTextHandler(out, o)), nil
	}
	return nil, fmt.Errorf("log.format is %q: use text or json", c.Format)
}
