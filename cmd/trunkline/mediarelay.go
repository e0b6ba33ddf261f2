package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"trunkline/app/config"
	"trunkline/internal/clock"
	"trunkline/sipproxy/rtpengine"
)

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
