package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/access"
	"trunkline/app"
)

func newKeyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "Keys by which programs use the API"}
	cmd.AddCommand(newKeyListCommand(), newKeyAddCommand(), newKeyRevokeCommand())
	return cmd
}

func newKeyListCommand() *cobra.Command {
	var f configFlags
	var format, user string
	cmd := &cobra.Command{
		Use: "list", Short: "The keys, without their secrets", Args: cobra.NoArgs, Example: "  trunkline key list --user olga",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			keys, err := c.KeysOf(cmd.Context(), c.Who, user)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"id", "user", "name", "scopes", "made", "until", "used", "ended"}, of: "keys"}
			for i := range keys {
				k := &keys[i]
				t.add(k.ID, k.Login, k.Name, scopeWords(k.Scopes), till(k.Made), till(k.Till), till(k.Used), till(k.Revoked))
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&user, "user", "", "only of this user")
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func scopeWords(scopes []access.Permission) string {
	words := make([]string, 0, len(scopes))
	for _, p := range scopes {
		words = append(words, string(p))
	}
	return strings.Join(words, " ")
}

func newKeyAddCommand() *cobra.Command {
	var f configFlags
	var user, name, scopes string
	var last time.Duration
	cmd := &cobra.Command{
		Use: "add --name NAME --scopes LIST", Short: "Make a key and print its secret, once", Args: cobra.NoArgs,
		Long: "Add makes a key that has some of the permissions of a user. Scopes are words with commas between:\n" + scopeWords(access.Permissions()),
		Example: "  trunkline key add --name prometheus --scopes metrics:read\n" +
			"  trunkline key add --user anna --name bookkeeping --scopes invoices:read,money:read --for 8760h",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			var list []access.Permission
			for s := range strings.SplitSeq(scopes, ",") {
				list = append(list, access.Permission(strings.TrimSpace(s)))
			}
			var until time.Time
			if last > 0 {
				until = c.Now().Add(last)
			}
			secret, _, err := c.AddKeyOf(cmd.Context(), c.Who, user, name, list, until)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), secret)
			return err
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&user, "user", app.ConsoleUser, "whose key it is")
	flags.StringVar(&name, "name", "", "what uses it")
	flags.StringVar(&scopes, "scopes", "", "what it may do, with commas between")
	flags.DurationVar(&last, "for", 0, "how long it is good, such as 720h; without end if 0")
	for _, flag := range []string{"name", "scopes"} {
		_ = cmd.MarkFlagRequired(flag) // It fails only for a flag that does not exist.
	}
	f.register(cmd)
	return cmd
}

func newKeyRevokeCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "End a key", Args: cobra.ExactArgs(1), Example: "  trunkline key revoke Zk3pQ0aB7dXe",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			if err := c.RevokeKey(cmd.Context(), c.Who, args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "key %s is ended\n", args[0])
			return err
		}),
	}
	f.register(cmd)
	return cmd
}
