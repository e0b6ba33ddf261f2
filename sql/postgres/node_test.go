package postgres_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"trunkline/ledger"
	"trunkline/sql/postgres"
)

// register starts a process on the folder of a proxy whose identity is its name.
func register(tb testing.TB, l *postgres.Ledger, node string) ledger.Standing {
	tb.Helper()
	s, err := l.Register(tb.Context(), ledger.Life{Node: node + "-id", Name: node, Life: "one"})
	require.NoError(tb, err)
	return s
}

func beat(tb testing.TB, l *postgres.Ledger, node string, clean int64) ledger.Standing {
	tb.Helper()
	register(tb, l, node)
	s, err := l.Beat(tb.Context(), ledger.Life{Node: node + "-id", Life: "one"}, clean)
	require.NoError(tb, err)
	return s
}

// settle has the books get as far as proxies have come.
func settle(tb testing.TB, l *postgres.Ledger) {
	tb.Helper()
	nodes, err := l.Nodes(tb.Context())
	require.NoError(tb, err)
	require.NoError(tb, l.Settled(tb.Context(), nodes))
}

func expire(tb testing.TB, l *postgres.Ledger) int64 {
	tb.Helper()
	n, err := l.Expire(tb.Context())
	require.NoError(tb, err)
	return n
}

// of makes a request one of a proxy.
func of(r ledger.HoldRequest, node string) ledger.HoldRequest {
	r.Node = node + "-id"
	return r
}

// TestExpire gives back what is held for calls of a proxy only when it has said that they are over and all it said is accounted for, or it
// was given up. Clocks say nothing: neither that of the proxy nor that of the worker.
func TestExpire(t *testing.T) {
	t.Parallel()
	l, c := openLedger(t)
	account := prepaid(t, l, "beauty", "100")
	register(t, l, "proxy-1")
	register(t, l, "proxy-2")
	old, young, other := of(request(account, 1), "proxy-1"), of(request(account, 1), "proxy-1"), of(request(account, 1), "proxy-2")
	old.At = old.At.Add(2 * time.Hour) // A clock that was set back since.
	require.NotZero(t, mustReserve(t, l, old).Granted)
	between := beat(t, l, "proxy-1", -1).Sequence
	require.NotZero(t, mustReserve(t, l, young).Granted)
	require.NotZero(t, mustReserve(t, l, other).Granted)
	c.Advance(30 * 24 * time.Hour)
	settle(t, l)
	require.Zero(t, expire(t, l), "age alone says nothing: a proxy that was down for a month brings the legs of its calls")
	beat(t, l, "proxy-1", between)
	require.Zero(t, expire(t, l), "what it said is not accounted for")
	settle(t, l)
	require.Equal(t, int64(1), expire(t, l), "the proxy says that it knows nothing more of the first")
	holds, err := l.Holds(t.Context(), &account)
	require.NoError(t, err)
	require.Len(t, holds, 2)
	beat(t, l, "proxy-1", beat(t, l, "proxy-1", -1).Sequence)
	settle(t, l)
	require.Equal(t, int64(1), expire(t, l))
	late := of(request(account, 1), "proxy-1")
	require.NotZero(t, mustReserve(t, l, late).Granted)
	settle(t, l)
	require.Zero(t, expire(t, l), "it is younger than what was said")
}

// TestHoldsOfALostHistory: a proxy knows of holds that the ledger has not made, so the ledger was restored from a backup. What the proxy
// says of those is not taken for what it says of the holds that got their numbers since.
func TestHoldsOfALostHistory(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "100")
	register(t, l, "proxy-1")
	require.NotZero(t, mustReserve(t, l, of(request(account, 1), "proxy-1")).Granted, "of a call in progress")
	const lost = 1 << 40
	now := beat(t, l, "proxy-1", lost).Sequence
	require.Greater(t, now, int64(lost), "the hold has a number above")
	settle(t, l)
	require.Zero(t, expire(t, l))
	beat(t, l, "proxy-1", lost)
	settle(t, l)
	require.Zero(t, expire(t, l), "the call goes on")
	beat(t, l, "proxy-1", now)
	settle(t, l)
	require.Equal(t, int64(1), expire(t, l), "it is over")
}

func TestGiveUp(t *testing.T) {
	t.Parallel()
	_, c := openLedger(t)
	db := open(t)
	l := postgres.NewLedger(db, c)
	account := prepaid(t, l, "beauty", "100")
	register(t, l, "proxy-1")
	require.NotZero(t, mustReserve(t, l, of(request(account, 1), "proxy-1")).Granted)
	require.ErrorIs(t, l.GiveUp(t.Context(), "nobody", "gone"), ledger.ErrNoNode)
	require.ErrorIs(t, l.GiveUp(t.Context(), "proxy-1", ""), ledger.ErrNoNode, "it takes a reason")
	require.NoError(t, l.GiveUp(t.Context(), "proxy-1", "its disk burnt"))
	require.Zero(t, expire(t, l), "its call may go on")
	_, err := db.Pool().Exec(t.Context(), `UPDATE hold SET kept_at = kept_at - interval '1 hour'`)
	require.NoError(t, err)
	nodes, err := l.Nodes(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), nodes[0].Overdue)
	require.Equal(t, int64(1), expire(t, l))
	requireMoney(t, l, account, "0", "100")
	_, err = l.Beat(t.Context(), ledger.Life{Node: "proxy-1-id", Life: "one"}, -1)
	require.ErrorIs(t, err, ledger.ErrNoNode, "it has to be registered again")
	register(t, l, "proxy-1")
	nodes, err = l.Nodes(t.Context())
	require.NoError(t, err)
	require.True(t, nodes[0].GivenUp.IsZero(), "it is back")
}

// TestTwoProxiesOfOneName: a second folder does not get the name, until the first is given up; then what the first held stays held until its
// calls must be over.
func TestTwoProxiesOfOneName(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "10")
	register(t, l, "proxy-1")
	require.NotZero(t, mustReserve(t, l, of(request(account, 5), "proxy-1")).Granted)
	another := ledger.Life{Node: uuid.NewString(), Name: "proxy-1", Life: "x", New: true}
	_, err := l.Register(t.Context(), another)
	require.ErrorIs(t, err, ledger.ErrNodeTaken)
	require.ErrorContains(t, err, "trunkline node give-up proxy-1")
	_, err = l.Beat(t.Context(), ledger.Life{Node: another.Node, Life: "x"}, 1<<40)
	require.ErrorIs(t, err, ledger.ErrNoNode)
	require.NoError(t, l.GiveUp(t.Context(), "proxy-1", "its disk burnt"))
	s, err := l.Register(t.Context(), another)
	require.NoError(t, err)
	_, err = l.Beat(t.Context(), ledger.Life{Node: another.Node, Life: "x"}, s.Sequence)
	require.NoError(t, err)
	settle(t, l)
	require.Zero(t, expire(t, l), "the new one cannot say that the calls of the old one are over")
	requireMoney(t, l, account, "5.5", "4.5")
	_, err = l.Register(t.Context(), ledger.Life{Node: "proxy-1-id", Name: "proxy-1", Life: "one"})
	require.ErrorIs(t, err, ledger.ErrNodeTaken, "the old one may come back under another name")
	_, err = l.Register(t.Context(), ledger.Life{Node: "proxy-1-id", Name: "proxy-9", Life: "one"})
	require.NoError(t, err)
}

// TestCopiedFolder: two processes on copies of one folder. The one that was started first notices, and until somebody has said what became of
// it, nothing that either says has holds given back.
func TestCopiedFolder(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "10")
	life := ledger.Life{Node: "id", Name: "proxy-1", Life: "a"}
	_, err := l.Register(t.Context(), life)
	require.NoError(t, err)
	r := request(account, 5)
	r.Node = "id"
	require.NotZero(t, mustReserve(t, l, r).Granted)
	copied := ledger.Life{Node: "id", Name: "proxy-1", Life: "b", Former: []string{"a"}}
	s, err := l.Register(t.Context(), copied)
	require.NoError(t, err, "it may be the first one, which was killed")
	require.False(t, s.Disputed)
	for range 2 {
		_, err = l.Beat(t.Context(), ledger.Life{Node: "id", Life: "a"}, s.Sequence)
		require.ErrorIs(t, err, ledger.ErrNodeTwice)
	}
	s, err = l.Beat(t.Context(), ledger.Life{Node: "id", Life: "b"}, s.Sequence)
	require.NoError(t, err)
	require.True(t, s.Disputed, "the other one hears of it, too")
	settle(t, l)
	require.Zero(t, expire(t, l))
	_, err = l.Register(t.Context(), ledger.Life{Node: "id", Name: "proxy-1", Life: "c", Former: []string{"a"}})
	require.ErrorIs(t, err, ledger.ErrNodeCopy, "the first copy is behind")
	require.ErrorContains(t, err, "node.json")
	require.NoError(t, l.Resolve(t.Context(), "proxy-1", "the clone was switched off"))
	s, err = l.Beat(t.Context(), ledger.Life{Node: "id", Life: "b"}, s.Sequence)
	require.NoError(t, err)
	require.False(t, s.Disputed)
	settle(t, l)
	require.Equal(t, int64(1), expire(t, l))
}

// TestLedgerThatWentBack knows an earlier life of the proxy: it is no copy, and its signs of life are none of another process.
func TestLedgerThatWentBack(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	_, err := l.Register(t.Context(), ledger.Life{Node: "id", Name: "proxy-1", Life: "a"})
	require.NoError(t, err)
	life := ledger.Life{Node: "id", Name: "proxy-1", Life: "d", Former: []string{"a", "b", "c"}}
	_, err = l.Beat(t.Context(), life, -1)
	require.ErrorIs(t, err, ledger.ErrNoNode, "it is to be registered again")
	s, err := l.Register(t.Context(), life)
	require.NoError(t, err)
	require.False(t, s.Disputed)
	_, err = l.Beat(t.Context(), life, -1)
	require.NoError(t, err)
}

// TestFormerVersionOfNodes takes over what was known by name alone: a folder that is there already may, a new one where nothing is held.
func TestFormerVersionOfNodes(t *testing.T) {
	t.Parallel()
	db := open(t)
	_, c := openLedger(t)
	l := postgres.NewLedger(db, c)
	account := prepaid(t, l, "beauty", "10")
	_, err := db.Pool().Exec(t.Context(), `INSERT INTO node (id, name, seen_at) VALUES ('proxy-1', 'proxy-1', now())`)
	require.NoError(t, err)
	require.NotZero(t, mustReserve(t, l, request(account, 5)).Granted)
	_, err = l.Register(t.Context(), ledger.Life{Node: "id", Name: "proxy-1", Life: "a", New: true})
	require.ErrorIs(t, err, ledger.ErrNodeTaken)
	s, err := l.Register(t.Context(), ledger.Life{Node: "id", Name: "proxy-1", Life: "a"})
	require.NoError(t, err)
	_, err = l.Beat(t.Context(), ledger.Life{Node: "id", Life: "a"}, s.Sequence)
	require.NoError(t, err)
	settle(t, l)
	require.Equal(t, int64(1), expire(t, l), "its holds are those of the identity now")
}

// TestDeadLegKeepsItsHold until it is rated.
func TestDeadLegKeepsItsHold(t *testing.T) {
	t.Parallel()
	db := open(t)
	_, c := openLedger(t)
	l := postgres.NewLedger(db, c)
	account := prepaid(t, l, "beauty", "10")
	register(t, l, "proxy-1")
	r := of(request(account, 5), "proxy-1")
	require.NotZero(t, mustReserve(t, l, r).Granted)
	_, err := db.Pool().Exec(t.Context(), `WITH b AS (INSERT INTO batch (source, legs, records, dead, blob, made_at) VALUES ('test', 1, 0, 1, '', now()) RETURNING id)
		INSERT INTO dead_leg (call, seq, reason, detail, message, batch, died_at) SELECT $1, 0, 'no_rate', 'x', '', id, now() FROM b`, [16]byte(r.Call))
	require.NoError(t, err)
	beat(t, l, "proxy-1", 1<<40)
	settle(t, l)
	require.Zero(t, expire(t, l))
	require.NoError(t, l.GiveUp(t.Context(), "proxy-1", "its disk burnt"))
	_, err = db.Pool().Exec(t.Context(), `UPDATE hold SET kept_at = kept_at - interval '1 hour'`)
	require.NoError(t, err)
	require.Zero(t, expire(t, l))
	_, err = db.Pool().Exec(t.Context(), `UPDATE dead_leg SET settled_by = batch`)
	require.NoError(t, err)
	require.Equal(t, int64(1), expire(t, l))
}
