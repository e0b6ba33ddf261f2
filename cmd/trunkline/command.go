package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/user"
	"strconv"

	"github.com/spf13/cobra"

	"trunkline/access"
	"trunkline/app"
	"trunkline/app/config"
	"trunkline/console"
	"trunkline/console/terminal"
)

// deed is what a command does with the console.
type deed func(cmd *cobra.Command, c *app.Local, args []string) error

// group is a command that only has others below it.
func group(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(below...)
	return cmd
}

// bare gives a command its work. It takes no arguments unless it says which.
func bare(cmd *cobra.Command, do func(cmd *cobra.Command, args []string) error) *cobra.Command {
	if cmd.Args == nil {
		cmd.Args = cobra.NoArgs
	}
	cmd.RunE = do
	return cmd
}

// asking is a command that asks the console: over the databases of a data folder or of a cluster.
func asking(cmd *cobra.Command, do deed) *cobra.Command {
	return bare(cmd, onConsole(newConfigFlags(cmd), do))
}

// listing is a command that asks the console for rows and shows them as a table, csv or json.
func listing[T any](cmd *cobra.Command, show func(T) *terminal.Table, ask func(ctx context.Context, c *app.Local, args []string) (T, error)) *cobra.Command {
	format := formatFlag(cmd, "table", "csv", "json")
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, args []string) error {
		rows, err := ask(cmd.Context(), c, args)
		if err != nil {
			return err
		}
		return show(rows).Write(cmd.OutOrStdout(), *format)
	})
}

// listingAll is a command that lists what a method of the console knows.
func listingAll[T any](cmd *cobra.Command, show func(T) *terminal.Table,
	ask func(*console.Console, context.Context, *access.Principal) (T, error),
) *cobra.Command {
	return listing(cmd, show, func(ctx context.Context, c *app.Local, _ []string) (T, error) { return ask(c.Console, ctx, c.Who) })
}

// listingBy is a command that lists what a method of the console knows by something that flags say.
func listingBy[B, T any](cmd *cobra.Command, show func(T) *terminal.Table, by *B,
	ask func(*console.Console, context.Context, *access.Principal, B) (T, error),
) *cobra.Command {
	return listing(cmd, show, func(ctx context.Context, c *app.Local, _ []string) (T, error) { return ask(c.Console, ctx, c.Who, *by) })
}

// configured is a command that needs no more than the configuration; what its engines say does not drown its answer.
func configured(cmd *cobra.Command, do func(cmd *cobra.Command, set *config.Config, log *slog.Logger, args []string) error) *cobra.Command {
	f := newConfigFlags(cmd)
	return bare(cmd, func(cmd *cobra.Command, args []string) error {
		set, log, err := f.open(cmd.ErrOrStderr(), false)
		if err != nil {
			return err
		}
		return do(cmd, set, log, args)
	})
}

// remote is a command that asks the process that runs on the data folder.
func remote(cmd *cobra.Command, do func(cmd *cobra.Command, r *app.Running, args []string) error) *cobra.Command {
	f := newConfigFlags(cmd)
	return bare(cmd, func(cmd *cobra.Command, args []string) error {
		set, err := f.load()
		if err != nil {
			return err
		}
		r, err := app.FindRunning(set.Data)
		if err != nil {
			return err
		}
		return do(cmd, r, args)
	})
}

// remoteView is a command that shows an answer of the running process, as a table or as json.
func remoteView[T any](cmd *cobra.Command, path func(args []string) string, show func(out io.Writer, answer *T) error) *cobra.Command {
	format := formatFlag(cmd, "table", "json")
	return remote(cmd, func(cmd *cobra.Command, r *app.Running, args []string) error {
		var answer T
		if err := r.Ask(cmd.Context(), http.MethodGet, path(args), &answer); err != nil {
			return err
		}
		if *format == "json" {
			return json.NewEncoder(cmd.OutOrStdout()).Encode(answer)
		}
		return show(cmd.OutOrStdout(), &answer)
	})
}

// onConsole makes a command's work of a deed.
func onConsole(f *configFlags, do deed) func(*cobra.Command, []string) error {
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

// onIDs makes a deed of one on numbers, which are the arguments; shown is the command that shows them.
func onIDs(shown string, do func(cmd *cobra.Command, c *app.Local, ids []int64) error) deed {
	return func(cmd *cobra.Command, c *app.Local, args []string) error {
		ids, err := readIDs(args, shown)
		if err != nil {
			return err
		}
		return do(cmd, c, ids)
	}
}

// readIDs reads the numbers of things that a command shows.
func readIDs(args []string, shown string) ([]int64, error) {
	ids := make([]int64, 0, len(args))
	for _, a := range args {
		id, err := strconv.ParseInt(a, 10, 64)
		if err != nil || id < 1 {
			return nil, withCode(exitUsage, fmt.Errorf("%q is not an id: take it from `trunkline %s`", a, shown))
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// say tells what was done, unless it failed.
func say(cmd *cobra.Command, err error, format string, a ...any) error {
	if err == nil {
		cmd.Printf(format, a...)
	}
	return err
}

// partial is the error of work of which some could not be done; nil where all was.
func partial[N int | int64](left N, format string, a ...any) error {
	if left == 0 {
		return nil
	}
	return withCode(exitPartial, fmt.Errorf(format, a...))
}

// writeTo writes to a file, or to the standard output if none is named.
func writeTo(cmd *cobra.Command, name string, write func(io.Writer) error) (err error) {
	if name == "" {
		return write(cmd.OutOrStdout())
	}
	f, err := os.Create(name) //nolint:gosec // The file that the user names.
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	return write(f)
}

// readInput reads a file, or what is piped in for "-".
func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1<<20))
	}
	text, err := os.ReadFile(name) //nolint:gosec // The file that the user names.
	return text, withCode(exitUsage, err)
}

// applying is a command that puts what a file says in force; "-" is what is piped in. put says what was done.
func applying[T any](cmd *cobra.Command, usage string, parse func(text []byte) (T, error),
	put func(cmd *cobra.Command, c *app.Local, told T) error,
) *cobra.Command {
	var file string
	cmd.Flags().StringVarP(&file, "file", "f", "", usage)
	required(cmd, "file")
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		told, err := readDocument(cmd, file, parse)
		if err != nil {
			return err
		}
		return put(cmd, c, told)
	})
}

// readDocument reads a file, or what is piped in for "-", and makes of it what it says.
func readDocument[T any](cmd *cobra.Command, name string, parse func(text []byte) (T, error)) (told T, err error) {
	text, err := readInput(cmd, name)
	if err != nil {
		return told, err
	}
	if told, err = parse(text); err != nil {
		err = withCode(exitUsage, fmt.Errorf("%s: %w", name, err))
	}
	return told, err
}

// operator names who runs the command, for the logs of what was changed.
func operator() string {
	if u, err := user.Current(); err == nil {
		return "cli:" + u.Username
	}
	return "cli:unknown"
}
