package pricing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/provision"
)

// TestWhoPaysNothing tells calls that are free for a reason from answered ones that have lost their tariff.
func TestWhoPaysNothing(t *testing.T) {
	t.Parallel()
	p := Prices{Ctx: t.Context(), Snapshot: provision.Empty()}
	for tariff, known := range map[string]bool{cdr.FreeEmergency: true, cdr.FreeBetween: true, "": false, "gone": false} {
		got, ok, err := p.Tariff(&cdr.Leg{Kind: cdr.Ingress, Direction: calls.Outbound, Tariff: tariff, Connect: time.Unix(1, 0)})
		require.NoError(t, err)
		require.Equal(t, known, ok, tariff)
		require.Nil(t, got)
	}
}
