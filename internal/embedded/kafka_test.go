package embedded_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"trunkline/internal/embedded"
)

const topic = "legs"

func kafkaClient(t *testing.T, addrs []string) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addrs...), kgo.ConsumeTopics(topic), kgo.DefaultProduceTopic(topic))
	require.NoError(t, err)
	return client
}

func createTopic(t *testing.T, client *kgo.Client) {
	t.Helper()
	wanted := kmsg.NewCreateTopicsRequestTopic()
	wanted.Topic, wanted.NumPartitions, wanted.ReplicationFactor = topic, 4, 1
	request := kmsg.NewCreateTopicsRequest()
	request.Topics = append(request.Topics, wanted)
	answer, err := request.RequestWith(t.Context(), client)
	require.NoError(t, err)
	require.Zero(t, answer.Topics[0].ErrorCode)
}

func TestKafkaKeepsItsLogOverRestart(t *testing.T) {
	dir := tempDir(t)
	folder := open(t, dir)
	first := startKafka(t, folder)
	require.Equal(t, embedded.StateReady, first.Health().State)
	client := kafkaClient(t, first.Addrs())
	createTopic(t, client)
	require.NoError(t, client.ProduceSync(t.Context(), kgo.StringRecord("one"), kgo.StringRecord("two")).FirstErr())
	client.Close()
	stop(t, folder, first)

	folder = open(t, dir)
	second := startKafka(t, folder)
	require.Equal(t, first.Addrs(), second.Addrs())
	client = kafkaClient(t, second.Addrs())
	records := client.PollRecords(t.Context(), 10).Records()
	for len(records) < 2 {
		records = append(records, client.PollRecords(t.Context(), 10).Records()...)
	}
	require.Len(t, records, 2)
	client.Close()
	stop(t, folder, second)
}

func TestKafkaPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	folder := open(t, tempDir(t))
	_, err = embedded.StartKafka(t.Context(), folder, embedded.KafkaOptions{Port: taken.Addr().(*net.TCPAddr).Port})
	require.ErrorIs(t, err, embedded.ErrPortTaken)
	require.ErrorContains(t, err, "TRUNKLINE_KAFKA_PORT")
	require.NoError(t, taken.Close())
	require.NoError(t, folder.Close())
}
