package main

import (
	"errors"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/reports/retention"
)

// eraseOptions are the flags of `trunkline erase`.
type eraseOptions struct {
	number, reason, force string
	also                  []string
	dryRun                bool
	config                configFlags
}

func newEraseCommand() *cobra.Command {
	o := &eraseOptions{}
	cmd := &cobra.Command{
		Use: "erase --number NUMBER --reason WHY", Short: "Take a person's number out of all records", Args: cobra.NoArgs,
		Long: `Erase takes a number out of calls, packed records, texts and faults of imports, legs that could not be rated, events and alarms. Its first
seven digits and zeros stand in its place, what the caller called himself becomes "erased", and traces and lines of PBXs of his calls are
blanked. Amounts, durations, destinations and sums stay. It is found as E.164 digits, also behind an access code; name other
spellings of it, such as the national one, with --also. It may be repeated, and is noted in the audit with a digest of the number.

Calls that are younger than retention.statutory are kept by law: the erasure is refused with the day from which on it may be done, unless
--force-reason says why not. What a legal hold on a tenant covers stays; a hold on the number refuses its erasure.

Exit status: 0 done; 2 an option is wrong; 4 it is refused, or an engine cannot be reached.`,
		Example: "  trunkline erase --number +4915112345678 --also 015112345678 --reason 'request of 2026-12-01' --dry-run",
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			return o.run(cmd, c)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.number, "number", "", "the number, E.164")
	f.StringSliceVar(&o.also, "also", nil, "another spelling of it, digits only")
	f.StringVar(&o.reason, "reason", "", "why, without the number; it is kept")
	f.StringVar(&o.force, "force-reason", "", "why calls are erased that the law obliges to keep; it is kept")
	f.BoolVar(&o.dryRun, "dry-run", false, "show where it is, and change nothing")
	o.config.register(cmd)
	_ = cmd.MarkFlagRequired("number") // It fails only for a flag that does not exist.
	return cmd
}

func (o *eraseOptions) run(cmd *cobra.Command, c *app.Local) error {
	person, err := retention.NewPerson(o.number, o.also)
	if err != nil {
		return withCode(exitUsage, err)
	}
	if !o.dryRun && o.reason == "" {
		return withCode(exitUsage, errors.New("give a --reason, or --dry-run"))
	}
	var found []retention.Found
	if o.dryRun {
		found, err = c.FindPerson(cmd.Context(), c.Who, person)
	} else {
		found, err = c.ErasePerson(cmd.Context(), c.Who, retention.Erasure{Person: person, Reason: o.reason, Force: o.force})
	}
	if err != nil {
		return err
	}
	t := &table{of: "places", columns: []string{"place", "rows", "held", "newest"}}
	for _, f := range found {
		t.add(f.Place, figure(f.Rows), figure(f.Held), till(f.Newest))
	}
	if err := t.write(cmd.OutOrStdout(), "table"); err != nil {
		return err
	}
	unreached, err := c.Unreached(cmd.Context(), c.Who)
	for _, u := range unreached {
		cmd.Printf("not reached: %s\n", u)
	}
	return err
}
