package alert_test

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/alert"
	"trunkline/internal/clock"
)

// mailServer takes one mail and returns what was said to it.
func mailServer(t *testing.T) (addr string, said func() string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	text := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			text <- err.Error()
			return
		}
		defer conn.Close()
		var all strings.Builder
		answer := func(s string) { _, _ = conn.Write([]byte(s + "\r\n")) }
		answer("220 here")
		data := false
		for s := bufio.NewScanner(conn); s.Scan(); {
			line := s.Text()
			all.WriteString(line + "\n")
			switch {
			case data && line == ".":
				data = false
				answer("250 taken")
			case data:
			case line == "DATA":
				data = true
				answer("354 go on")
			case line == "QUIT":
				answer("221 bye")
				text <- all.String()
				return
			default:
				answer("250 fine")
			}
		}
		text <- all.String()
	}()
	return l.Addr().String(), func() string { return <-text }
}

func TestMail(t *testing.T) {
	addr, said := mailServer(t)
	c := clock.NewManual(time.Unix(1.7e9, 0))
	s := alert.NewSender(alert.SMTP{Host: addr, From: "trunkline@example.com"}, c)
	m := &alert.Message{Delivery: 7, Alarm: 3, State: "fires", Rule: "low", Tenant: "schön", Text: "balance is 99", At: c.Now()}
	require.NoError(t, s.Send(t.Context(), &alert.Channel{ID: "boss", Mail: []string{"a@example.com", "b@example.com"}}, m))
	text := said()
	for _, want := range []string{
		"MAIL FROM:<trunkline@example.com>", "RCPT TO:<b@example.com>", "Message-ID: <alert-7@example.com>",
		"Subject: =?utf-8?q?", "balance is 99", "Rule low, alarm 3, 2023-11-14T22:13:20Z.",
	} {
		require.Contains(t, text, want)
	}
	none := alert.NewSender(alert.SMTP{}, c)
	require.ErrorIs(t, none.Send(t.Context(), &alert.Channel{Mail: []string{"a@example.com"}}, m), alert.ErrRefused)
}
