package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"trunkline/app/engine"
	"trunkline/sipproxy/agent"
)

// TestSystemTriesProvisioningAgain: a fault of the moment keeps a change from being in force; it is tried again by itself.
func TestSystemTriesProvisioningAgain(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "10")
	s.start()
	s.apply()
	var found engine.Addresses
	text, err := os.ReadFile(filepath.Join(s.dir, "var", "engines.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &found))
	conn, err := pgx.Connect(t.Context(), found.Postgres)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	dial := func() int {
		out, err := phone(t).Dial(t.Context(), s.account("acme-101"), agent.Call{To: "+49301234567", Talk: 50 * time.Millisecond})
		require.NoError(t, err)
		return out.Status
	}
	require.Equal(t, 200, dial())

	// The files cannot be read at the moment at which the change is told: what is stored cannot be put in force.
	for _, statement := range []string{
		`BEGIN`, `ALTER TABLE provision_blob RENAME TO provision_blob_away`,
		`UPDATE provision_object SET spec = replace(spec, 'id: acme', E'id: acme\nblocked: ["4930"]') WHERE kind = 'tenant' AND id = 'acme'`,
		`UPDATE provision_revision SET revision = revision + 1`, `SELECT pg_notify('trunkline_provision', '2')`, `COMMIT`,
	} {
		_, err = conn.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	for range 3 {
		require.Equal(t, 200, dial(), "the former state stays")
	}
	// Nothing is told when the fault is over.
	_, err = conn.Exec(t.Context(), `ALTER TABLE provision_blob_away RENAME TO provision_blob`)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return dial() == 403 }, 20*time.Second, 200*time.Millisecond)
}
