package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/provision"
)

func newSIPCommands() *cobra.Command {
	return group(&cobra.Command{
		Use: "sip", Short: "Look at the signalling of calls and end them; see who is locked",
	}, newSIPTraceCommand(), newSIPDropCommand(), newSIPLocksCommand(), newSIPUnlockCommand(), newSIPPasswordCommand())
}

func newSIPTraceCommand() *cobra.Command {
	var full bool
	cmd := remoteView(&cobra.Command{
		Use: "trace CALL", Short: "Print what was said in a call, as a ladder", Args: cobra.ExactArgs(1),
		Long: `Trace prints the SIP messages of a call, by the id that its record, the log and ` + "`trunkline status`" + ` show: who said what to whom
and when, with seconds counted from the first. The proxy remembers the messages of the last calls, up to sip.trace_memory
(64 MiB; a few thousand calls), while it runs. Passwords' proofs are not shown.

Exit status: 0 found; 3 the call is not remembered; 4 no process runs.`,
		Example: "  trunkline sip trace 01a20099-ccf6-7ce3-9ad3-d83497067c31\n  trunkline sip trace 01a20099-ccf6-7ce3-9ad3-d83497067c31 --full",
	}, func(args []string) string { return "/api/v1/calls/" + url.PathEscape(args[0]) + "/messages" },
		func(out io.Writer, said *items[console.SIPMessage]) error {
			terminal.Ladder(out, said.Items)
			if full {
				terminal.Messages(out, said.Items)
			}
			return nil
		})
	cmd.Flags().BoolVar(&full, "full", false, "print the messages whole, below the ladder")
	return cmd
}

// items is a page of the API; as JSON a command shows what is on it.
type items[T any] struct{ Items []T }

// MarshalJSON implements json.Marshaler.
func (p items[T]) MarshalJSON() ([]byte, error) { return json.Marshal(p.Items) }

func newSIPDropCommand() *cobra.Command {
	reason := "dropped"
	cmd := remote(&cobra.Command{
		Use: "drop CALL...", Short: "End calls in progress", Args: cobra.MinimumNArgs(1),
		Long:    "Drop ends calls in progress, by the ids that `trunkline status` shows. The reason stands in their records.",
		Example: "  trunkline sip drop 01a20099-ccf6-7ce3-9ad3-d83497067c31 --reason fraud",
	}, func(cmd *cobra.Command, r *app.Running, calls []string) error {
		for _, call := range calls {
			path := "/api/v1/live-calls/" + url.PathEscape(call) + "?reason=" + url.QueryEscape(reason)
			if err := r.Ask(cmd.Context(), http.MethodDelete, path, nil); err != nil {
				return fmt.Errorf("call %s: %w", call, err)
			}
			cmd.Printf("%s ended\n", call)
		}
		return nil
	})
	cmd.Flags().StringVar(&reason, "reason", reason, "why, up to 60 characters")
	return cmd
}

func newSIPLocksCommand() *cobra.Command {
	return remoteView(&cobra.Command{
		Use: "locks", Short: "List who is refused because of wrong passwords",
		Long: `Locks lists the sources and logins that the running process refuses at the moment: a login from a source after twenty wrong passwords
in a minute, and a source after a hundred, for five minutes. Gateways and trunks are never locked. Each lock is one line in the log,
"SIP source locked" with the address as source=, which fail2ban can read (docs/runbook.md).

Exit status: 0 done; 4 no process runs.`,
		Example: "  trunkline sip locks\n  trunkline sip unlock 192.0.2.7 --login beauty-101",
	}, func([]string) string { return "/api/v1/sip-locks" },
		func(out io.Writer, page *items[console.SIPLock]) error { return terminal.Locks(out, page.Items) })
}

func newSIPUnlockCommand() *cobra.Command {
	var login string
	cmd := remote(&cobra.Command{
		Use: "unlock SOURCE", Short: "Let a source in again that was locked because of wrong passwords", Args: cobra.ExactArgs(1),
		Long:    "Unlock lifts what `trunkline sip locks` lists: one login from a source, or without --login all locks of the source. It stands in the audit.",
		Example: "  trunkline sip unlock 192.0.2.7\n  trunkline sip unlock 192.0.2.7 --login beauty-101",
	}, func(cmd *cobra.Command, r *app.Running, args []string) error {
		path := "/api/v1/sip-locks/" + url.PathEscape(args[0])
		if login != "" {
			path += "?login=" + url.QueryEscape(login)
		}
		return say(cmd, r.Ask(cmd.Context(), http.MethodDelete, path, nil), "%s may try again\n", args[0])
	})
	cmd.Flags().StringVar(&login, "login", "", "only this login")
	return cmd
}

func newSIPPasswordCommand() *cobra.Command {
	count := 1
	cmd := bare(&cobra.Command{
		Use: "password", Short: "Propose passwords for phones",
		Long: `Password prints passwords that nobody guesses and that can be typed on a phone. Phones are scanned for all day long; ` + "`trunkline apply`" + `
warns of passwords that are short, hold the login or a word that is tried first.`,
		Example: "  trunkline sip password --count 20",
	}, func(cmd *cobra.Command, _ []string) error {
		for range count {
			if _, err := fmt.Fprintln(cmd.OutOrStdout(), provision.ProposePassword()); err != nil {
				return err
			}
		}
		return nil
	})
	cmd.Flags().IntVar(&count, "count", count, "how many")
	return cmd
}

func newStatusCommand() *cobra.Command {
	return remoteView(&cobra.Command{
		Use: "status", Short: "Engines, gateways, registered phones and calls in progress of the running process",
		Long: `Status asks the process that runs on the data folder how it is: its engines, the carriers' gateways with what locks them, how
many phones are registered, the oldest calls in progress, and how many legs wait for a price.

Exit status: 0 all parts work; 3 some part does not; 4 no process runs.`,
		Example: "  trunkline status\n  trunkline status --format json | jq .calls_in_progress",
	}, func([]string) string { return "/api/v1/status" }, func(out io.Writer, o *console.Overview) error {
		if err := terminal.Status(out, o); err != nil {
			return err
		}
		bad := 0
		for _, p := range o.Parts {
			if !p.Healthy {
				bad++
			}
		}
		return partial(bad, "%d of %d parts do not work", bad, len(o.Parts))
	})
}
