package enginetest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"trunkline/internal/embedded/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func TestPostgresDatabasesAreSeparate(t *testing.T) {
	for range 2 {
		conn, err := pgx.Connect(t.Context(), enginetest.Postgres(t))
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), "CREATE TABLE only_once (id int)")
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
	}
}

// TestPostgresCopies: each copy has what the pattern has, and what one gets of its own no other has. The pattern is set up once.
func TestPostgresCopies(t *testing.T) {
	asked := 0
	prepare := func(ctx context.Context, dsn string) error {
		asked++
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "CREATE TABLE pattern (id int)")
		return errors.Join(err, conn.Close(ctx))
	}
	for range 2 {
		conn, err := pgx.Connect(t.Context(), enginetest.PostgresLike(t, prepare))
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), "INSERT INTO pattern VALUES (1)")
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), "CREATE TABLE only_once (id int)")
		require.NoError(t, err)
		var rows int
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM pattern").Scan(&rows))
		require.Equal(t, 1, rows)
		require.NoError(t, conn.Close(t.Context()))
	}
	require.LessOrEqual(t, asked, 1)
}

func TestClickHouseDatabasesAreSeparate(t *testing.T) {
	for range 2 {
		opts, err := clickhouse.ParseDSN(enginetest.ClickHouse(t))
		require.NoError(t, err)
		conn, err := clickhouse.Open(opts)
		require.NoError(t, err)
		require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE only_once (id UInt8) ENGINE = MergeTree ORDER BY id"))
		require.NoError(t, conn.Close())
	}
}

func TestKafkaKeepsItsLogOverRestart(t *testing.T) {
	topic := enginetest.Name(t)
	client, err := kgo.NewClient(kgo.SeedBrokers(enginetest.Kafka(t)...), kgo.ConsumeTopics(topic),
		kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic(topic))
	require.NoError(t, err)
	defer client.Close()
	before := enginetest.Kafka(t)
	enginetest.RestartKafka(t)
	require.Equal(t, before, enginetest.Kafka(t))
	require.NoError(t, client.Ping(t.Context()))
}

func TestKilledEnginesComeBack(t *testing.T) {
	dsn := enginetest.Postgres(t)
	enginetest.KillPostgres(t)()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))

	opts, err := clickhouse.ParseDSN(enginetest.ClickHouse(t))
	require.NoError(t, err)
	enginetest.KillClickHouse(t)()
	house, err := clickhouse.Open(opts)
	require.NoError(t, err)
	require.NoError(t, house.Ping(t.Context()))
	require.NoError(t, house.Close())
}
