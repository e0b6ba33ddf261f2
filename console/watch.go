package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"trunkline/access"
	"trunkline/alert"
	"trunkline/cdr"
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
	ID      int64     `json:"id"`
	Alarm   int64     `json:"alarm"`
	Rule    string    `json:"rule"`
	Tenant  string    `json:"tenant"`
	Channel string    `json:"channel"`
	State   string    `json:"state"`
	Text    string    `json:"text"`
	Made    time.Time `json:"made"`
	Tries   int       `json:"tries"`
	Due     time.Time `json:"due,omitzero"`
	Sent    time.Time `json:"sent,omitzero"`
	Error   string    `json:"error,omitempty"`
}

// AlertRules returns the rules in force as the file that they were read from.
func (c *Console) AlertRules(ctx context.Context, who *access.Principal) (*alert.Rules, string, error) {
	if err := may(who, access.ReadAlerts); err != nil {
		return nil, "", err
	}
	rules, text, err := c.d.Alerts.Rules(ctx)
	if !who.May(access.WriteAlerts) {
		text = "" // Channels have secrets.
	}
	return rules, text, err
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
	return c.log(ctx, who, access.Deed{Action: "apply", Object: "alert rules"})
}

// Alarms returns what fires, or with all also what fired, the newest first.
func (c *Console) Alarms(ctx context.Context, who *access.Principal, tenant string, onlyOpen bool, limit int) ([]alert.Alarm, error) {
	if err := may(who, access.ReadAlerts); err != nil {
		return nil, err
	}
	return c.d.Alerts.Alarms(ctx, tenant, onlyOpen, limit)
}

// Deliveries returns the messages about alarms, the newest first.
func (c *Console) Deliveries(ctx context.Context, who *access.Principal, onlyFailed bool, limit int) ([]Delivery, error) {
	if err := may(who, access.ReadAlerts); err != nil {
		return nil, err
	}
	return c.d.Alerts.Deliveries(ctx, onlyFailed, limit)
}

// ReplayDelivery sends a message about an alarm again.
func (c *Console) ReplayDelivery(ctx context.Context, who *access.Principal, id int64) error {
	if err := may(who, access.WriteAlerts); err != nil {
		return err
	}
	if err := c.d.Alerts.Replay(ctx, id); err != nil {
		return err
	}
	return c.log(ctx, who, access.Deed{Action: "replay", Object: fmt.Sprintf("delivery %d", id)})
}

// DeadLegs keeps legs that could not be rated.
type DeadLegs interface {
	Dead(ctx context.Context, q DeadQuery) ([]DeadLeg, error)
	// Retry prices legs again, and returns how many still cannot be rated.
	Retry(ctx context.Context, ids []int64) (left int, err error)
	// Mend gives a leg other times. It answers ErrNotFound or ErrInvalid, wrapped.
	Mend(ctx context.Context, id int64, m Mending, by string) error
	// WriteOff says that legs are never to be priced, and returns how many of them waited.
	WriteOff(ctx context.Context, ids []int64, reason, by string) (int, error)
}

// DeadQuery says which unrated legs are wanted. Empty conditions are none.
type DeadQuery struct {
	IDs     []int64
	Tenant  string
	Carrier string
	Reason  string
	Limit   int // 0: 100.
}

// Mending says what times a leg is to have instead of its own: those by a clock that was wrong.
type Mending struct {
	Setup      time.Time `json:"setup,omitzero"` // UTC; a zero one stays as it is.
	Connect    time.Time `json:"connect,omitzero"`
	Disconnect time.Time `json:"disconnect,omitzero"`
	Reason     string    `json:"reason"`
}

// DeadLeg is a leg that could not be rated.
type DeadLeg struct {
	ID      int64     `json:"id"`
	Leg     string    `json:"leg,omitempty"` // Empty: the message is no leg.
	Call    string    `json:"call,omitempty"`
	Tenant  string    `json:"tenant"`
	Carrier string    `json:"carrier,omitempty"`
	From    string    `json:"from,omitempty"`
	To      string    `json:"to,omitempty"`
	Setup   time.Time `json:"setup,omitzero"`
	Reason  string    `json:"reason"`
	Detail  string    `json:"detail"`
	Died    time.Time `json:"died"`
	Retries int       `json:"retries"`

	// Came is the leg as it came, and Message what came where it is no leg; only DeadLeg gives them out.
	Came    *cdr.Leg `json:"-"`
	Message []byte   `json:"-"`
}

// Dead returns legs that could not be rated, the oldest first.
func (c *Console) Dead(ctx context.Context, who *access.Principal, q DeadQuery) ([]DeadLeg, error) {
	if err := may(who, access.ReadDead); err != nil {
		return nil, err
	}
	legs, err := c.d.Dead.Dead(ctx, q)
	for i := range legs {
		legs[i].Came, legs[i].Message = nil, nil
		maskFields(who, &legs[i].From, &legs[i].To)
		legs[i].Detail = maskText(who, legs[i].Detail)
	}
	return legs, err
}

// DeadLeg returns an unrated leg as it came, with its numbers and its trace; ErrNotFound: none with that id waits.
func (c *Console) DeadLeg(ctx context.Context, who *access.Principal, id int64) (DeadLeg, error) {
	for _, p := range []access.Permission{access.ReadDead, access.ReadNumbers, access.ReadTraces, access.ReadCost} {
		if err := may(who, p); err != nil {
			return DeadLeg{}, err
		}
	}
	legs, err := c.d.Dead.Dead(ctx, DeadQuery{IDs: []int64{id}})
	if err != nil {
		return DeadLeg{}, err
	}
	if len(legs) == 0 {
		return DeadLeg{}, fmt.Errorf("%w: no unrated leg %d waits: it was rated meanwhile, or never was", ErrNotFound, id)
	}
	return legs[0], nil
}

// maxRetry bounds the legs that are priced again at once.
const maxRetry = 1000

// RetryDead prices legs again and returns how many still cannot be rated.
func (c *Console) RetryDead(ctx context.Context, who *access.Principal, ids []int64) (int, error) {
	if err := may(who, access.WriteDead); err != nil {
		return 0, err
	}
	if len(ids) == 0 || len(ids) > maxRetry {
		return 0, invalid("ids: name 1 to %d legs", maxRetry)
	}
	left, err := c.d.Dead.Retry(ctx, slices.Compact(slices.Sorted(slices.Values(ids))))
	if err != nil {
		return left, err
	}
	return left, c.log(ctx, who, access.Deed{Action: "retry", Object: "dead legs", After: fmt.Sprintf("%d legs, %d still cannot be rated", len(ids), left)})
}

// MendDead gives a leg that could not be rated other times and prices it again. It returns how many still cannot be rated: 0 or 1.
func (c *Console) MendDead(ctx context.Context, who *access.Principal, id int64, m Mending) (int, error) {
	if err := may(who, access.WriteDead); err != nil {
		return 0, err
	}
	why, err := reason(m.Reason)
	if err != nil {
		return 0, err
	}
	if m.Setup.IsZero() && m.Connect.IsZero() && m.Disconnect.IsZero() {
		return 0, invalid("times: give setup, connect or disconnect")
	}
	m.Reason = why
	if err := c.d.Dead.Mend(ctx, id, m, who.By()); err != nil {
		return 0, err
	}
	left, err := c.d.Dead.Retry(ctx, []int64{id})
	if err != nil {
		return left, err
	}
	return left, c.log(ctx, who, access.Deed{Action: "mend", Object: fmt.Sprintf("dead leg %d", id), After: fmt.Sprintf(
		"setup %s connect %s disconnect %s: %s", when(m.Setup), when(m.Connect), when(m.Disconnect), why)})
}

func when(t time.Time) string {
	if t.IsZero() {
		return "as it was"
	}
	return t.UTC().Format(time.RFC3339)
}

// WriteOffDead says that legs that could not be rated are never to be: nobody is charged for them, and no invoice waits for them. It returns
// how many there were.
func (c *Console) WriteOffDead(ctx context.Context, who *access.Principal, ids []int64, because string) (int, error) {
	if err := may(who, access.WriteDead); err != nil {
		return 0, err
	}
	why, err := reason(because)
	if err != nil {
		return 0, err
	}
	if len(ids) == 0 || len(ids) > maxRetry {
		return 0, invalid("ids: name 1 to %d legs", maxRetry)
	}
	n, err := c.d.Dead.WriteOff(ctx, slices.Compact(slices.Sorted(slices.Values(ids))), why, who.By())
	if err != nil {
		return n, err
	}
	return n, c.log(ctx, who, access.Deed{Action: "write off", Object: "dead legs", After: fmt.Sprintf("%d of legs %v: %s", n, ids, why)})
}

// accessFault tells what the user did wrong from what is ours.
func accessFault(err error) error {
	switch {
	case errors.Is(err, access.ErrUser), errors.Is(err, access.ErrKey), errors.Is(err, access.ErrPassword):
		return invalid("%s", err)
	case errors.Is(err, access.ErrNotFound):
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case errors.Is(err, access.ErrExists), errors.Is(err, access.ErrLastOne):
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}
