package traffic_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/reports/traffic"
)

// TestErlangB holds the formula against the table of the Teletraffic Engineering Handbook (ITU-D SG 2/16 and ITC, table of Erlang's
// B-formula): the traffic that so many lines carry at 1 % of blocking.
func TestErlangB(t *testing.T) {
	t.Parallel()
	for lines, offered := range map[int]traffic.Erlang{1: 0.0101, 2: 0.153, 5: 1.36, 10: 4.46, 15: 8.11, 20: 12.0, 30: 20.3, 60: 46.9, 100: 84.1} {
		require.InDelta(t, 0.01, traffic.Blocking(offered, lines), 0.0003, "%d lines", lines)
		require.Equal(t, lines, traffic.Lines(offered*0.99, 0.01), "%d lines", lines)
		require.Equal(t, lines+1, traffic.Lines(offered*1.01, 0.01), "%d lines", lines)
	}
	require.InDelta(t, 0.0071, traffic.Blocking(10, 18), 0.00005)
	require.Equal(t, 18, traffic.Lines(10, 0.01))
	require.InDelta(t, 0.2146, traffic.Blocking(10, 10), 0.00005)
	require.InDelta(t, 1, traffic.Blocking(5, 0), 0)
	require.Zero(t, traffic.Blocking(0, 3))
	require.InDelta(t, 1, traffic.Blocking(0, 0), 0)
	require.Zero(t, traffic.Lines(0, 0.01))
}
