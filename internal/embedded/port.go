package embedded

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Free ports are taken from below the range that Linux gives to outgoing connections (32768 and up): while an engine
// restarts, a client that reconnects in a loop could otherwise be given the engine's own port as its source.
const (
	firstPort = 20000
	lastPort  = 32000
	portTries = 200
)

const loopback = "127.0.0.1"

// choosePort returns the configured port, or the one that file remembers, or a free one, which it then remembers.
// A configured port that is taken is ErrPortTaken; a remembered one is replaced.
func choosePort(ctx context.Context, file string, configured int, key string) (int, error) {
	if configured != 0 {
		if !portFreeSoon(ctx, configured) {
			return 0, fmt.Errorf("%w: another process listens on %s; end it or configure another %s",
				ErrPortTaken, hostPort(configured), key)
		}
		return configured, nil
	}
	if port := rememberedPort(file); port != 0 && portFree(ctx, port) {
		return port, nil
	}
	for range portTries {
		port := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // a port is no secret
		if !portFree(ctx, port) {
			continue
		}
		if err := os.WriteFile(file, []byte(strconv.Itoa(port)+"\n"), 0o600); err != nil {
			return 0, fmt.Errorf("remember port: %w", err)
		}
		return port, nil
	}
	return 0, fmt.Errorf("%w: found none free between %d and %d; configure %s", ErrPortTaken, firstPort, lastPort, key)
}

// A socket that was opened to look whether a port is free is inherited by a process that is forked meanwhile, until that one runs its
// own program; with namespaces to be made for it that takes a while.
const (
	inheritedLimit = 3 * time.Second
	inheritedPause = 50 * time.Millisecond
)

// portFreeSoon waits for a port a moment.
func portFreeSoon(ctx context.Context, port int) bool {
	ctx, cancel := context.WithTimeout(ctx, inheritedLimit)
	defer cancel()
	tick := time.NewTicker(inheritedPause)
	defer tick.Stop()
	for !portFree(ctx, port) {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// rememberedPort returns 0 where no usable port is remembered.
func rememberedPort(file string) int {
	text, err := os.ReadFile(file) //nolint:gosec // the path is made of the data folder's
	if err != nil {
		return 0
	}
	port, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 16)
	if err != nil {
		return 0
	}
	return int(port)
}

func portFree(ctx context.Context, port int) bool {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", hostPort(port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

func hostPort(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
