package console

import (
	"context"
	"fmt"
	"time"

	"trunkline/access"
	"trunkline/reports/mail"
)

// Post sends mail.
type Post interface {
	Send(ctx context.Context, l mail.Letter) error
}

// postTime is how long a mail may take to be sent.
const postTime = time.Minute

// letterOf is the mail by which somebody chooses a password, in their language and under the name that they know us by.
func (c *Console) letterOf(u *access.User, token string, fresh bool) mail.Letter {
	house := c.d.Snapshot().Operator().Name
	if b := c.d.Snapshot().BrandOf(u.Tenant); b != nil {
		house = b.Name
	}
	link := c.d.Link(token)
	subject, text := house+": choose a password", "Hello %s,\n\nhere you choose your password at %s. Your login is %s.\n\n%s\n\nThe link is good once, for %s. If you did not expect this mail, do nothing.\n"
	last := "an hour"
	if fresh {
		last = "a week"
	}
	switch u.Language {
	case "ru":
		subject, text = house+": выбор пароля", "Здравствуйте, %s!\n\nЗдесь вы выбираете пароль для входа в %s. Ваш логин: %s.\n\n%s\n\nСсылка действует один раз: %s. Если вы не ждали этого письма, ничего не делайте.\n"
		last = map[bool]string{true: "неделю", false: "час"}[fresh]
	case "de":
		subject, text = house+": Passwort wählen", "Guten Tag %s,\n\nhier wählen Sie Ihr Passwort bei %s. Ihr Anmeldename ist %s.\n\n%s\n\nDer Link gilt einmal, %s lang. Falls Sie diese Nachricht nicht erwartet haben, tun Sie nichts.\n"
		last = map[bool]string{true: "eine Woche", false: "eine Stunde"}[fresh]
	}
	name := u.Name
	if name == "" {
		name = u.Login
	}
	// The token is in no id: ids of mails stand in the logs of servers on the way.
	id := fmt.Sprintf("%s.%d@trunkline", u.Login, c.d.Clock.Now().UnixNano())
	return mail.Letter{ID: id, To: []string{u.Email}, Subject: subject, Text: fmt.Sprintf(text, name, house, u.Login, link, last)}
}

// mailLink sends a link to its user, if they have an address and mail can go out. Where it does not there is the link itself.
func (c *Console) mailLink(ctx context.Context, u *access.User, token string, fresh bool) {
	if c.d.Post == nil || u.Email == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, postTime)
	defer cancel()
	if err := c.d.Post.Send(ctx, c.letterOf(u, token, fresh)); err != nil {
		c.d.Log.WarnContext(ctx, "a link to choose a password could not be mailed", "login", u.Login, "error", err)
	}
}

// CanMail reports whether links can be mailed at all.
func (c *Console) CanMail() bool { return c.d.Post != nil }

// Forgot mails a link to choose a new password to somebody who says they are a user, if they are one with an address. It tells nobody
// whether they are: neither by an answer nor by its time. Whoever asks too often gets access.ErrLocked.
func (c *Console) Forgot(ctx context.Context, login, source string) error {
	if err := c.d.Gate.Knock(source); err != nil {
		return err
	}
	if c.d.Post == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, postTime)
		defer cancel()
		u, err := c.d.Gate.User(ctx, login)
		if err != nil || u.Disabled || u.Email == "" {
			return
		}
		token, err := c.d.Gate.Reset(ctx, login)
		if err != nil {
			c.d.Log.WarnContext(ctx, "a link to choose a password could not be made", "login", login, "error", err)
			return
		}
		c.mailLink(ctx, &u, token, false)
	}()
	return nil
}
