package console

import (
	"context"
	"fmt"
	"slices"
	"time"

	"trunkline/access"
	"trunkline/cdr"
)

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
	ID      int64     `json:"id" access:"open"`
	Leg     string    `json:"leg,omitempty" access:"open"` // Empty: the message is no leg.
	Call    string    `json:"call,omitempty" access:"open"`
	Tenant  string    `json:"tenant" access:"open"`
	Carrier string    `json:"carrier,omitempty" access:"open"`
	From    string    `json:"from,omitempty" access:"personal"`
	To      string    `json:"to,omitempty" access:"personal"`
	Setup   time.Time `json:"setup,omitzero" access:"open"`
	Reason  string    `json:"reason" access:"open"`
	Detail  string    `json:"detail" access:"mentions"`
	Failed  time.Time `json:"failed_at" access:"open"`
	Retries int       `json:"retries" access:"open"`

	// Came is the leg as it came, and Message what came where it is no leg; only DeadLeg gives them out.
	Came    *cdr.Leg `json:"-" access:"secret"`
	Message []byte   `json:"-" access:"secret"`
}

// Dead returns legs that could not be rated, the oldest first.
func (c *Console) Dead(ctx context.Context, who *access.Principal, q DeadQuery) ([]DeadLeg, error) {
	if err := may(who, access.ReadDead); err != nil {
		return nil, err
	}
	legs, err := c.d.Dead.Dead(ctx, q)
	hide := redactor[DeadLeg](who)
	for i := range legs {
		hide.Redact(&legs[i])
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
	return left, c.log(ctx, who, access.AuditEvent{Action: "retry", Object: "dead legs", After: fmt.Sprintf("%d legs, %d still cannot be rated", len(ids), left)})
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
	return left, c.log(ctx, who, access.AuditEvent{Action: "mend", Object: fmt.Sprintf("dead leg %d", id), After: fmt.Sprintf(
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
	return n, c.log(ctx, who, access.AuditEvent{Action: "write off", Object: "dead legs", After: fmt.Sprintf("%d of legs %v: %s", n, ids, why)})
}
