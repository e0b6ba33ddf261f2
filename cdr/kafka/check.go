package kafka

import (
	"context"
	"encoding/hex"
	"fmt"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"trunkline/cdr"
)

// Check compares marks with the topic: its id (KIP-516), its ends, and the message before each mark. A mark that was never
// checked before is taken for one of this topic.
func (c *Consumer) Check(ctx context.Context, marks []cdr.Mark) (fit []cdr.Mark, breaks []cdr.Break, err error) {
	return Check(ctx, c.cfg, c.topic, marks)
}

// Check is Consumer.Check for whoever reads no messages.
func Check(ctx context.Context, c Config, topic string, marks []cdr.Mark) (fit []cdr.Mark, breaks []cdr.Break, err error) {
	if len(marks) == 0 {
		return nil, nil, nil
	}
	id, err := c.topicID(ctx, topic)
	if err != nil {
		return nil, nil, err
	}
	parts := make([]int, 0, len(marks))
	for _, m := range marks {
		parts = append(parts, m.Part)
	}
	ends, err := c.bounds(ctx, topic, parts)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range marks {
		b, err := c.compare(ctx, topic, id, m, ends[m.Part])
		switch {
		case err != nil:
			return nil, nil, err
		case b != nil:
			breaks = append(breaks, *b)
		default:
			m.Topic = id
			fit = append(fit, m)
		}
	}
	return fit, breaks, nil
}

// compare returns the break of a mark, or nil for one that fits.
func (c Config) compare(ctx context.Context, topic, id string, m cdr.Mark, b bounds) (*cdr.Break, error) {
	out := &cdr.Break{Mark: m, Now: cdr.Mark{Part: m.Part, Next: b.first, Topic: id}, Lost: -1}
	switch {
	case m.Topic != "" && id != "" && m.Topic != id:
		out.Kind = cdr.BreakTopic
		out.Cause = fmt.Sprintf("the topic was made anew: its id was %s and is %s; what the former one had from offset %d on was never read", m.Topic, id, m.Next)
	case m.Next > b.next:
		out.Kind = cdr.BreakBack
		out.Cause = fmt.Sprintf("the topic ends at offset %d and was read up to %d: it went back in time or was made anew", b.next, m.Next)
	case m.Next < b.first:
		out.Kind, out.Lost = cdr.BreakRemoved, b.first-m.Next
		out.Cause = fmt.Sprintf("%d messages, offsets %d to %d, were removed from the topic before they were read: raise its retention", out.Lost, m.Next, b.first-1)
	case m.Last != 0 && m.Next > b.first:
		last, err := c.messageAt(ctx, topic, m.Part, m.Next-1)
		if err != nil || last.Fingerprint() == m.Last {
			return nil, err
		}
		out.Kind = cdr.BreakBack
		out.Cause = fmt.Sprintf("the topic has another message at offset %d than the one that was read there: it went back in time", m.Next-1)
	default:
		return nil, nil //nolint:nilnil // It fits.
	}
	return out, nil
}

// topicID returns the id of a topic; empty where the brokers know none (before Kafka 2.8).
func (c Config) topicID(ctx context.Context, topic string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Brokers...), kgo.ClientID("trunkline"))
	if err != nil {
		return "", fmt.Errorf("id of topic %s: %w", topic, err)
	}
	defer client.Close()
	request := kmsg.NewPtrMetadataRequest()
	one := kmsg.NewMetadataRequestTopic()
	one.Topic = &topic
	request.Topics = append(request.Topics, one)
	answer, err := request.RequestWith(ctx, client)
	if err != nil {
		return "", fmt.Errorf("id of topic %s: %w", topic, err)
	}
	for _, t := range answer.Topics {
		if t.Topic == nil || *t.Topic != topic {
			continue
		}
		if t.ErrorCode != 0 {
			return "", fmt.Errorf("id of topic %s: %w", topic, kafkago.Error(t.ErrorCode))
		}
		if t.TopicID == [16]byte{} {
			return "", nil
		}
		return hex.EncodeToString(t.TopicID[:]), nil
	}
	return "", fmt.Errorf("id of topic %s: %w", topic, kafkago.UnknownTopicOrPartition)
}

// messageAt returns the message at an offset; one without a value if there is none.
func (c Config) messageAt(ctx context.Context, topic string, part int, offset int64) (cdr.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	message := cdr.Message{Part: part, Offset: offset}
	_, err := Again{c}.fetch(ctx, topic, part, offset, offset+1, func(m cdr.Message) error { message = m; return nil })
	if err != nil {
		return message, fmt.Errorf("topic %s, partition %d, offset %d: %w", topic, part, offset, err)
	}
	return message, nil
}
