package mail_test

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/reports/mail"
)

func monthly() mail.Schedule {
	return mail.Schedule{ID: "m", Report: "expenses", Tenant: "beauty", To: []string{"a@example.com"}, On: "1", At: "07:30", Zone: "Europe/Berlin", Format: "pdf"}
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ on, at, zone, after, want string }{
		{"1", "07:30", "Europe/Berlin", "2026-10-15T00:00:00Z", "2026-11-01T06:30:00Z"},
		{"day", "07:30", "Europe/Berlin", "2026-10-24T05:30:00Z", "2026-10-25T06:30:00Z"}, // Summer time ends.
		{"day", "02:30", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"}, // The time is skipped.
		{"mon", "00:00", "Asia/Kolkata", "2026-10-04T18:00:00Z", "2026-10-04T18:30:00Z"},
		{"mon", "00:00", "Asia/Kolkata", "2026-10-04T18:30:00Z", "2026-10-11T18:30:00Z"},
		{"28", "23:59", "UTC", "2026-02-28T23:59:00Z", "2026-03-28T23:59:00Z"},
	} {
		s := monthly()
		s.On, s.At, s.Zone = test.on, test.at, test.zone
		got, err := s.Next(at(test.after))
		require.NoError(t, err)
		require.Equal(t, test.want, got.Format(time.RFC3339), test.on)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	list, err := mail.Parse([]byte(`
- {id: a, report: expenses, tenant: beauty, to: [boss@example.com], on: "2", at: "07:30", zone: Europe/Moscow, format: pdf, locale: ru}
- {id: b, report: stats, to: ["NOC <noc@example.com>"], on: mon, at: "06:00", zone: UTC, period: 7d, format: xlsx, by: carrier, side: attempts}
- {id: c, report: cdr, tenant: beauty, to: [x@example.com], on: day, at: "01:00", zone: UTC, period: yesterday, format: csv, filter: "7495%"}
`))
	require.NoError(t, err)
	require.Len(t, list, 3)
	for _, bad := range []string{
		"- {id: a, report: x, to: [a@b.c], on: day, at: '07:00', format: csv}",
		"- {id: a, report: stats, period: soon, to: [a@b.c], on: day, at: '07:00', format: csv}",
		"- {id: a, report: stats, period: 7d, to: [nobody], on: day, at: '07:00', format: csv}",
		"- {id: a, report: stats, period: 7d, to: [a@b.c], on: '31', at: '07:00', format: csv}",
		"- {id: a, report: stats, period: 7d, to: [a@b.c], on: day, at: '7', format: csv}",
		"- {id: a, report: stats, period: 7d, to: [a@b.c], on: day, at: '07:00', format: pdf}",
		"- {id: a, report: expenses, to: [a@b.c], on: day, at: '07:00', format: pdf}",
		"- {id: a, colour: red}",
		"- {id: a, report: stats, period: 7d, to: [a@b.c], on: day, at: '07:00', format: csv}\n- {id: a, report: stats, period: 7d, to: [a@b.c], on: day, at: '07:00', format: csv}",
	} {
		_, err := mail.Parse([]byte(bad))
		require.ErrorIs(t, err, mail.ErrSchedule, bad)
	}
}

// book is one schedule in memory.
type book struct {
	due   mail.Due
	tryAt time.Time
	log   []string
}

func (b *book) Claim(_ context.Context, now, until time.Time) (mail.Due, bool, error) {
	if b.tryAt.After(now) {
		return mail.Due{}, false, nil
	}
	b.tryAt = until
	return b.due, true, nil
}

func (b *book) Done(_ context.Context, _ mail.Due, next time.Time, failure string) error {
	b.due.At, b.tryAt, b.due.Tries = next, next, 0
	b.log = append(b.log, "done "+failure)
	return nil
}

func (b *book) Again(_ context.Context, _ mail.Due, at time.Time, _ string) error {
	b.tryAt = at
	b.due.Tries++
	b.log = append(b.log, "again")
	return nil
}

type maker struct{}

func (maker) Make(context.Context, mail.Due) (mail.Letter, error) {
	return mail.Letter{Subject: "Отчёт", Text: "hello", Name: "r.csv", File: []byte("a;b\r\n")}, nil
}

// post fails so many times.
type post struct {
	failures int
	sent     []mail.Letter
}

func (p *post) Send(_ context.Context, l mail.Letter) error {
	if p.failures > 0 {
		p.failures--
		return errors.New("the server is away")
	}
	p.sent = append(p.sent, l)
	return nil
}

func TestTriedAgainAndGivenUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		failures, again int
		sent            bool
	}{{0, 0, true}, {3, 3, true}, {20, 7, false}} {
		c := clock.NewManual(at("2026-11-01T06:30:00Z"))
		b := &book{due: mail.Due{Schedule: monthly(), At: c.Now()}, tryAt: c.Now()}
		p := &post{failures: test.failures}
		courier := &mail.Courier{Book: b, Maker: maker{}, Carrier: p, Clock: c, Log: slog.New(slog.DiscardHandler)}
		for range 300 {
			_, err := courier.Once(t.Context())
			require.NoError(t, err)
			c.Advance(time.Minute)
		}
		require.Len(t, b.log, test.again+1)
		require.Equal(t, test.sent, len(p.sent) == 1)
		require.Equal(t, "2026-12-01T06:30:00Z", b.due.At.Format(time.RFC3339))
		if test.sent {
			require.Equal(t, "m.1793514600@trunkline", p.sent[0].ID, "the same however often it is tried")
			require.Equal(t, []string{"a@example.com"}, p.sent[0].To)
		}
	}
}

// TestSMTP sends a letter to a server on loopback.
func TestSMTP(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	got := make(chan string, 1)
	go serve(l, got)
	s := mail.SMTP{Host: l.Addr().String(), From: "Trunkline <reports@example.com>"}
	letter := mail.Letter{ID: "x@trunkline", To: []string{"boss@example.com"}, Subject: "Расходы", Text: "hello", Name: "r.csv", File: []byte("a;b\r\n")}
	require.NoError(t, s.Send(t.Context(), letter))
	require.NoError(t, l.Close())
	text := <-got
	for _, want := range []string{"MAIL FROM:<reports@example.com>", "RCPT TO:<boss@example.com>", "Message-ID: <x@trunkline>", `filename="r.csv"`, "YTtiDQo="} {
		require.Contains(t, text, want)
	}
	letter.File = make([]byte, mail.MaxFile+1)
	require.ErrorIs(t, s.Send(t.Context(), letter), mail.ErrMail)
	require.ErrorIs(t, mail.SMTP{}.Send(t.Context(), letter), mail.ErrMail)
	letter.File = nil
	require.ErrorIs(t, s.Send(t.Context(), letter), mail.ErrMail, "nobody listens any more")
}

// serve takes one letter as RFC 5321 has it.
func serve(l net.Listener, got chan<- string) {
	conn, err := l.Accept()
	if err != nil {
		close(got)
		return
	}
	defer conn.Close()
	var all strings.Builder
	say := func(line string) { _, _ = conn.Write([]byte(line + "\r\n")) }
	say("220 test")
	data := false
	for in := bufio.NewScanner(conn); in.Scan(); {
		line := in.Text()
		all.WriteString(line + "\n")
		switch {
		case data && line == ".":
			data = false
			say("250 taken")
		case data:
		case strings.HasPrefix(line, "DATA"):
			data = true
			say("354 go on")
		case strings.HasPrefix(line, "QUIT"):
			say("221 bye")
			got <- all.String()
			return
		default:
			say("250 ok")
		}
	}
	got <- all.String()
}
