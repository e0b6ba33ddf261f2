package alert

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/smtp"
	"net/url"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/clock"
)

// ErrRefused is returned, wrapped, for a message that its receiver did not take.
var ErrRefused = errors.New("the receiver did not take the message")

const (
	sendLimit   = 15 * time.Second
	answerBytes = 1 << 10
)

// SMTP says how mail goes out.
type SMTP struct {
	Host     string // host:port; empty: no mail can be sent.
	From     string
	Login    string // Empty: none is asked for.
	Password string
}

// Sender brings messages to channels. It is safe for concurrent use.
type Sender struct {
	mail  SMTP
	clock clock.Clock
	http  *http.Client
}

// NewSender returns a sender. Webhooks are not followed to other places, so that what is signed for one is not read by another.
func NewSender(mail SMTP, c clock.Clock) *Sender {
	client := &http.Client{
		Timeout:       sendLimit,
		Transport:     &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Sender{mail, c, client}
}

// Send brings a message to a channel and returns when it was taken. It may be repeated.
func (s *Sender) Send(ctx context.Context, c *Channel, m *Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	if c.Webhook != "" {
		return s.webhook(ctx, c, m)
	}
	return s.post(ctx, c.Mail, m)
}

func (s *Sender) webhook(ctx context.Context, c *Channel, m *Message) error {
	body, err := m.Body()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Webhook, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("webhook %s: %w", c.ID, withoutAddress(err))
	}
	at := s.clock.Now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "trunkline")
	req.Header.Set("Trunkline-Delivery", strconv.FormatInt(m.Delivery, 10))
	req.Header.Set("Trunkline-Timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("Trunkline-Signature", Signature(c.Secret, at, body))
	res, err := s.http.Do(req)
	if err != nil {
		return fmt.Errorf("webhook %s: %w", c.ID, withoutAddress(err))
	}
	defer res.Body.Close()
	if res.StatusCode/100 == 2 {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, answerBytes)) // Only to tell what went wrong.
	return fmt.Errorf("%w: webhook %s answers %s: %s", ErrRefused, c.ID, res.Status, strings.TrimSpace(string(text)))
}

// withoutAddress takes the address out of what went wrong: those of many services are secrets in themselves, and the error stands among the
// messages for everybody who reads alerts.
func withoutAddress(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// post sends a mail, over TLS where the server offers it.
func (s *Sender) post(ctx context.Context, to []string, m *Message) error {
	if s.mail.Host == "" {
		return fmt.Errorf("%w: no mail server is set: see alerts.smtp_host", ErrRefused)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.mail.Host)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	defer conn.Close()
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return fmt.Errorf("mail: %w", err)
		}
	}
	if err := s.converse(conn, to, m); err != nil {
		return fmt.Errorf("mail by %s: %w", s.mail.Host, err)
	}
	return nil
}

func (s *Sender) converse(conn net.Conn, to []string, m *Message) error {
	host, _, err := net.SplitHostPort(s.mail.Host)
	if err != nil {
		return err
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	if ok, _ := c.Extension("STARTTLS"); ok {
		if err := c.StartTLS(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	}
	if s.mail.Login != "" {
		if err := c.Auth(smtp.PlainAuth("", s.mail.Login, s.mail.Password, host)); err != nil {
			return err
		}
	}
	if err := c.Mail(s.mail.From); err != nil {
		return err
	}
	for _, address := range to {
		if err := c.Rcpt(address); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(s.letter(to, m)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// letter is the mail as it goes over the wire (RFC 5322).
func (s *Sender) letter(to []string, m *Message) []byte {
	host := "trunkline"
	if _, domain, ok := strings.Cut(s.mail.From, "@"); ok {
		host = domain
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\n", s.mail.From, strings.Join(to, ", "))
	fmt.Fprintf(&b, "Subject: %s\r\n", mime.QEncoding.Encode("utf-8", m.Subject()))
	fmt.Fprintf(&b, "Date: %s\r\nMessage-ID: <alert-%d@%s>\r\n", s.clock.Now().Format(time.RFC1123Z), m.Delivery, host)
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
	fmt.Fprintf(&b, "%s\r\n\r\nRule %s, alarm %d, %s.\r\n", m.Text, m.Rule, m.Alarm, m.At.UTC().Format(time.RFC3339))
	return b.Bytes()
}
