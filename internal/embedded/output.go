package embedded

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
)

const (
	tailLines   = 3    // kept for the error message when the process dies
	maxLineSize = 1000 // a longer line is cut
)

// output takes what an engine's process prints: it logs every line and keeps the last ones.
type output struct {
	engine string
	log    *slog.Logger
	level  func(line string) slog.Level

	mu   sync.Mutex
	rest []byte
	tail []string
}

// Write implements io.Writer. It never fails, so the engine is never stopped by its own log.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rest = append(o.rest, p...)
	for {
		line, rest, found := bytes.Cut(o.rest, []byte("\n"))
		if !found {
			break
		}
		o.line(string(line[:min(len(line), maxLineSize)]))
		o.rest = rest
	}
	if len(o.rest) > maxLineSize {
		o.line(string(o.rest[:maxLineSize]))
		o.rest = nil
	}
	return len(p), nil
}

func (o *output) line(text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	o.tail = append(o.tail, text)
	if len(o.tail) > tailLines {
		o.tail = o.tail[1:]
	}
	o.log.Log(context.Background(), o.level(text), "engine output", "engine", o.engine, "line", text)
}

// last returns the last lines in one.
func (o *output) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.tail, " | ")
}
