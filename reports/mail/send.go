package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// ErrMail is returned, wrapped, when mail cannot be sent.
var ErrMail = errors.New("mail")

// MaxFile bounds what is attached: more is refused by most mail servers.
const MaxFile = 20 << 20

const sendLimit = time.Minute

// SMTP says how mail goes out.
type SMTP struct {
	Host     string // host:port; empty: no mail can be sent.
	From     string
	Login    string // Empty: none is asked for.
	Password string
}

// Send implements Carrier. TLS is used where the server offers it, and always before a password is told.
func (s SMTP) Send(ctx context.Context, l Letter) error {
	if s.Host == "" {
		return fmt.Errorf("%w: no mail server is set: set alerts.smtp_host and alerts.smtp_from", ErrMail)
	}
	if len(l.File) > MaxFile {
		return fmt.Errorf("%w: %s has %d MiB, more than %d: narrow the report, or export it to a folder", ErrMail, l.Name, len(l.File)>>20, MaxFile>>20)
	}
	m := gomail.NewMsg()
	if err := m.From(s.From); err != nil {
		return fmt.Errorf("%w: from: %w", ErrMail, err)
	}
	if err := m.To(l.To...); err != nil {
		return fmt.Errorf("%w: to: %w", ErrMail, err)
	}
	m.SetMessageIDWithValue(l.ID)
	m.SetDate()
	m.Subject(l.Subject)
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	if l.Name != "" {
		if err := m.AttachReader(l.Name, bytes.NewReader(l.File)); err != nil {
			return fmt.Errorf("%w: %w", ErrMail, err)
		}
	}
	client, err := s.client()
	if err != nil {
		return err
	}
	if err := client.DialAndSendWithContext(ctx, m); err != nil {
		return fmt.Errorf("%w: %w", ErrMail, err)
	}
	return nil
}

func (s SMTP) client() (*gomail.Client, error) {
	host, port, err := net.SplitHostPort(s.Host)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: want host:port: %w", ErrMail, s.Host, err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: want host:port: %w", ErrMail, s.Host, err)
	}
	options := []gomail.Option{gomail.WithPort(n), gomail.WithTimeout(sendLimit), gomail.WithTLSPolicy(gomail.TLSOpportunistic)}
	if s.Login != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.Login), gomail.WithPassword(s.Password),
			gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if n == 465 {
		options = append(options, gomail.WithSSL())
	}
	client, err := gomail.NewClient(host, options...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMail, err)
	}
	return client, nil
}
