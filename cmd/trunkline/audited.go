package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"trunkline/access"
	"trunkline/app/store"
	"trunkline/internal/cause"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

// changing are the commands that change something and have their work kept in the audit by audited. Provisioning has its
// history, which the audit shows; users and keys, and what goes through the API of a running process, is kept where it is done.
func changing() []string {
	return []string{
		"doctor close",
		"invoice run", "invoice mark", "invoice credit", "invoice charge add", "invoice charge remove", "invoice profile apply", "invoice counter",
		"repair", "report rebuild", "report schedule apply", "report schedule send", "report schedule remove",
	}
}

// auditedMost bounds what is kept of the flags of a command.
const auditedMost = 2000

// audited keeps in the audit that a command has changed something: its name, and what it was given. A command that failed, or
// only looked, leaves nothing; one that did part of its work does.
func audited(cmd *cobra.Command, db *store.Stores, args []string, err error) error {
	path := strings.TrimPrefix(cmd.CommandPath(), "trunkline ")

	if !slices.Contains(changing(), path) || onlyLooked(cmd) || err != nil && cause.Of(err) != cause.Part {
		return err
	}
	tenant := ""
	var given []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "tenant":
			tenant = f.Value.String()
		case "data", "config", "log-level", "number": // A person's number is in the hold; here it could not be erased.
		default:
			given = append(given, f.Name+": "+f.Value.String())
		}
	})
	after := strings.Join(given, "\n")
	return errors.Join(err, keepDeed(cmd.Context(), db, access.Deed{
		Tenant: tenant, Action: path, Object: strings.TrimSpace(path + " " + strings.Join(args, " ")),
		After: strings.ToValidUTF8(after[:min(len(after), auditedMost)], ""),
	}))
}

// keepDeed keeps in the audit what whoever runs this command did now.
func keepDeed(ctx context.Context, db *store.Stores, d access.Deed) error {
	d.At, d.By = clock.System{}.Now(), operator()
	return postgres.NewAccess(db.DB, clock.System{}).Log(ctx, d)
}

// onlyLooked reports whether a command was only to show what it would do, or to list.
func onlyLooked(cmd *cobra.Command) bool {
	if f := cmd.Flags().Lookup("dry-run"); f != nil && f.Value.String() == "true" {
		return true
	}
	settle := cmd.Flags().Lookup("settle")
	return settle != nil && !settle.Changed
}
