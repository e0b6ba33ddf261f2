package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Commands bring nothing up to date: they refuse a schema that is older or newer than they are, and say what to do.
func TestSystemCommandsDoNotMigrate(t *testing.T) {
	t.Parallel()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "100")
	s.start()
	s.must("account", "list")
	db := s.database(t)
	defer db.Close()
	set := func(statement string) {
		_, err := db.Pool().Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	set(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99990101000000, true)`)
	code, out := s.run("account", "list")
	require.Equal(t, exitConflict, code, out)
	require.Regexp(t, `PostgreSQL: the schema of the database is newer than this program \(99990101000000, not \d+\): update the program on this host`, out)
	set(`DELETE FROM goose_db_version WHERE version_id = 99990101000000`)
	s.must("account", "list")
	set(`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
	code, out = s.run("account", "list")
	require.Equal(t, exitConflict, code, out)
	require.Regexp(t, "older than this program .*run `trunkline migrate`", out)
}
