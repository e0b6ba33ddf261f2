package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/access"
	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
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

// gateOf is the gate over the open databases.
func gateOf(db *store.Stores) *access.Gate {
	return access.NewGate(postgres.NewAccess(db.DB, clock.System{}), "Trunkline", clock.System{})
}

// logged keeps in the audit what a command did.
func logged(ctx context.Context, db *store.Stores, action, object, after string) error {
	return keepDeed(ctx, db, access.Deed{Action: action, Object: object, After: after})
}

// accessError gives errors that the user made their exit code.
func accessError(err error) error {
	switch {
	case errors.Is(err, access.ErrUser), errors.Is(err, access.ErrKey), errors.Is(err, access.ErrPassword), errors.Is(err, access.ErrNotFound):
		return withCode(exitUsage, err)
	case errors.Is(err, access.ErrExists), errors.Is(err, access.ErrLastOne):
		return withCode(exitConflict, err)
	}
	return err
}

func newUserListCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "Who may sign in", Args: cobra.NoArgs, Example: "  trunkline user list",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			users, err := gateOf(db).Users(cmd.Context(), "")
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
				t.add(u.Login, u.Name, string(u.Role), u.Tenant, u.Branch, yes(u.TOTP), stampOf(u.SignedIn), state)
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

func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func newUserAddCommand() *cobra.Command {
	var f configFlags
	var u access.User
	var role string
	cmd := &cobra.Command{
		Use: "add LOGIN --role ROLE", Short: "Add a user and print the link to choose a password", Args: cobra.ExactArgs(1),
		Example: "  trunkline user add olga --role operator --name Olga\n  trunkline user add max --role manager --tenant beauty --language ru",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			u.Login, u.Role = args[0], access.Role(role)
			snapshot, err := db.Snapshot(cmd.Context())
			if err != nil {
				return err
			}
			if _, ok := snapshot.Tenant(u.Tenant); !ok && u.Tenant != "" {
				return withCode(exitUsage, fmt.Errorf("there is no tenant %q", u.Tenant))
			}
			if _, ok := snapshot.Branch(u.Tenant, u.Branch); !ok && u.Branch != "" {
				return withCode(exitUsage, fmt.Errorf("tenant %s has no branch %q", u.Tenant, u.Branch))
			}
			gate := gateOf(db)
			if err := gate.Add(cmd.Context(), u); err != nil {
				return accessError(err)
			}
			token, err := gate.Welcome(cmd.Context(), u.Login)
			if err == nil {
				err = logged(cmd.Context(), db, "create", "user "+u.Login, "role: "+role+"\ntenant: "+u.Tenant+"\nbranch: "+u.Branch)
			}
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
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			gate := gateOf(db)
			token, err := gate.Reset(cmd.Context(), args[0])
			if err == nil && factor {
				err = gate.ResetFactor(cmd.Context(), args[0])
			}
			if err == nil {
				err = logged(cmd.Context(), db, "reset", "user "+args[0], "")
			}
			if err != nil {
				return accessError(err)
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
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			const most = 1 << 10
			text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), most))
			if err != nil {
				return err
			}
			line, _, _ := strings.Cut(string(text), "\n")
			if err := gateOf(db).SetPassword(cmd.Context(), args[0], strings.TrimSuffix(line, "\r"), ""); err != nil {
				return accessError(err)
			}
			if err := logged(cmd.Context(), db, "password", "user "+args[0], ""); err != nil {
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
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			gate := gateOf(db)
			u, err := gate.User(cmd.Context(), args[0])
			if err == nil {
				u.Disabled = disabled
				err = gate.Change(cmd.Context(), u)
			}
			if err == nil {
				err = logged(cmd.Context(), db, name, "user "+args[0], "")
			}
			if err != nil {
				return accessError(err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %sd\n", args[0], name)
			return err
		}),
	}
	f.register(cmd)
	return cmd
}
