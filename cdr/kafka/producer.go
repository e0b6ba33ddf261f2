package kafka

import (
	"context"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"trunkline/cdr"
)

const (
	produceWait  = 2 * time.Millisecond // How long the client gathers a batch; the spool has gathered already.
	produceBatch = 128                  // The client makes room for so many at once, for each part of the topic and every Send.
	produceBytes = 4 << 20
	reasonHeader = "reason"
)

// Producer sends legs to one topic. It is safe for concurrent use.
type Producer struct {
	topic  string
	writer *kafkago.Writer
}

// NewProducer returns a producer for a topic. A leg is taken when all copies that the topic asks for have it; legs of one
// call keep their order.
func NewProducer(c Config, topic string) *Producer {
	return &Producer{topic, &kafkago.Writer{
		Addr:         kafkago.TCP(c.Brokers...),
		Topic:        topic,
		Balancer:     &kafkago.Hash{},
		RequiredAcks: kafkago.RequireAll,
		BatchTimeout: produceWait,
		BatchSize:    produceBatch,
		BatchBytes:   produceBytes,
		WriteTimeout: askLimit,
		ReadTimeout:  askLimit,
		MaxAttempts:  3,
		// The topics are made with their partitions by EnsureTopics; a broker's own default would be wrong.
		AllowAutoTopicCreation: false,
		Transport:              &kafkago.Transport{DialTimeout: askLimit, ClientID: "trunkline"},
	}}
}

// Send hands legs to the topic and returns when it has them. After an error it may have some; send them again.
func (p *Producer) Send(ctx context.Context, legs []cdr.Envelope) error {
	messages := make([]kafkago.Message, len(legs))
	for i := range legs {
		messages[i] = kafkago.Message{Key: legs[i].Key[:], Value: legs[i].Value}
		if legs[i].Reason != "" {
			messages[i].Headers = []kafkago.Header{{Key: reasonHeader, Value: []byte(legs[i].Reason)}}
		}
	}
	if err := p.writer.WriteMessages(ctx, messages...); err != nil {
		return fmt.Errorf("send %d legs to %s: %w", len(legs), p.topic, err)
	}
	return nil
}

// Close ends the producer.
func (p *Producer) Close() error {
	err := p.writer.Close()
	if t, ok := p.writer.Transport.(*kafkago.Transport); ok {
		t.CloseIdleConnections()
	}
	if err != nil {
		return fmt.Errorf("close the producer of %s: %w", p.topic, err)
	}
	return nil
}
