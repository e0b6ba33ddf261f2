package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/provision"
)

func newHistoryCommand() *cobra.Command {
	var f configFlags
	var format, at string
	var revision int64
	cmd := &cobra.Command{
		Use: "history KIND ID", Short: "How a route plan, dial plan, client or other object was set up, and when it was changed by whom", Args: cobra.ExactArgs(2),
		Long: `History lists the changes of an object: settings operator, carrier, gateway, deck, tariff, dial_plan, route_plan or tenant. With --at or --revision it
prints the object as it was set up then; the decision about a call names its revision ("trunkline route --call").

Exit status: 0 done; 2 there was no such object.`,
		Example: "  trunkline history route_plan standard\n  trunkline history dial_plan russia --at 2026-03-01T12:00:00Z\n  trunkline history route_plan standard --revision 117",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			list, err := c.ObjectHistory(cmd.Context(), c.Who, provision.Kind(strings.ReplaceAll(args[0], "-", "_")), args[1])
			if err != nil {
				return err
			}
			if at != "" || revision != 0 {
				return printThen(cmd, list, at, revision)
			}
			t := &table{columns: []string{"revision", "at", "by", "changed"}, of: "changes"}
			for i := range list {
				t.add(strconv.FormatInt(list[i].Revision, 10), till(list[i].At), list[i].By, changedIn(&list[i]))
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&at, "at", "", "print it as it was set up at a day or moment, UTC")
	cmd.Flags().Int64Var(&revision, "revision", 0, "print it as it was set up by a revision of the whole")
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

// changedIn names the fields that a change has changed, secrets without their values.
func changedIn(v *console.ObjectVersion) string {
	switch {
	case v.Spec == "":
		return "taken away"
	case v.Made:
		return "made"
	}
	fields := v.Changes
	names := make([]string, 0, len(fields))
	for n, f := range fields {
		if n == fieldsShown {
			names = append(names, fmt.Sprintf("and %d more", len(fields)-n))
			break
		}
		names = append(names, fmt.Sprintf("%s: %s -> %s", f.Path, quoteEmpty(f.Before), quoteEmpty(f.After)))
	}
	return strings.Join(names, "; ")
}

// printThen prints an object as it was set up at a moment, or by a revision.
func printThen(cmd *cobra.Command, list []console.ObjectVersion, at string, revision int64) error {
	moment := time.Time{}
	if at != "" {
		var err error
		if moment, err = parseMoment("at", at); err != nil {
			return withCode(exitUsage, err)
		}
	}
	for i := range list {
		v := &list[i]
		if revision != 0 && v.Revision > revision || at != "" && v.At.After(moment) {
			continue
		}
		if v.Spec == "" {
			break
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "# revision %d, %s, %s\n%s", v.Revision, till(v.At), v.By, v.Spec)
		return err
	}
	return withCode(exitUsage, errors.New("it was not there then"))
}
