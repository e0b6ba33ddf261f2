package main

import (
	"github.com/spf13/cobra"

	"trunkline/app/store"
)

// end keeps what a command did in the audit, as far as it changed something, and closes its stores.
func endStores(s *store.Stores, cmd *cobra.Command, args []string, err error) error {
	defer s.Close(cmd.Context())
	return audited(cmd, s, args, err)
}
