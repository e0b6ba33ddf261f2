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
	return group(&cobra.Command{Use: "sip", Short: "Look at the signalling of calls and end them; see who is locked"},
		newSIPTraceCommand(), newSIPDropCommand(), newSIPLocksCommand(), newSIPUnlockCommand(), newSIPPasswordCommand())
}

func newSIPTraceCommand() *cobra.Command {
	var full bool
	cmd := remoteView(&cobra.Command{Use: "trace CALL", Short: "Print what was said in a call, as a ladder", Args: cobra.ExactArgs(1)},
		func(args []string) string { return "/api/v1/calls/" + url.PathEscape(args[0]) + "/messages" },
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
	return remoteView(&cobra.Command{Use: "locks", Short: "List who is refused because of wrong passwords"},
		func([]string) string { return "/api/v1/sip-locks" },
		func(out io.Writer, page *items[console.SIPLock]) error { return terminal.Locks(out, page.Items) })
}

func newSIPUnlockCommand() *cobra.Command {
	var login string
	cmd := remote(&cobra.Command{
		Use: "unlock SOURCE", Short: "Let a source in again that was locked because of wrong passwords", Args: cobra.ExactArgs(1),
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
	cmd := bare(&cobra.Command{Use: "password", Short: "Propose passwords for phones"}, func(cmd *cobra.Command, _ []string) error {
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
