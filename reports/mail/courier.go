package mail

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"trunkline/internal/clock"
)

// Due is a schedule that is due.
type Due struct {
	Schedule Schedule
	At       time.Time // When it was due: the report is made as of then.
	Tries    int       // How often it was tried before.
}

// Scheduled is a schedule with what became of it.
type Scheduled struct {
	Schedule Schedule  `json:"schedule"`
	Due      time.Time `json:"due"`
	Tries    int       `json:"tries"`
	Sent     time.Time `json:"sent,omitzero"`
	Failure  string    `json:"failure,omitempty"`
}

// Book keeps schedules.
type Book interface {
	// Claim returns a schedule that is due at a moment and keeps it from others until a later one; false: none is due.
	Claim(ctx context.Context, now, until time.Time) (Due, bool, error)
	// Done notes that a report was sent, or given up with a reason, and when the schedule is due next.
	Done(ctx context.Context, d Due, next time.Time, failure string) error
	// Again notes that a report could not be sent and is tried again at a moment.
	Again(ctx context.Context, d Due, at time.Time, failure string) error
}

// Maker makes what is sent.
type Maker interface {
	Make(ctx context.Context, d Due) (Letter, error)
}

// Letter is one report on its way.
type Letter struct {
	ID      string // Of the message: the same report has the same.
	To      []string
	Subject string
	Text    string
	Name    string // Of the file.
	File    []byte
}

// Carrier sends mail.
type Carrier interface {
	Send(ctx context.Context, l Letter) error
}

const (
	lookEvery = 20 * time.Second
	makeLimit = 10 * time.Minute
	maxTries  = 8
)

// Courier makes and sends what is due. Several processes may have one; each report is sent by one of them.
type Courier struct {
	Book    Book
	Maker   Maker
	Carrier Carrier
	Clock   clock.Clock
	Log     *slog.Logger
}

// Run sends until ctx ends.
func (c *Courier) Run(ctx context.Context) {
	for {
		more, err := c.Once(ctx)
		if err != nil && ctx.Err() == nil {
			c.Log.WarnContext(ctx, "schedules of reports cannot be read for the moment", "error", err)
		}
		if more && err == nil {
			continue
		}
		if clock.Sleep(ctx, c.Clock, lookEvery) != nil {
			return
		}
	}
}

// Once sends one report that is due, and reports whether there was one.
func (c *Courier) Once(ctx context.Context) (bool, error) {
	now := c.Clock.Now()
	due, ok, err := c.Book.Claim(ctx, now, now.Add(makeLimit+time.Minute))
	if err != nil || !ok {
		return false, err
	}
	failed := c.Send(ctx, due)
	if failed == nil {
		c.Log.InfoContext(ctx, "report sent", "schedule", due.Schedule.ID, "due", due.At)
		return true, c.done(ctx, due, "")
	}
	c.Log.WarnContext(ctx, "a report could not be sent", "schedule", due.Schedule.ID, "due", due.At, "tries", due.Tries+1, "error", failed)
	if due.Tries+1 >= maxTries {
		return true, c.done(ctx, due, failed.Error())
	}
	return true, c.Book.Again(ctx, due, c.Clock.Now().Add(time.Minute<<due.Tries), failed.Error())
}

func (c *Courier) done(ctx context.Context, d Due, failure string) error {
	next, err := d.Schedule.Next(c.Clock.Now())
	if err != nil {
		return err
	}
	return c.Book.Done(ctx, d, next, failure)
}

// Send makes one report and sends it, whenever it is due.
func (c *Courier) Send(ctx context.Context, d Due) error {
	ctx, cancel := context.WithTimeout(ctx, makeLimit)
	defer cancel()
	letter, err := c.Maker.Make(ctx, d)
	if err != nil {
		return err
	}
	letter.ID, letter.To = fmt.Sprintf("%s.%d@trunkline", d.Schedule.ID, d.At.Unix()), d.Schedule.To
	return c.Carrier.Send(ctx, letter)
}
