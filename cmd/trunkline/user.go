package main

import (
	"cmp"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/access"
	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
)

func newUserCommand() *cobra.Command {
	return group(&cobra.Command{Use: "user", Short: "People who sign in to the pages, and their roles"},
		newUserListCommand(), newUserAddCommand(), newUserPasswordCommand(), newUserLinkCommand(),
		newUserDisableCommand("disable", true), newUserDisableCommand("enable", false))
}

func newUserListCommand() *cobra.Command {
	return listingAll(&cobra.Command{Use: "list", Short: "Who may sign in"}, terminal.Users, (*console.Console).People)
}

func newUserAddCommand() *cobra.Command {
	var u access.User
	var role string
	cmd := asking(&cobra.Command{
		Use: "add LOGIN --role ROLE", Short: "Add a user and print the link to choose a password", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		u.Login, u.Role = args[0], access.Role(role)
		token, err := c.AddPerson(cmd.Context(), c.Who, u)
		return sayLink(cmd, c, err, token, "a week")
	})
	f := cmd.Flags()
	f.StringVar(&role, "role", "", "operator, noc, accountant, auditor, manager or branch_manager")
	f.StringVar(&u.Name, "name", "", "name for showing")
	f.StringVar(&u.Email, "email", "", "mail address")
	f.StringVar(&u.Tenant, "tenant", "", "of managers: their company")
	f.StringVar(&u.Branch, "branch", "", "of branch managers: their branch")
	f.StringVar(&u.Language, "language", "", "en, ru or de; as the browser is set if empty")
	required(cmd, "role")
	return cmd
}

// sayLink prints the address at which a password is chosen.
func sayLink(cmd *cobra.Command, c *app.Local, err error, token, last string) error {
	http := &c.Config.HTTP
	return say(cmd, err, "%s/welcome/%s\nThe link is good once, for %s.\n", cmp.Or(http.PublicURL, "http://"+http.Listen), token, last)
}

func newUserLinkCommand() *cobra.Command {
	factor := false
	cmd := asking(&cobra.Command{
		Use: "link LOGIN", Short: "Print a link to choose a new password, good for an hour", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		token, err := c.ResetPerson(cmd.Context(), c.Who, args[0], factor)
		return sayLink(cmd, c, err, token, "an hour")
	})
	cmd.Flags().BoolVar(&factor, "factor", false, "and take the second factor away")
	return cmd
}

func newUserPasswordCommand() *cobra.Command {
	return asking(&cobra.Command{
		Use: "password LOGIN", Short: "Set a password, read from standard input", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		const most = 1 << 10
		text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), most))
		if err != nil {
			return err
		}
		line, _, _ := strings.Cut(string(text), "\n")
		return say(cmd, c.SetPassword(cmd.Context(), c.Who, args[0], strings.TrimSuffix(line, "\r")), "the password of %s is set\n", args[0])
	})
}

func newUserDisableCommand(name string, disabled bool) *cobra.Command {
	short := "Let a user sign in again"
	if disabled {
		short = "Let a user sign in no more, and end sessions and keys"
	}
	return asking(&cobra.Command{
		Use: name + " LOGIN", Short: short, Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		u, err := c.Person(cmd.Context(), c.Who, args[0])
		if err != nil {
			return err
		}
		u.Disabled = disabled
		return say(cmd, c.ChangePerson(cmd.Context(), c.Who, u), "%s: %sd\n", args[0], name)
	})
}

func newKeyCommand() *cobra.Command {
	return group(&cobra.Command{Use: "key", Short: "Keys by which programs use the API"}, newKeyListCommand(), newKeyAddCommand(), newKeyRevokeCommand())
}

func newKeyListCommand() *cobra.Command {
	var user string
	cmd := listingBy(&cobra.Command{Use: "list", Short: "The keys, without their secrets"}, terminal.Keys, &user, (*console.Console).KeysOf)
	cmd.Flags().StringVar(&user, "user", "", "only of this user")
	return cmd
}

func newKeyAddCommand() *cobra.Command {
	var user, name, scopes string
	var last time.Duration
	cmd := asking(&cobra.Command{
		Use: "add --name NAME --scopes LIST", Short: "Make a key and print its secret, once",
		Long: "Add makes a key that has some of the permissions of a user. Scopes are words with commas between:\n" + terminal.Scopes(access.Permissions()),
	}, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		var list []access.Permission
		for s := range strings.SplitSeq(scopes, ",") {
			list = append(list, access.Permission(strings.TrimSpace(s)))
		}
		var until time.Time
		if last > 0 {
			until = c.Now().Add(last)
		}
		secret, _, err := c.AddKeyOf(cmd.Context(), c.Who, user, name, list, until)
		return say(cmd, err, "%s\n", secret)
	})
	f := cmd.Flags()
	f.StringVar(&user, "user", app.ConsoleUser, "whose key it is")
	f.StringVar(&name, "name", "", "what uses it")
	f.StringVar(&scopes, "scopes", "", "what it may do, with commas between")
	f.DurationVar(&last, "for", 0, "how long it is good, such as 720h; without end if 0")
	required(cmd, "name", "scopes")
	return cmd
}

func newKeyRevokeCommand() *cobra.Command {
	return asking(&cobra.Command{
		Use: "revoke ID", Short: "End a key", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		return say(cmd, c.RevokeKey(cmd.Context(), c.Who, args[0]), "key %s is ended\n", args[0])
	})
}
