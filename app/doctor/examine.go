package doctor

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"time"

	"trunkline/app/config"
	"trunkline/app/store"
	"trunkline/credit"
	"trunkline/internal/clock"
	"trunkline/sipproxy/rtpengine"
)

// Examine looks once at all that may be wrong, as far back as the sums are compared, and says on out what was found. Legs that wait
// for a decision are an error that is marked as cause.Part, what is wrong one that is marked as cause.State.
func Examine(ctx context.Context, set *config.Config, back time.Duration, out io.Writer, log *slog.Logger) error {
	return with(ctx, set, back, log, func(d *Doctor) error {
		fmt.Fprintf(out, "ledger down   %s\n", credit.PolicyText(set.SIP.GraceCall, set.SIP.GraceTenant))
		if err := examineRelays(ctx, set, out); err != nil {
			return err
		}
		f, err := d.Look(ctx)
		if err != nil {
			return err
		}
		if err := f.Print(out); err != nil {
			return err
		}
		return f.Verdict()
	})
}

// Watch looks again and again until ctx ends, and says on out what was found when it is something else than before.
func Watch(ctx context.Context, set *config.Config, back, every time.Duration, out io.Writer, log *slog.Logger) error {
	return with(ctx, set, back, log, func(d *Doctor) error {
		last := "-"
		for ctx.Err() == nil {
			now := clock.System{}.Now().UTC().Format(time.RFC3339)
			if said := d.verdict(ctx); said != last && ctx.Err() == nil {
				fmt.Fprintf(out, "%s  %s\n", now, said)
				last = said
			}
			_ = clock.Sleep(ctx, clock.System{}, every) // It fails when ctx ends, which the loop sees.
		}
		return nil
	})
}

// verdict looks once and says in a line how things are.
func (d *Doctor) verdict(ctx context.Context) string {
	f, err := d.Look(ctx)
	if err == nil {
		err = f.Verdict()
	}
	if err != nil {
		return err.Error()
	}
	return "all is well"
}

// with opens the stores for as long as do takes.
func with(ctx context.Context, set *config.Config, back time.Duration, log *slog.Logger, do func(*Doctor) error) error {
	db, err := store.Open(ctx, set, store.Check, log)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	d, err := New(db, set.Data, back)
	if err != nil {
		return err
	}
	return do(d)
}

// examineRelays says which of the media relays that are set up answer. One that does not is no fault of the books.
func examineRelays(ctx context.Context, c *config.Config, out io.Writer) error {
	if len(c.SIP.RTPEngine) == 0 {
		return nil
	}
	log, err := config.NewLogger(&c.Log, io.Discard)
	if err != nil {
		return err
	}
	pool, err := rtpengine.Open(ctx, c.SIP.RTPEngine, clock.System{}, log)
	if err != nil {
		return err
	}
	defer pool.Close()
	for _, engine := range pool.Alive(ctx, rand.Text()) {
		state := "ok: answers"
		if !engine.Answers {
			state = "DOES NOT ANSWER: is rtpengine running there, and does it listen with --listen-ng?"
		}
		fmt.Fprintf(out, "media relay   %s %s\n", engine.Name, state)
	}
	return nil
}
