package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"trunkline/cdr/kafka"
	"trunkline/internal/clock"
	"trunkline/rating"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

// ledgerBackup is a copy of the database of a world, made and put back by PostgreSQL's own means.
type ledgerBackup struct {
	w    *world
	dsn  string
	name string
}

// newRestorable makes a world whose ledger is in a database that can be put back.
func newRestorable(t *testing.T) (*world, *ledgerBackup) {
	t.Helper()
	w := newWorld(t, 1)
	u, err := url.Parse(w.dsn)
	require.NoError(t, err)
	return w, &ledgerBackup{w: w, dsn: w.dsn, name: strings.TrimPrefix(u.Path, "/")}
}

func (b *ledgerBackup) open(t *testing.T) {
	t.Helper()
	b.w.db.Close()
	var err error
	b.w.db, err = postgres.Open(context.Background(), b.dsn, postgres.Options{})
	require.NoError(t, err)
	b.w.books, err = postgres.NewBooks(b.w.db, clock.System{})
	require.NoError(t, err)
	b.w.ledger = postgres.NewLedger(b.w.db, clock.System{})
}

// other runs a statement from another database, while nobody is in that of the world.
func (b *ledgerBackup) other(t *testing.T, statements ...string) {
	t.Helper()
	b.w.db.Close()
	u, err := url.Parse(b.dsn)
	require.NoError(t, err)
	u.Path = "/postgres"
	conn, err := pgx.Connect(t.Context(), u.String())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	for _, s := range statements {
		_, err := conn.Exec(t.Context(), s)
		require.NoError(t, err, s)
	}
	b.open(t)
}

func (b *ledgerBackup) take(t *testing.T) {
	t.Helper()
	b.other(t, fmt.Sprintf(`CREATE DATABASE "%s_copy" TEMPLATE "%s"`, b.name, b.name))
}

func (b *ledgerBackup) putBack(t *testing.T) {
	t.Helper()
	b.other(t, fmt.Sprintf(`DROP DATABASE "%s" WITH (FORCE)`, b.name), fmt.Sprintf(`CREATE DATABASE "%s" TEMPLATE "%s_copy"`, b.name, b.name))
}

// tables are all of the store of calls that hold something.
func tables() []string {
	return []string{"cdr", "cdr_sum"}
}

func (w *world) callsDB() *clickhouse.DB { return w.house }

// takeCalls copies the store of calls, putBackCalls puts the copy in its place.
func (w *world) takeCalls(t *testing.T) {
	t.Helper()
	for _, table := range tables() {
		require.NoError(t, w.callsDB().Conn().Exec(t.Context(), "CREATE TABLE copy_of_"+table+" AS "+table))
		require.NoError(t, w.callsDB().Conn().Exec(t.Context(), "ALTER TABLE copy_of_"+table+" ATTACH PARTITION ALL FROM "+table))
	}
}

func (w *world) putBackCalls(t *testing.T) {
	t.Helper()
	for _, table := range tables() {
		require.NoError(t, w.callsDB().Conn().Exec(t.Context(), "TRUNCATE TABLE "+table))
		require.NoError(t, w.callsDB().Conn().Exec(t.Context(), "ALTER TABLE "+table+" ATTACH PARTITION ALL FROM copy_of_"+table))
	}
}

// makeAnew makes the topic anew.
func (w *world) makeAnew(t *testing.T) {
	t.Helper()
	transport := &kafkago.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafkago.Client{Addr: kafkago.TCP(w.cfg.Brokers...), Timeout: time.Minute, Transport: transport}
	_, err := client.DeleteTopics(t.Context(), &kafkago.DeleteTopicsRequest{Topics: []string{w.topic}})
	require.NoError(t, err)
	require.NoError(t, kafka.EnsureTopics(t.Context(), w.cfg, kafka.Topic{Name: w.topic, Parts: w.parts}))
}

// repairer is a repair of the world's stores.
func (w *world) repairer() *repair.Repair {
	return &repair.Repair{
		Ledger: w.books, Calls: w.store, Incidents: w.books, Topic: kafka.Again{Config: w.cfg}, Log: slog.New(slog.DiscardHandler),
		Worker: worker.New(worker.Config{
			Books: w.books, Calls: w.store, Prices: func() worker.Prices { return w.prices }, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		}),
	}
}

// life lets a worker work until all is settled.
func (w *world) life() {
	w.tb.Helper()
	agreed := make(chan struct{})
	var once sync.Once
	r := w.start(func(p *wiring) {
		p.take = kafka.Take{Most: 40, Linger: 5 * time.Millisecond}
		p.agree = func(ctx context.Context) error {
			_, err := w.repairer().Look(ctx)
			if err == nil {
				once.Do(func() { close(agreed) })
			}
			return err
		}
	})
	<-agreed
	w.settled()
	r.stop()
}

func (w *world) requireNothingDiffers() {
	w.tb.Helper()
	d, err := repair.Compare(w.tb.Context(), w.books, w.store)
	require.NoError(w.tb, err)
	require.True(w.tb, d.None(), "%+v", d)
}

// TestLedgerGoesBack restores PostgreSQL from a backup, while ClickHouse and the topic have gone on: ids of batches are handed out
// again, and the legs after the backup are rated again. Nothing is dropped, nothing counts twice.
func TestLedgerGoesBack(t *testing.T) {
	t.Parallel()
	w, backup := newRestorable(t)
	legs := w.calls(300)
	w.send(legs[:300])
	w.life()
	backup.take(t)
	w.send(legs[300:600])
	w.life()
	w.requireSums(600)
	backup.putBack(t)
	w.send(legs[600:])
	w.life()
	w.requireSums(len(legs))
	w.requirePrices(legs)
	w.requireNothingDiffers()
	incidents, err := w.books.Incidents(t.Context(), false)
	require.NoError(t, err)
	require.Equal(t, repair.LedgerBack, incidents[len(incidents)-1].Kind)
	require.NotEmpty(t, incidents[len(incidents)-1].Outcome)
}

// TestLedgerGoesBackAndStreamIsGone: legs that only the store of calls still has are accounted for from there.
func TestLedgerGoesBackAndStreamIsGone(t *testing.T) {
	t.Parallel()
	w, backup := newRestorable(t)
	legs := w.calls(200)
	w.send(legs[:300])
	w.life()
	backup.take(t)
	w.send(legs[300:])
	w.life()
	backup.putBack(t)
	w.makeAnew(t)
	w.life()
	w.requireSums(len(legs))
	w.requirePrices(legs)
	w.requireNothingDiffers()
}

// TestCallsGoBack restores ClickHouse from a backup: what it lost is filled in from what the ledger keeps packed, or from the topic.
func TestCallsGoBack(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]bool{"packed records are kept": false, "from the topic": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := newRestorable(t)
			if forget { // What an allowance stood at cannot be known any more, so prices without one are used.
				var err error
				w.prices.tariff, err = rating.FlatTariff(deck(t, "prices", rub(), "1.234567"), rating.DefaultRounding())
				require.NoError(t, err)
			}
			legs := w.calls(300)
			w.send(legs[:300])
			w.life()
			w.takeCalls(t)
			w.send(legs[300:600])
			w.life()
			if forget {
				_, err := w.books.ForgetPacked(t.Context(), time.Now().Add(time.Hour)) //nolint:forbidigo // All of them.
				require.NoError(t, err)
			}
			w.putBackCalls(t)
			w.send(legs[600:])
			w.life()
			w.requireSums(len(legs))
			w.requirePrices(legs)
			w.requireNothingDiffers()
		})
	}
}

// TestCallsLoseSomeRows: some rows of many batches are gone, and one batch is there twice.
func TestCallsLoseSomeRows(t *testing.T) {
	t.Parallel()
	w, _ := newRestorable(t)
	legs := w.calls(200)
	w.send(legs)
	w.life()
	conn := w.callsDB().Conn()
	require.NoError(t, conn.Exec(t.Context(), "ALTER TABLE cdr DELETE WHERE cityHash64(call) % 3 = 0 SETTINGS mutations_sync = 2"))
	require.NoError(t, conn.Exec(t.Context(), "INSERT INTO cdr SELECT * FROM cdr WHERE batch = (SELECT max(batch) FROM cdr) SETTINGS insert_deduplicate = 0"))
	result, err := w.repairer().Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, result.Missing)
	require.NotZero(t, result.Refilled)
	w.requireSums(len(legs))
	w.requirePrices(legs)
	again, err := w.repairer().Run(t.Context())
	require.NoError(t, err)
	require.True(t, again.None(), "a second run finds nothing")
}

// TestWhatIsMissingIsTold: what neither is kept nor on the stream is listed, with since when.
func TestWhatIsMissingIsTold(t *testing.T) {
	t.Parallel()
	w, _ := newRestorable(t)
	legs := w.calls(60)
	w.send(legs)
	w.life()
	before, err := w.books.LastBatch(t.Context())
	require.NoError(t, err)
	_, err = w.books.ForgetPacked(t.Context(), time.Now().Add(time.Hour)) //nolint:forbidigo // All of them.
	require.NoError(t, err)
	w.makeAnew(t)
	require.NoError(t, w.callsDB().Conn().Exec(t.Context(), "TRUNCATE TABLE cdr"))
	result, err := w.repairer().Run(t.Context())
	require.NoError(t, err)
	require.Len(t, result.Missing, int(before))
	require.False(t, result.Since.IsZero())
	open, err := w.books.Incidents(t.Context(), true)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, repair.Missing, open[0].Kind)
}

// TestTopicIsMadeAnew: while the worker is away the topic is made anew and gets more legs than it had.
func TestTopicIsMadeAnew(t *testing.T) {
	t.Parallel()
	w, _ := newRestorable(t)
	legs := w.calls(300)
	w.send(legs[:200])
	w.life()
	w.makeAnew(t)
	w.send(legs[200:])
	w.life()
	w.requireSums(len(legs))
	w.requirePrices(legs)
	open, err := w.books.Incidents(t.Context(), true)
	require.NoError(t, err)
	require.NotEmpty(t, open, "what the former topic had that was never read is not known")
}

// TestAllGoBack restores all three, each from another moment.
func TestAllGoBack(t *testing.T) {
	t.Parallel()
	w, backup := newRestorable(t)
	legs := w.calls(300)
	w.send(legs[:300])
	w.life()
	w.takeCalls(t)
	w.send(legs[300:450])
	w.life()
	backup.take(t)
	w.send(legs[450:600])
	w.life()
	backup.putBack(t)
	w.putBackCalls(t)
	w.makeAnew(t)
	w.send(legs[250:]) // What the spools and the backup of the topic still have.
	w.life()
	w.requireSums(len(legs))
	w.requirePrices(legs)
	w.requireNothingDiffers()
}

// TestStoreOfAnotherLedger: a store of calls is not written over by a ledger that it does not belong to.
func TestStoreOfAnotherLedger(t *testing.T) {
	t.Parallel()
	w, _ := newRestorable(t)
	require.NoError(t, repair.Claim(t.Context(), w.books, w.store))
	require.NoError(t, repair.Claim(t.Context(), w.books, w.store))
	other, _ := newRestorable(t)
	require.ErrorIs(t, repair.Claim(t.Context(), other.books, w.store), repair.ErrOtherLedger)
}
