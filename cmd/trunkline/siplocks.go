package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/console"
	"trunkline/provision"
)

func newSIPLocksCommand() *cobra.Command {
	var f configFlags
	format := "table"
	cmd := &cobra.Command{
		Use:   "locks",
		Short: "List who is refused because of wrong passwords",
		Long: `Locks lists the sources and logins that the running process refuses at the moment: a login from a source after twenty wrong passwords
in a minute, and a source after a hundred, for five minutes. Gateways and trunks are never locked. Each lock is one line in the log,
"SIP source locked" with the address as source=, which fail2ban can read (docs/runbook.md).

Exit status: 0 done; 4 no process runs.`,
		Example: "  trunkline sip locks\n  trunkline sip unlock 192.0.2.7 --login beauty-101",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := tableOrJSON(format); err != nil {
				return err
			}
			r, err := f.newRemote()
			if err != nil {
				return err
			}
			var page struct{ Items []console.SIPLock }
			if err := r.ask(cmd.Context(), http.MethodGet, "/api/v1/sip-locks", &page); err != nil {
				return err
			}
			if format == "json" {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(page.Items)
			}
			return printLocks(cmd.OutOrStdout(), page.Items)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	f.register(cmd)
	return cmd
}

func printLocks(out io.Writer, locks []console.SIPLock) error {
	if len(locks) == 0 {
		_, err := fmt.Fprintln(out, "nobody is locked")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "SOURCE\tLOGIN\tFAILURES\tUNTIL\n")
	for _, l := range locks {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", l.Source, cmp.Or(l.Login, "(all)"), l.Failures, l.Until.Format(time.RFC3339))
	}
	return w.Flush()
}

func newSIPUnlockCommand() *cobra.Command {
	var f configFlags
	var login string
	cmd := &cobra.Command{
		Use:     "unlock SOURCE",
		Short:   "Let a source in again that was locked because of wrong passwords",
		Long:    "Unlock lifts what `trunkline sip locks` lists: one login from a source, or without --login all locks of the source. It stands in the audit.",
		Example: "  trunkline sip unlock 192.0.2.7\n  trunkline sip unlock 192.0.2.7 --login beauty-101",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.newRemote()
			if err != nil {
				return err
			}
			path := "/api/v1/sip-locks/" + url.PathEscape(args[0])
			if login != "" {
				path += "?login=" + url.QueryEscape(login)
			}
			if err := r.ask(cmd.Context(), http.MethodDelete, path, nil); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s may try again\n", args[0])
			return err
		},
	}
	cmd.Flags().StringVar(&login, "login", "", "only this login")
	f.register(cmd)
	return cmd
}

func newSIPPasswordCommand() *cobra.Command {
	count := 1
	cmd := &cobra.Command{
		Use:   "password",
		Short: "Propose passwords for phones",
		Long: `Password prints passwords that nobody guesses and that can be typed on a phone. Phones are scanned for all day long; ` + "`trunkline apply`" + `
warns of passwords that are short, hold the login or a word that is tried first.`,
		Example: "  trunkline sip password --count 20",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for range count {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), provision.ProposePassword()); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&count, "count", count, "how many")
	return cmd
}
