package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/internal/money"
)

// readVar adds a flag whose text is read when it is given. A text that cannot be read is told with the flag's name.
func readVar[T any](f *pflag.FlagSet, to *T, name, usage string, read func(text string) (T, error)) {
	f.Var(&readFlag{set: func(text string) (err error) {
		if *to, err = read(text); err != nil {
			return fmt.Errorf("--%s: %w", name, err)
		}
		return nil
	}}, name, usage)
}

// momentVar adds a flag with a day or a moment, UTC. Empty text is none.
func momentVar(f *pflag.FlagSet, to *time.Time, name, usage string) {
	timeVar(f, to, name, usage, wantMoment, time.DateOnly, time.RFC3339)
}

const wantMoment = "a day such as 2026-11-02 or a moment such as 2026-11-02T10:00:00Z"

// instantVar adds a flag with a moment, UTC. Empty text is none.
func instantVar(f *pflag.FlagSet, to *time.Time, name, usage string) {
	timeVar(f, to, name, usage, "a time such as 2026-11-02T10:00:00Z", time.RFC3339)
}

// timeVar adds a flag with a time in one of some layouts; want says what that is.
func timeVar(f *pflag.FlagSet, to *time.Time, name, usage, want string, layouts ...string) {
	f.Var(&readFlag{set: func(text string) error {
		if *to = (time.Time{}); text == "" {
			return nil
		}
		for _, layout := range layouts {
			if t, err := time.Parse(layout, text); err == nil {
				*to = t.UTC()
				return nil
			}
		}
		return fmt.Errorf("--%s %q: want %s", name, text, want)
	}}, name, usage)
}

// amountVar adds a flag with an amount of money; to stays nil where it is not given, or empty.
func amountVar(f *pflag.FlagSet, to **money.Amount, name, usage string) {
	readVar(f, to, name, usage, func(text string) (*money.Amount, error) {
		if text == "" {
			return nil, nil //nolint:nilnil // No amount is given.
		}
		amount, err := money.ParseAmount(text)
		return &amount, err
	})
}

// readFlag is a flag that is read by a function of its own.
type readFlag struct {
	text string
	set  func(text string) error
}

// String implements pflag.Value.
func (v *readFlag) String() string { return v.text }

// Type implements pflag.Value; it is what help calls the value.
func (v *readFlag) Type() string { return "string" }

// Set implements pflag.Value.
func (v *readFlag) Set(text string) error {
	v.text = text
	if err := v.set(text); err != nil {
		return &flagError{err}
	}
	return nil
}

// flagError is what a readFlag says of a text that it cannot read, in words that name the flag.
type flagError struct{ err error }

func (e *flagError) Error() string { return e.err.Error() }

func (e *flagError) Unwrap() error { return e.err }

// toldOfFlag gives the mistakes of flags the exit code of a wrong command line, in the words of the flag if it has some.
func toldOfFlag(_ *cobra.Command, err error) error {
	if fault, ok := errors.AsType[*flagError](err); ok {
		err = fault.err
	}
	return withCode(exitUsage, err)
}

// formatFlag adds --format to a command; the first of the formats is the usual one. Others are refused as the command line is read.
func formatFlag(cmd *cobra.Command, formats ...string) *string {
	chosen := formats[0]
	last := len(formats) - 1
	cmd.Flags().Var(&readFlag{text: chosen, set: func(text string) error {
		chosen = text
		return terminal.CheckFormat(text, formats...)
	}}, "format", strings.Join(formats[:last], ", ")+" or "+formats[last])
	return &chosen
}

// reasonFlag adds --reason to a command, which does nothing without one.
func reasonFlag(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "why; it is kept")
	required(cmd, "reason")
}

// required says which flags a command does not go without.
func required(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
}

// whoseFlags name the account of a tenant or carrier; all accounts where none is named.
func whoseFlags(cmd *cobra.Command, whose *console.Whose) {
	cmd.Flags().StringVar(&whose.Tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&whose.Carrier, "carrier", "", "or carrier")
}

// formerFlag lets a flag be given by the name that it had before. The former name is not shown in help; pflag tells whoever
// uses it what the flag is called now.
func formerFlag(flags *pflag.FlagSet, former, name string) {
	alias := *flags.Lookup(name)
	alias.Name, alias.Shorthand = former, ""
	alias.Hidden, alias.Deprecated = true, "use --"+name
	flags.AddFlag(&alias)
}

// usageErrors gives the mistakes of the command line that cobra finds by itself, wrong arguments and missing flags, the exit
// code of a wrong command line, for a command and all below it.
func usageErrors(cmd *cobra.Command) {
	if args := cmd.Args; args != nil {
		cmd.Args = func(cmd *cobra.Command, list []string) error { return withCode(exitUsage, args(cmd, list)) }
	}
	if cmd.PreRun == nil && cmd.PreRunE == nil {
		cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return withCode(exitUsage, cmd.ValidateRequiredFlags()) }
	}
	for _, sub := range cmd.Commands() {
		usageErrors(sub)
	}
}
