package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/cdr/importer"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

const pbx = "pbx-1"

// imports brings calls in and takes them back, and remembers what has to be in force.
type imports struct {
	*world

	running *running
	store   *postgres.Imports
	random  *rand.Rand
	calls   []cdr.Leg
	brought map[int64]map[int]bool // Calls by standing import.
}

// shaky fails now and then, before or after what it was asked for was done.
type shaky struct {
	books  *postgres.Books
	worker *running
	random *rand.Rand
}

var errShaken = errors.New("killed")

func (s *shaky) MayWithdraw(ctx context.Context, records []cdr.Record) error {
	return s.books.MayWithdraw(ctx, records)
}

func (s *shaky) Withdraw(ctx context.Context, undo int64, records []cdr.Record) error {
	if s.random.IntN(3) == 0 {
		return errShaken
	}
	if err := s.books.Withdraw(ctx, undo, records, s.worker.Correct); err != nil {
		return err
	}
	if s.random.IntN(3) == 0 {
		return errShaken
	}
	return nil
}

func (s *shaky) Deliver(ctx context.Context) error { return s.worker.Recover(ctx) }

func newImports(t *testing.T, n int) *imports {
	t.Helper()
	w := newWorld(t, 2)
	i := &imports{world: w, random: rand.New(rand.NewPCG(3, 4)), brought: make(map[int64]map[int]bool)}
	for range n {
		leg := w.call("tenant-0", 1+i.random.IntN(600))[0]
		leg.Node, leg.Raw, leg.Source, leg.Carrier = pbx, "a line", "panasonic-td", ""
		i.calls = append(i.calls, leg)
	}
	var err error
	i.store, err = postgres.NewImports(w.db, clock.System{})
	require.NoError(t, err)
	i.running = w.start(nil)
	return i
}

// bring imports some of the calls.
func (i *imports) bring(which map[int]bool) {
	i.tb.Helper()
	run, err := i.store.Open(i.tb.Context(), importer.Import{
		Tenant: "tenant-0", PBX: pbx, Origin: "smdr.log", Way: importer.WayFile, By: "test", Settings: json.RawMessage(`{}`),
	})
	require.NoError(i.tb, err)
	var part importer.Part
	var legs []cdr.Leg
	for n := range which {
		l := i.calls[n]
		legs = append(legs, l)
		part.Calls = append(part.Calls, l.Call)
		if part.First.IsZero() || l.Setup.Before(part.First) {
			part.First = l.Setup
		}
		if l.Setup.After(part.Last) {
			part.Last = l.Setup
		}
	}
	seqs, err := i.store.Claim(i.tb.Context(), run.ID, part)
	require.NoError(i.tb, err)
	for n := range legs {
		legs[n].Seq = seqs[n]
	}
	i.send(legs)
	i.brought[run.ID] = which
}

// takeBack takes imports back, killed on the way as often as it happens.
func (i *imports) takeBack(ids ...int64) {
	i.tb.Helper()
	u := &importer.Undoer{Withdrawals: i.store, Calls: i.world.store, Books: &shaky{i.books, i.running, i.random}}
	require.Eventually(i.tb, func() bool {
		_, err := u.Undo(i.tb.Context(), importer.Selection{Imports: ids, Reason: "a test", By: "test"})
		if errors.Is(err, importer.ErrNothing) { // Others have all of its calls.
			return true
		}
		if err == nil {
			for _, id := range ids {
				delete(i.brought, id)
			}
		} else if !errors.Is(err, errShaken) {
			i.tb.Error(err)
		}
		return err == nil
	}, time.Minute, time.Millisecond)
}

// inForce are the calls that are to count.
func (i *imports) inForce() map[calls.ID]bool {
	out := make(map[calls.ID]bool)
	for _, which := range i.brought {
		for n := range which {
			out[i.calls[n].Call] = true
		}
	}
	return out
}

// Imports that overlap are brought and taken back at random, with kills and with calls still on their way. What stands is what
// the standing imports have, each call once; when all is taken back, nothing is left of money, allowances and limits.
func TestImportsComeAndGo(t *testing.T) {
	t.Parallel()
	i := newImports(t, 40)
	for range 15 {
		if len(i.brought) > 0 && i.random.IntN(2) == 0 {
			for id := range i.brought {
				i.takeBack(id)
				break
			}
			continue
		}
		which := make(map[int]bool)
		for first := i.random.IntN(30); len(which) < 15; first++ {
			which[first%len(i.calls)] = true
		}
		i.bring(which)
	}
	i.settled()
	i.require(i.inForce())
	i.takeBack(slices.Collect(maps.Keys(i.brought))...) // Together: each of two that have the same calls would keep those of the other.
	require.Empty(t, i.brought)
	i.settled()
	i.require(nil)
	account := ledger.Tenant("tenant-0", rub())
	require.True(t, i.usage(account).IsZero())
	require.Empty(t, i.used())
	gauges, err := i.ledger.Gauges(t.Context(), account, time.Time{})
	require.NoError(t, err)
	for _, g := range gauges {
		require.True(t, g.Used.IsZero(), "limits: %+v", g)
	}
}

// require makes sure that just these calls are in force, and that the money of the ledger is theirs.
func (i *imports) require(want map[calls.ID]bool) {
	i.tb.Helper()
	require.EventuallyWithT(i.tb, func(c *assert.CollectT) {
		records, err := i.world.store.InForce(i.tb.Context(), clickhouse.Filter{Tenant: "tenant-0"}, 1000)
		assert.NoError(c, err)
		got := make(map[calls.ID]bool)
		sum := ledger.Use{}
		for n := range records {
			assert.False(c, got[records[n].Call], "twice")
			got[records[n].Call] = true
			sum, err = sum.Add(ledger.Use{Money: records[n].Sale})
			assert.NoError(c, err)
		}
		assert.Len(c, got, len(want))
		for call := range want {
			assert.True(c, got[call])
		}
		assert.Equal(c, sum.Money, i.usage(ledger.Tenant("tenant-0", rub())))
	}, 30*time.Second, 50*time.Millisecond)
}
