package console

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"trunkline/access"
	"trunkline/reports/retention"
)

// Retention lets go of records that are old, and of people that are to be forgotten.
type Retention interface {
	// Plan says of each kind of record how long it is kept, and what would go now.
	Plan(ctx context.Context) ([]retention.Line, error)
	// Run lets it go. With a folder each day is archived there first; told is called for each day that is done. It may be repeated.
	Run(ctx context.Context, archive string, told func(retention.Done)) error
	// Find says where a person's number stands, and Erase takes it out; retention.ErrErasure. Both may be repeated.
	Find(ctx context.Context, p retention.Person) ([]retention.Found, error)
	Erase(ctx context.Context, e retention.Erasure) ([]retention.Found, error)
	// Unreached names the places that an erasure does not reach.
	Unreached(ctx context.Context) ([]string, error)
	// Holds returns the legal holds in force, or with all also those that were removed.
	Holds(ctx context.Context, all bool) ([]retention.Hold, error)
	AddHold(ctx context.Context, h retention.Hold) (retention.Hold, error)
	RemoveHold(ctx context.Context, id int64, by, reason string) error
}

// RetentionPlan says of each kind of record how long it is kept, and what would go now.
func (c *Console) RetentionPlan(ctx context.Context, who *access.Principal) ([]retention.Line, error) {
	if err := c.mayOfAll(who, access.ReadRetention); err != nil {
		return nil, err
	}
	return c.d.Retention.Plan(ctx)
}

// RunRetention lets go of what is older than it is kept; what was done before an error stands. A run that was killed is ended by
// the next one.
func (c *Console) RunRetention(ctx context.Context, who *access.Principal, archive string, told func(retention.Done)) error {
	if err := c.mayOfAll(who, access.WriteRetention); err != nil {
		return err
	}
	var rows int64
	err := retentionFault(c.d.Retention.Run(ctx, archive, func(d retention.Done) {
		rows += d.Rows
		told(d)
	}))
	if err != nil && rows == 0 {
		return err
	}
	return errors.Join(err, c.log(ctx, who, access.AuditEvent{Action: "run retention", Object: "records", After: fmt.Sprintf("%d rows, archive %q", rows, archive)}))
}

// FindPerson says where a person's number stands in the records.
func (c *Console) FindPerson(ctx context.Context, who *access.Principal, p retention.Person) ([]retention.Found, error) {
	if err := c.mayOfAll(who, access.WriteRetention); err != nil {
		return nil, err
	}
	found, err := c.d.Retention.Find(ctx, p)
	return found, retentionFault(err)
}

// ErasePerson takes a person's number out of the records. The audit gets a digest of the number from the erasure itself, and never the
// number.
func (c *Console) ErasePerson(ctx context.Context, who *access.Principal, e retention.Erasure) ([]retention.Found, error) {
	if err := c.mayOfAll(who, access.WriteRetention); err != nil {
		return nil, err
	}
	e.By = who.By()
	found, err := c.d.Retention.Erase(ctx, e)
	return found, retentionFault(err)
}

// Unreached names the places that an erasure does not reach.
func (c *Console) Unreached(ctx context.Context, who *access.Principal) ([]string, error) {
	if err := c.mayOfAll(who, access.WriteRetention); err != nil {
		return nil, err
	}
	return c.d.Retention.Unreached(ctx)
}

// Holds returns the legal holds in force, or with all also those that were removed.
func (c *Console) Holds(ctx context.Context, who *access.Principal, all bool) ([]retention.Hold, error) {
	if err := c.mayOfAll(who, access.ReadRetention); err != nil {
		return nil, err
	}
	return c.d.Retention.Holds(ctx, all)
}

// AddHold keeps records of a tenant, or those that name a number, from retention and erasure.
func (c *Console) AddHold(ctx context.Context, who *access.Principal, h retention.Hold) (retention.Hold, error) {
	if err := c.mayOfAll(who, access.WriteRetention); err != nil {
		return h, err
	}
	if (h.Tenant == "") == (h.Number == "") {
		return h, invalid("tenant: give a client or a number, and not both")
	}
	var err error
	if h.Reason, err = reason(h.Reason); err != nil {
		return h, err
	}
	h.By = who.By()
	if err := h.Check(); err != nil {
		return h, invalid("number: %s", err)
	}
	made, err := c.d.Retention.AddHold(ctx, h)
	if err != nil {
		return made, retentionFault(err)
	}
	// A person's number stands in the hold; in the audit it could not be erased.
	return made, c.log(ctx, who, access.AuditEvent{Tenant: h.Tenant, Action: "add hold", Object: "hold " + strconv.FormatInt(made.ID, 10), After: h.Reason})
}

// RemoveHold ends a legal hold, which is kept with the reason.
func (c *Console) RemoveHold(ctx context.Context, who *access.Principal, id int64, why string) error {
	if err := c.mayOfAll(who, access.WriteRetention); err != nil {
		return err
	}
	why, err := reason(why)
	if err != nil {
		return err
	}
	if err := c.d.Retention.RemoveHold(ctx, id, who.By(), why); err != nil {
		return retentionFault(err)
	}
	return c.log(ctx, who, access.AuditEvent{Action: "remove hold", Object: "hold " + strconv.FormatInt(id, 10), After: why})
}

// retentionFault tells what an operator can do something about from what is ours.
func retentionFault(err error) error {
	for _, kind := range []error{retention.ErrArchive, retention.ErrHold, retention.ErrErasure} {
		if errors.Is(err, kind) {
			return fmt.Errorf("%w: %w", ErrConflict, err)
		}
	}
	return err
}

// OwnSpan is how long something is kept that retention does not ask about, because it goes by itself.
type OwnSpan struct {
	Of   string
	Kept time.Duration
}
