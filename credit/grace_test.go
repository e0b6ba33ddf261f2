package credit_test

import (
	"errors"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"trunkline/credit"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/faultfs"
	"trunkline/sipproxy/journal"
)

// TestGraceWhileTheLedgerIsAway lets calls pass while the ledger is away: each for its time, all of a tenant for theirs, and only new ones.
func TestGraceWhileTheLedgerIsAway(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(time.Unix(1.7e9, 0))
	d := faultfs.New()
	o := journal.Options{Dir: "/data/lease", FS: d, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}
	terms := credit.Terms{First: time.Minute, Call: 2 * time.Minute, Tenant: 10 * time.Minute}
	reopen := func() *credit.Grace {
		l, err := credit.OpenGrace(terms, o, prometheus.NewRegistry())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close()) })
		return l
	}
	l := reopen()
	id := func(n uint64) calls.ID { return calls.IDAt(c.Now(), n) }
	take := func(n uint64, tenant string, upTo time.Duration) time.Duration {
		g, err := l.Take(t.Context(), id(n), tenant, upTo, errAway)
		if err != nil {
			require.ErrorIs(t, err, errAway)
		}
		return g.Granted
	}
	require.Zero(t, take(1, "a", time.Minute), "the ledger has given this proxy no share yet")
	l.Assign(credit.WholeShare / 2)
	require.Zero(t, take(1, "a", 3*time.Minute), "it has money held")
	require.Equal(t, time.Minute, take(2, "a", time.Minute))
	require.Equal(t, 2*time.Minute, take(2, "a", 3*time.Minute))
	require.Zero(t, take(2, "a", 4*time.Minute), "its lease is over")
	require.Equal(t, time.Minute, take(3, "a", time.Minute))
	require.Equal(t, 2*time.Minute, take(3, "a", 3*time.Minute))
	require.Equal(t, time.Minute, take(4, "a", time.Minute))
	require.Zero(t, take(5, "a", time.Minute), "the tenant's is")
	require.Equal(t, time.Minute, take(6, "b", time.Minute))
	l.Answered()
	require.Zero(t, take(7, "a", time.Minute), "nothing is known of what was talked for yet")
	require.NoError(t, l.Close())
	l = reopen()
	require.Equal(t, int64(credit.WholeShare/2), l.Known())
	require.Zero(t, take(7, "a", time.Minute), "a restart changes nothing")
	require.Len(t, l.Calls(), 4)
	l.Settled(100)
	require.Zero(t, take(7, "a", time.Minute), "their legs are not in the stream")
	l.InStream(3, 7)
	l.Settled(100)
	require.Zero(t, take(7, "a", time.Minute), "one more was let pass meanwhile")
	l.InStream(4, 7)
	l.Settled(6)
	require.Zero(t, take(7, "a", time.Minute), "the books have not got there")
	l.Settled(7)
	require.Equal(t, time.Minute, take(8, "a", time.Minute))
	d.Break(syscall.EIO)
	require.Zero(t, take(9, "b", time.Minute), "what cannot be written down is not let pass")
	d.Break(nil)
	terms.Call = 0
	require.NoError(t, l.Close())
	l = reopen()
	require.Zero(t, take(10, "b", time.Minute))
}

var errAway = errors.New("away")
