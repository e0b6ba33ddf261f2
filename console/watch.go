package console

import (
	"context"
	"fmt"
	"time"

	"trunkline/access"
	"trunkline/alert"
)

// Alerts keeps rules and what fired.
type Alerts interface {
	// Rules returns the rules in force and the file that they were read from.
	Rules(ctx context.Context) (*alert.Rules, string, error)
	Apply(ctx context.Context, text, by string) (int64, error)
	Alarms(ctx context.Context, tenant string, onlyOpen bool, limit int) ([]alert.Alarm, error)
	Letters
}

// Letters are the messages about alarms.
type Letters interface {
	Deliveries(ctx context.Context, onlyFailed bool, limit int) ([]Delivery, error)
	// Replay sends a message again; ErrNotFound.
	Replay(ctx context.Context, delivery int64) error
}

// Delivery is a message about an alarm and what became of it.
type Delivery struct {
	ID          int64     `json:"id" access:"open"`
	Alarm       int64     `json:"alarm" access:"open"`
	Rule        string    `json:"rule" access:"open"`
	Tenant      string    `json:"tenant" access:"open"`
	Channel     string    `json:"channel" access:"open"`
	State       string    `json:"state" access:"open"`
	Text        string    `json:"text" access:"account,mentions"`
	Created     time.Time `json:"created_at" access:"open"`
	Attempts    int       `json:"attempts" access:"open"`
	NextAttempt time.Time `json:"next_attempt_at,omitzero" access:"open"`
	Sent        time.Time `json:"sent_at,omitzero" access:"open"`
	Error       string    `json:"error,omitempty" access:"open"`
}

// AlertRules returns the rules in force as the file that they were read from.
func (c *Console) AlertRules(ctx context.Context, who *access.Principal) (*alert.Rules, string, error) {
	if err := may(who, access.ReadAlerts); err != nil {
		return nil, "", err
	}
	rules, text, err := c.d.Alerts.Rules(ctx)
	if err != nil {
		return nil, "", err
	}
	if !who.May(access.WriteAlerts) {
		text = "" // Channels have secrets.
	}
	return rulesShown(who, rules), text, nil
}

// ApplyAlerts puts a file of rules in force in place of the former one.
func (c *Console) ApplyAlerts(ctx context.Context, who *access.Principal, text string) error {
	if err := may(who, access.WriteAlerts); err != nil {
		return err
	}
	if _, err := alert.Parse([]byte(text)); err != nil {
		return invalid("%s", err)
	}
	if _, err := c.d.Alerts.Apply(ctx, text, who.By()); err != nil {
		return err
	}
	return c.log(ctx, who, access.AuditEvent{Action: "apply", Object: "alert rules"})
}

// Alarms returns what fires, or with all also what fired, the newest first.
func (c *Console) Alarms(ctx context.Context, who *access.Principal, tenant string, onlyOpen bool, limit int) ([]alert.Alarm, error) {
	if err := may(who, access.ReadAlerts); err != nil {
		return nil, err
	}
	alarms, err := c.d.Alerts.Alarms(ctx, tenant, onlyOpen, limit)
	if err != nil {
		return nil, err
	}
	return alarms, hideMoney(ctx, c, who, alarms, func(a *alert.Alarm) string { return a.Rule })
}

// Deliveries returns the messages about alarms, the newest first.
func (c *Console) Deliveries(ctx context.Context, who *access.Principal, onlyFailed bool, limit int) ([]Delivery, error) {
	if err := may(who, access.ReadAlerts); err != nil {
		return nil, err
	}
	list, err := c.d.Alerts.Deliveries(ctx, onlyFailed, limit)
	if err != nil {
		return nil, err
	}
	return list, hideMoney(ctx, c, who, list, func(d *Delivery) string { return d.Rule })
}

// ReplayDelivery sends a message about an alarm again.
func (c *Console) ReplayDelivery(ctx context.Context, who *access.Principal, id int64) error {
	if err := may(who, access.WriteAlerts); err != nil {
		return err
	}
	if err := c.d.Alerts.Replay(ctx, id); err != nil {
		return err
	}
	return c.log(ctx, who, access.AuditEvent{Action: "replay", Object: fmt.Sprintf("delivery %d", id)})
}
