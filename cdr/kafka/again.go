package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"

	kafkago "github.com/segmentio/kafka-go"

	"trunkline/cdr"
)

// Again reads legs of a topic again, outside of any group.
type Again struct{ Config }

// Legs returns the legs at the offsets [from, till) of a partition, as far as they are still there and can be read.
func (a Again) Legs(ctx context.Context, topic string, part int, from, till int64) ([]cdr.Leg, error) {
	var out []cdr.Leg
	err := a.Each(ctx, topic, part, from, till, func(m cdr.Message) error {
		var leg cdr.Leg
		if cdr.DecodeLeg(m.Value, &leg) == nil {
			out = append(out, leg)
		}
		return nil
	})
	return out, err
}

// Each calls do with the messages at the offsets [from, till) of a partition, as far as they are still there, in order.
func (a Again) Each(ctx context.Context, topic string, part int, from, till int64, do func(cdr.Message) error) error {
	all, err := a.bounds(ctx, topic, []int{part})
	if err != nil {
		return err
	}
	from, till = max(from, all[part].first), min(till, all[part].next)
	for from < till && ctx.Err() == nil {
		next, err := a.fetch(ctx, topic, part, from, till, do)
		if err != nil {
			return fmt.Errorf("read topic %s, partition %d, from offset %d: %w", topic, part, from, err)
		}
		if next == from {
			return fmt.Errorf("read topic %s, partition %d: the broker returns nothing at offset %d", topic, part, from)
		}
		from = next
	}
	return ctx.Err()
}

// fetch reads what the broker returns at a time, and returns where to go on.
func (a Again) fetch(ctx context.Context, topic string, part int, from, till int64, do func(cdr.Message) error) (next int64, err error) {
	return ask(a.Config, func(client *kafkago.Client) (int64, error) {
		answer, err := client.Fetch(ctx, &kafkago.FetchRequest{
			Topic: topic, Partition: part, Offset: from, MinBytes: 1, MaxBytes: fetchBytes, MaxWait: fetchWait,
		})
		if err == nil {
			err = answer.Error
		}
		if err != nil {
			return from, err
		}
		return each(answer.Records, part, from, till, do)
	})
}

// each hands the records at the offsets [from, till) on, and returns the offset behind the last.
func each(records kafkago.RecordReader, part int, from, till int64, do func(cdr.Message) error) (next int64, err error) {
	for next = from; ; {
		r, err := records.ReadRecord()
		switch {
		case errors.Is(err, io.EOF):
			return next, nil
		case err != nil:
			return next, err
		case r.Offset < next: // A batch begins before what was asked for.
			continue
		case r.Offset >= till:
			return till, nil
		}
		m, err := messageOf(r, part)
		if err == nil {
			err = do(m)
		}
		if err != nil {
			return next, err
		}
		next = r.Offset + 1
	}
}

func messageOf(r *kafkago.Record, part int) (m cdr.Message, err error) {
	m = cdr.Message{Part: part, Offset: r.Offset, At: r.Time.UnixMilli()}
	if r.Value != nil {
		if m.Value, err = kafkago.ReadAll(r.Value); err != nil {
			return m, err
		}
	}
	if r.Key != nil {
		m.Key, err = kafkago.ReadAll(r.Key)
	}
	return m, err
}
