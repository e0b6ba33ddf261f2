package inventory_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/provision/inventory"
)

// TestChange: a number that is new is free; of one that is known only what is given changes, but with a state its client and day.
func TestChange(t *testing.T) {
	t.Parallel()
	first, err := e164.Parse("+74951000007")
	require.NoError(t, err)
	second, err := e164.Parse("+74951000008")
	require.NoError(t, err)
	monthly, err := money.ParseAmount("30")
	require.NoError(t, err)
	known := []inventory.Number{{Number: first, Status: inventory.Reserved, Tenant: "beauty", Until: time.Unix(1, 0), Class: "city", Note: "gold"}}

	said := inventory.Change{Supplier: "uplink", Monthly: &monthly}
	got := said.Apply(known, []e164.Number{first, second})
	require.Equal(t, []inventory.Number{
		{Number: first, Status: inventory.Reserved, Tenant: "beauty", Until: time.Unix(1, 0), Class: "city", Note: "gold", Supplier: "uplink", Monthly: monthly},
		{Number: second, Status: inventory.Free, Supplier: "uplink", Monthly: monthly},
	}, got)

	freed := inventory.Change{Status: inventory.Free}
	got = freed.Apply(known, []e164.Number{first})
	require.Equal(t, []inventory.Number{{Number: first, Status: inventory.Free, Class: "city", Note: "gold"}}, got)
}
