package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/access"
	"trunkline/app"
)

func newUserCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "user", Short: "People who sign in to the pages, and their roles",
		Long: `User lists, adds and changes those who sign in. Roles: operator (everything), noc (calls and gateways, no prices), accountant
(money and reports, no routing), auditor (sees everything, changes nothing), manager (a client's, sees his company), branch_manager
(sees his branch). Who is added chooses a password by a link that is good once.`,
	}
	cmd.AddCommand(newUserListCommand(), newUserAddCommand(), newUserPasswordCommand(), newUserLinkCommand(), newUserDisableCommand("disable", true),
		newUserDisableCommand("enable", false))
	return cmd
}

func newUserListCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "Who may sign in", Args: cobra.NoArgs, Example: "  trunkline user list",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			users, err := c.People(cmd.Context(), c.Who)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"login", "name", "role", "tenant", "branch", "second_factor", "signed_in", "state"}, of: "users"}
			for i := range users {
				u := &users[i]
				state := "active"
				if u.Disabled {
					state = "disabled"
				}
				t.add(u.Login, u.Name, string(u.Role), u.Tenant, u.Branch, yes(u.TOTP), till(u.SignedIn), state)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func yes(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}

func newUserAddCommand() *cobra.Command {
	var f configFlags
	var u access.User
	var role string
	cmd := &cobra.Command{
		Use: "add LOGIN --role ROLE", Short: "Add a user and print the link to choose a password", Args: cobra.ExactArgs(1),
		Example: "  trunkline user add olga --role operator --name Olga\n  trunkline user add max --role manager --tenant beauty --language ru",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			u.Login, u.Role = args[0], access.Role(role)
			token, err := c.AddPerson(cmd.Context(), c.Who, u)
			if err != nil {
				return err
			}
			return f.printLink(cmd, token, "a week")
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&role, "role", "", "operator, noc, accountant, auditor, manager or branch_manager")
	flags.StringVar(&u.Name, "name", "", "name for showing")
	flags.StringVar(&u.Email, "email", "", "mail address")
	flags.StringVar(&u.Tenant, "tenant", "", "of managers: their company")
	flags.StringVar(&u.Branch, "branch", "", "of branch managers: their branch")
	flags.StringVar(&u.Language, "language", "", "en, ru or de; as the browser is set if empty")
	_ = cmd.MarkFlagRequired("role") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}

// printLink prints the address at which a password is chosen.
func (f *configFlags) printLink(cmd *cobra.Command, token, last string) error {
	c, err := f.load()
	if err != nil {
		return err
	}
	base := c.HTTP.PublicURL
	if base == "" {
		base = "http://" + c.HTTP.Listen
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s/welcome/%s\nThe link is good once, for %s.\n", base, token, last)
	return err
}

func newUserLinkCommand() *cobra.Command {
	var f configFlags
	factor := false
	cmd := &cobra.Command{
		Use: "link LOGIN", Short: "Print a link to choose a new password, good for an hour", Args: cobra.ExactArgs(1),
		Example: "  trunkline user link olga --factor",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			token, err := c.ResetPerson(cmd.Context(), c.Who, args[0], factor)
			if err != nil {
				return err
			}
			return f.printLink(cmd, token, "an hour")
		}),
	}
	cmd.Flags().BoolVar(&factor, "factor", false, "and take the second factor away")
	f.register(cmd)
	return cmd
}

func newUserPasswordCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "password LOGIN", Short: "Set a password, read from standard input", Args: cobra.ExactArgs(1),
		Long:    "Password reads one line from standard input and sets it as a user's password. All sessions of the user end.",
		Example: "  trunkline user password operator < new-password.txt",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			const most = 1 << 10
			text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), most))
			if err != nil {
				return err
			}
			line, _, _ := strings.Cut(string(text), "\n")
			if err := c.SetPassword(cmd.Context(), c.Who, args[0], strings.TrimSuffix(line, "\r")); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "the password of %s is set\n", args[0])
			return err
		}),
	}
	f.register(cmd)
	return cmd
}

func newUserDisableCommand(name string, disabled bool) *cobra.Command {
	var f configFlags
	short := "Let a user sign in again"
	if disabled {
		short = "Let a user sign in no more, and end sessions and keys"
	}
	cmd := &cobra.Command{
		Use: name + " LOGIN", Short: short, Args: cobra.ExactArgs(1), Example: "  trunkline user " + name + " olga",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			u, err := c.Person(cmd.Context(), c.Who, args[0])
			if err != nil {
				return err
			}
			u.Disabled = disabled
			if err := c.ChangePerson(cmd.Context(), c.Who, u); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %sd\n", args[0], name)
			return err
		}),
	}
	f.register(cmd)
	return cmd
}
