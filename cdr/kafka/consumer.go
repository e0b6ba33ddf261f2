package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"trunkline/cdr"
)

const (
	fetchBytes  = 8 << 20
	fetchWait   = time.Second // Below the client's read deadline it complains of time-outs.
	queueLength = 4096        // Messages read ahead, in all.
	errorPause  = 500 * time.Millisecond
)

// Consumer reads the parts of a topic that its group gives it. Where to begin is its caller's business: the group only
// deals the parts out. Join, Start, Fetch and Commit are called by one goroutine.
type Consumer struct {
	cfg   Config
	topic string
	take  Take
	group *kafkago.ConsumerGroup

	generation *kafkago.Generation
	drop       chan struct{} // Closed to give the parts back.
	messages   chan cdr.Message
	over       chan struct{} // Closed when the parts were taken away.
}

// Take says how much Fetch returns at a time.
type Take struct {
	Most   int           // Messages; 0: 20,000.
	Linger time.Duration // How long it waits for more after the first; 0: 150 ms.
}

// Where many messages come, it is worth waiting longer for more of them: what follows costs by the delivery, more than by the
// message. With a call now and then, nothing is waited for in vain.
const (
	many     = 64
	manyWait = 650 * time.Millisecond // Beside the time to linger.
)

const (
	defaultMost   = 20_000
	defaultLinger = 150 * time.Millisecond
)

// NewConsumer enters a group of readers of a topic.
func NewConsumer(c Config, topic, group string, take Take) (*Consumer, error) {
	if take.Most <= 0 {
		take.Most = defaultMost
	}
	if take.Linger <= 0 {
		take.Linger = defaultLinger
	}
	quiet := kafkago.LoggerFunc(func(text string, args ...any) { c.Log.Debug("kafka", "text", fmt.Sprintf(text, args...)) })
	g, err := kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{
		ID: group, Brokers: c.Brokers, Topics: []string{topic},
		HeartbeatInterval: time.Second, SessionTimeout: 10 * time.Second, RebalanceTimeout: 10 * time.Second,
		JoinGroupBackoff: time.Second, WatchPartitionChanges: true, ErrorLogger: quiet,
	})
	if err != nil {
		return nil, fmt.Errorf("enter the group %s: %w", group, err)
	}
	return &Consumer{cfg: c, topic: topic, take: take, group: g}, nil
}

// Join gives back what this reader has, waits until the group has dealt parts out, and returns those that came to this
// reader; there may be none. Start has to follow.
func (c *Consumer) Join(ctx context.Context) ([]int, error) {
	if c.drop != nil {
		close(c.drop)
	}
	drop := make(chan struct{})
	c.drop = drop
	for {
		generation, err := c.group.Next(ctx)
		if err == nil {
			c.generation = generation
			generation.Start(func(ctx context.Context) {
				select {
				case <-drop:
				case <-ctx.Done():
				}
			})
			break
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, kafkago.ErrGroupClosed) {
			return nil, fmt.Errorf("join the readers of %s: %w", c.topic, err)
		}
		// The group goes on trying by itself, with a pause between.
		c.cfg.Log.WarnContext(ctx, "the group of readers cannot be joined yet", "topic", c.topic, "error", err)
	}
	var parts []int
	for _, a := range c.generation.Assignments[c.topic] {
		parts = append(parts, a.ID)
	}
	slices.Sort(parts)
	return parts, nil
}

// Start begins to read each part at its mark, which Check found to fit.
func (c *Consumer) Start(_ context.Context, marks []cdr.Mark) error {
	messages, over := make(chan cdr.Message, queueLength), make(chan struct{})
	c.messages, c.over = messages, over
	for _, m := range marks {
		c.generation.Start(func(ctx context.Context) {
			c.read(ctx, m.Part, m.Next, messages)
		})
	}
	c.generation.Start(func(ctx context.Context) {
		<-ctx.Done()
		close(over)
	})
	return nil
}

// read reads one part until the generation ends, which it also does when the part cannot be read on.
func (c *Consumer) read(ctx context.Context, part int, at int64, out chan<- cdr.Message) {
	log := c.cfg.Log.With(slog.String("topic", c.topic), slog.Int("partition", part))
	r := kafkago.NewReader(kafkago.ReaderConfig{
		Brokers: c.cfg.Brokers, Topic: c.topic, Partition: part,
		MinBytes: 1, MaxBytes: fetchBytes, MaxWait: fetchWait, QueueCapacity: queueLength, OffsetOutOfRangeError: true,
	})
	defer func() {
		if err := r.Close(); err != nil {
			log.WarnContext(ctx, "the reader did not close", "error", err)
		}
	}()
	if err := r.SetOffset(at); err != nil {
		log.ErrorContext(ctx, "the part cannot be read", "error", err)
		return
	}
	for {
		m, err := r.FetchMessage(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, kafkago.OffsetOutOfRange), errors.Is(err, kafkago.UnknownTopicOrPartition):
			log.WarnContext(ctx, "the place in the stream is gone; looking again", "error", err)
			return
		case err != nil:
			log.WarnContext(ctx, "the stream cannot be read; trying again", "error", err)
			pause(ctx, errorPause)
			continue
		}
		select {
		case out <- cdr.Message{Part: part, Offset: m.Offset, At: m.Time.UnixMilli(), Value: m.Value}:
		case <-ctx.Done():
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Fetch waits for messages and returns them, in order within each part: as many as came within the time to linger after
// the first, or somewhat longer where many come. It answers cdr.ErrRevoked when the parts were given to another reader; then Join again.
func (c *Consumer) Fetch(ctx context.Context) ([]cdr.Message, error) {
	var batch []cdr.Message
	select {
	case m := <-c.messages:
		batch = append(batch, m)
	case <-c.over:
		return nil, cdr.ErrRevoked
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	batch, err := c.more(ctx, batch, c.take.Linger)
	if err == nil && len(batch) >= many {
		batch, err = c.more(ctx, batch, manyWait)
	}
	return batch, err
}

// more adds what comes within a time, if there is room.
func (c *Consumer) more(ctx context.Context, batch []cdr.Message, wait time.Duration) ([]cdr.Message, error) {
	end := time.NewTimer(wait)
	defer end.Stop()
	for len(batch) < c.take.Most {
		select {
		case m := <-c.messages:
			batch = append(batch, m)
		case <-c.over:
			return nil, cdr.ErrRevoked
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-end.C:
			return batch, nil
		}
	}
	return batch, nil
}

// Commit tells the group up to where the parts were read, for those who look at its lag. Nothing depends on it.
func (c *Consumer) Commit(marks []cdr.Mark) error {
	offsets := make(map[int]int64, len(marks))
	for _, m := range marks {
		offsets[m.Part] = m.Next
	}
	if err := c.generation.CommitOffsets(map[string]map[int]int64{c.topic: offsets}); err != nil {
		return fmt.Errorf("commit offsets of %s: %w", c.topic, err)
	}
	return nil
}

// Leave gives the parts back to the group.
func (c *Consumer) Leave() error {
	if err := c.group.Close(); err != nil {
		return fmt.Errorf("leave the readers of %s: %w", c.topic, err)
	}
	return nil
}
