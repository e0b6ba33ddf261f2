// Command trunkline is the whole engine in one binary: `trunkline serve` runs every part of it, the other commands
// run a part alone or ask it something. Run `trunkline --help`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // Tenants and tariffs name time zones, and a bare machine has no table of them.

	"trunkline/console"
	"trunkline/internal/cause"
)

// Exit codes of the binary. They are part of its interface: scripts rely on them.
const (
	exitOK       = 0
	exitFailure  = 1 // The command failed.
	exitUsage    = 2 // The command line, the configuration or an input file is wrong.
	exitPartial  = 3 // The command did its work, but some of the input could not be used.
	exitConflict = 4 // The system is not in the state that the command needs.
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// withCode marks err with what an exit code says; a nil err stays nil.
func withCode(code int, err error) error {
	return cause.Mark(kinds()[code], err)
}

// kinds are what the exit codes mean.
func kinds() map[int]cause.Kind {
	return map[int]cause.Kind{exitUsage: cause.Input, exitPartial: cause.Part, exitConflict: cause.State}
}

// exitCode is the exit code of an error.
func exitCode(err error) int {
	switch cause.Of(err) {
	case cause.Input:
		return exitUsage
	case cause.State:
		return exitConflict
	case cause.Part:
		return exitPartial
	case cause.Unknown:
	}
	switch {
	case errors.Is(err, console.ErrInvalid), errors.Is(err, console.ErrNotFound):
		return exitUsage
	case errors.Is(err, console.ErrConflict), errors.Is(err, console.ErrTooMuch):
		return exitConflict
	}
	return exitFailure
}

// run is the program without the process around it: tests call it, main ends with its result.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRootCommand() //nolint:contextcheck // cobra hands the context to its commands in ExecuteContext
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if text := err.Error(); text != "" {
		_, _ = fmt.Fprintln(stderr, "trunkline:", text)
	}
	return exitCode(err)
}
