package alert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"trunkline/internal/clock"
)

// Tries is how often a message is sent before it is given up.
const Tries = 12

const (
	firstPause = 10 * time.Second
	longPause  = time.Hour
	atOnce     = 20 // Messages that are taken at a time.
)

// Letter is a message that waits to be sent.
type Letter struct {
	Message
	Channel string
	Tries   int // So far.
}

// Outbox keeps messages until they are sent.
type Outbox interface {
	// Due takes messages whose time has come, at most so many, away from others for a while.
	Due(ctx context.Context, most int) ([]Letter, error)
	// Sent notes that a message was taken.
	Sent(ctx context.Context, delivery int64) error
	// Failed notes that it was not, and when it is tried again; a zero time gives it up.
	Failed(ctx context.Context, delivery int64, cause string, again time.Time) error
}

// Courier sends what is in an outbox.
type Courier struct {
	Outbox Outbox
	Sender *Sender
	Clock  clock.Clock
	Log    *slog.Logger
}

// Deliver sends what is due, and returns how many messages that were.
func (c *Courier) Deliver(ctx context.Context, rules *Rules) (int, error) {
	letters, err := c.Outbox.Due(ctx, atOnce)
	if err != nil {
		return 0, err
	}
	for i := range letters {
		if err := c.deliver(ctx, rules, &letters[i]); err != nil {
			return i, err
		}
	}
	return len(letters), nil
}

func (c *Courier) deliver(ctx context.Context, rules *Rules, l *Letter) error {
	channel, ok := rules.Channel(l.Channel)
	if !ok {
		return c.Outbox.Failed(ctx, l.Delivery, fmt.Sprintf("there is no channel %q any more", l.Channel), time.Time{})
	}
	err := c.Sender.Send(ctx, channel, &l.Message)
	if err == nil {
		return c.Outbox.Sent(ctx, l.Delivery)
	}
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	var again time.Time
	if l.Tries+1 < Tries {
		again = c.Clock.Now().Add(min(firstPause<<l.Tries, longPause))
	}
	c.Log.WarnContext(ctx, "an alert could not be delivered", "delivery", l.Delivery, "channel", l.Channel, "tries", l.Tries+1, "error", err)
	return c.Outbox.Failed(ctx, l.Delivery, err.Error(), again)
}
