package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"

	"trunkline/internal/clock"
)

const (
	dialLimit   = 10 * time.Second
	promptLimit = 10 * time.Second
	firstPause  = time.Second
	longPause   = time.Minute
	maxPrompt   = 4 << 10
)

// ErrLogin is returned, wrapped, when a system does not ask for the login that it was to ask for.
var ErrLogin = errors.New("the log-in did not work")

// Connection fetches records from a system that waits for us, over TCP or from a serial device.
type Connection struct {
	Address  string // host:port; empty for a device.
	Device   string // A serial device, set up with stty.
	User     string // Sent at the first prompt, if not empty.
	Password string // Sent when the system asks for a password, if not empty.
	Keep     *Captures
	Clock    clock.Clock
	Log      *slog.Logger
}

// Run connects, reads, and connects again when the connection breaks, with longer and longer pauses, until ctx ends.
func (c *Connection) Run(ctx context.Context) error {
	pause := firstPause
	for ctx.Err() == nil {
		n, err := c.once(ctx)
		if ctx.Err() != nil {
			break
		}
		if n > 0 {
			pause = firstPause
		}
		c.Log.WarnContext(ctx, "the connection for call records ended; another try follows",
			"address", c.Address, "device", c.Device, "bytes", n, "pause", pause, "error", err)
		_ = clock.Sleep(ctx, c.Clock, pause) // The loop looks at ctx.
		pause = min(2*pause, longPause)
	}
	return nil //nolint:nilerr // It ends with ctx; why the last connection ended is of no interest then.
}

// once reads one connection to its end.
func (c *Connection) once(ctx context.Context) (int64, error) {
	stream, err := c.open(ctx)
	if err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { _ = stream.Close() })
	defer stop()
	defer stream.Close()
	if conn, ok := stream.(net.Conn); ok && c.User != "" {
		if err := c.login(conn); err != nil {
			return 0, err
		}
	}
	return c.Keep.Keep(stream)
}

func (c *Connection) open(ctx context.Context) (io.ReadCloser, error) {
	if c.Device != "" {
		// Without O_NONBLOCK a read could not be ended.
		f, err := os.OpenFile(c.Device, os.O_RDONLY|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, fmt.Errorf("open the serial line: %w", err)
		}
		return f, nil
	}
	d := net.Dialer{Timeout: dialLimit, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}}
	return d.DialContext(ctx, "tcp", c.Address)
}

// login answers the prompts: the user name at the first, the password when that is asked for (Panasonic KX-TDA and
// successors, port 2300: "-" is answered with SMDR, "Enter Password:" with the password).
func (c *Connection) login(conn net.Conn) error {
	if err := conn.SetDeadline(c.Clock.Now().Add(promptLimit)); err != nil {
		return err
	}
	if err := await(conn, "-", ">", ":", "?", "$", "#"); err != nil {
		return fmt.Errorf("%w: no prompt came: %w", ErrLogin, err)
	}
	if _, err := io.WriteString(conn, c.User+"\r\n"); err != nil {
		return fmt.Errorf("%w: %w", ErrLogin, err)
	}
	if c.Password != "" {
		if err := await(conn, "assword:"); err != nil {
			return fmt.Errorf("%w: nobody asked for the password: %w", ErrLogin, err)
		}
		if _, err := io.WriteString(conn, c.Password+"\r\n"); err != nil {
			return fmt.Errorf("%w: %w", ErrLogin, err)
		}
	}
	return conn.SetDeadline(time.Time{})
}

// await reads until the system has said one of the words, byte by byte: what follows them are records.
func await(in io.Reader, words ...string) error {
	var said []byte
	one := make([]byte, 1)
	for len(said) < maxPrompt {
		if _, err := io.ReadFull(in, one); err != nil {
			return err
		}
		said = append(said, one[0])
		for _, w := range words {
			if bytes.HasSuffix(said, []byte(w)) {
				return nil
			}
		}
	}
	return errors.New("too much was said")
}
