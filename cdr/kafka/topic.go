package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// The topics.
const (
	LegsTopic = "trunkline.legs.v1"   // Every leg, keyed by its call.
	DeadTopic = "trunkline.legs.dead" // Copies of legs that could not be rated.
)

// ErrParts is returned for a topic that has fewer parts than wanted: they cannot be added without moving calls between
// them, so that is left to the operator.
var ErrParts = errors.New("the topic has another number of partitions")

const askLimit = 10 * time.Second

// Config says which brokers to talk to.
type Config struct {
	Brokers []string // host:port.
	Log     *slog.Logger
}

// Topic is one to be made where it is missing.
type Topic struct {
	Name        string
	Parts       int               // Partitions.
	Replication int               // Copies of each; 1 on a single broker.
	Settings    map[string]string // As Kafka names them, for example "retention.ms".
}

// ask lends a client with connections of its own, which are closed afterwards: questions are rare, and a connection that
// is kept for the next one may have died with its broker meanwhile.
func ask[R any](c Config, question func(*kafkago.Client) (R, error)) (R, error) {
	transport := &kafkago.Transport{DialTimeout: askLimit, ClientID: "trunkline"}
	defer transport.CloseIdleConnections()
	return question(&kafkago.Client{Addr: kafkago.TCP(c.Brokers...), Timeout: askLimit, Transport: transport})
}

// settleLimit is how long a cluster that has just been started is waited for.
const settleLimit = 30 * time.Second

// EnsureTopics makes the topics that are missing. Those that are there are left as they are; one with another number of
// partitions is ErrParts. A cluster that is not ready yet is waited for, for half a minute. It may be repeated.
func EnsureTopics(ctx context.Context, c Config, topics ...Topic) error {
	wait, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	for {
		err := ensureTopics(ctx, c, topics)
		if err == nil || !unsettled(err) || wait.Err() != nil {
			return err
		}
		c.Log.InfoContext(ctx, "the brokers are not ready yet", "error", err)
		pause(wait, errorPause)
	}
}

// unsettled reports whether an error is what brokers answer that were started a moment ago.
func unsettled(err error) bool {
	answer, ok := errors.AsType[kafkago.Error](err)
	return ok && (answer.Temporary() || answer == kafkago.BrokerNotAvailable || answer == kafkago.UnknownTopicOrPartition)
}

func ensureTopics(ctx context.Context, c Config, topics []Topic) error {
	request := &kafkago.CreateTopicsRequest{}
	for _, t := range topics {
		config := kafkago.TopicConfig{Topic: t.Name, NumPartitions: max(1, t.Parts), ReplicationFactor: max(1, t.Replication)}
		for name, value := range t.Settings {
			config.ConfigEntries = append(config.ConfigEntries, kafkago.ConfigEntry{ConfigName: name, ConfigValue: value})
		}
		request.Topics = append(request.Topics, config)
	}
	response, err := ask(c, func(client *kafkago.Client) (*kafkago.CreateTopicsResponse, error) {
		return client.CreateTopics(ctx, request)
	})
	if err != nil {
		return fmt.Errorf("make topics at %s: %w", strings.Join(c.Brokers, ", "), err)
	}
	for name, err := range response.Errors {
		if err != nil && !errors.Is(err, kafkago.TopicAlreadyExists) {
			return fmt.Errorf("make topic %s: %w", name, err)
		}
	}
	for _, t := range topics {
		n, err := c.parts(ctx, t.Name)
		if err != nil {
			return err
		}
		if n != max(1, t.Parts) {
			return fmt.Errorf("%w: %s has %d, %d are wanted", ErrParts, t.Name, n, t.Parts)
		}
	}
	return nil
}

func (c Config) metadata(ctx context.Context, topics ...string) (*kafkago.MetadataResponse, error) {
	return ask(c, func(client *kafkago.Client) (*kafkago.MetadataResponse, error) {
		return client.Metadata(ctx, &kafkago.MetadataRequest{Topics: topics})
	})
}

// parts returns the number of partitions of a topic.
func (c Config) parts(ctx context.Context, topic string) (int, error) {
	response, err := c.metadata(ctx, topic)
	if err != nil {
		return 0, fmt.Errorf("look at topic %s: %w", topic, err)
	}
	for _, t := range response.Topics {
		if t.Name == topic {
			return len(t.Partitions), t.Error
		}
	}
	return 0, fmt.Errorf("look at topic %s: %w", topic, kafkago.UnknownTopicOrPartition)
}

// bounds are the first offset that a part still has, and the one that its next message will get.
type bounds struct{ first, next int64 }

func (c Config) bounds(ctx context.Context, topic string, parts []int) (map[int]bounds, error) {
	var asked []kafkago.OffsetRequest
	for _, p := range parts {
		asked = append(asked, kafkago.FirstOffsetOf(p), kafkago.LastOffsetOf(p))
	}
	response, err := ask(c, func(client *kafkago.Client) (*kafkago.ListOffsetsResponse, error) {
		return client.ListOffsets(ctx, &kafkago.ListOffsetsRequest{Topics: map[string][]kafkago.OffsetRequest{topic: asked}})
	})
	if err != nil {
		return nil, fmt.Errorf("offsets of topic %s: %w", topic, err)
	}
	out := make(map[int]bounds, len(parts))
	for _, p := range response.Topics[topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("offsets of topic %s, partition %d: %w", topic, p.Partition, p.Error)
		}
		out[p.Partition] = bounds{p.FirstOffset, p.LastOffset}
	}
	return out, nil
}

// Ends returns, for each part of a topic, the offset that its next message will get: less the mark of its reader it is
// how many legs wait.
func Ends(ctx context.Context, c Config, topic string) (map[int]int64, error) {
	n, err := c.parts(ctx, topic)
	if err != nil {
		return nil, err
	}
	parts := make([]int, n)
	for i := range parts {
		parts[i] = i
	}
	all, err := c.bounds(ctx, topic, parts)
	if err != nil {
		return nil, err
	}
	out := make(map[int]int64, n)
	for part, b := range all {
		out[part] = b.next
	}
	return out, nil
}

// Ping asks the brokers for a sign of life.
func Ping(ctx context.Context, c Config) error {
	if _, err := c.metadata(ctx); err != nil {
		return fmt.Errorf("kafka at %s: %w", strings.Join(c.Brokers, ", "), err)
	}
	return nil
}
