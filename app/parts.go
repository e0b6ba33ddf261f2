package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"trunkline/app/config"
)

// Parts says which parts of the system a process runs.
type Parts struct {
	SIP    bool
	Worker bool
	HTTP   bool
	Demo   bool
	// Alone is a process that runs one part: it starts no engines unless it is told to.
	Alone bool
	// Collect fetches the call records of PBXs, unless the configuration says otherwise.
	Collect bool
}

// Run starts the parts, says where they are, and stops them when ctx ends or one of them fails.
func Run(ctx context.Context, c *config.Config, p Parts, log *slog.Logger, out io.Writer) error {
	s, err := Start(ctx, c, p, log)
	if err != nil {
		return err
	}
	s.banner(out)
	select {
	case <-ctx.Done():
		_, _ = fmt.Fprintln(out, "stopping: new calls are refused, those in progress may end")
		err = nil
	case err = <-s.failed:
	}
	s.Stop(ctx)
	return err
}
