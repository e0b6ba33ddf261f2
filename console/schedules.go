package console

import (
	"context"
	"errors"
	"fmt"
	"io"

	"trunkline/access"
	"trunkline/reports/export"
	"trunkline/reports/mail"
)

// Schedules keep reports that are mailed when they are due.
type Schedules interface {
	List(ctx context.Context) ([]mail.Scheduled, error)
	Put(ctx context.Context, s mail.Schedule, by string) error
	// Remove takes one away; mail.ErrNoSchedule.
	Remove(ctx context.Context, id string) error
	// Send makes a report and mails it now; ErrConflict: no mail server is set.
	Send(ctx context.Context, s mail.Schedule) error
}

// Archive streams whole records, and makes sums of them anew.
type Archive interface {
	// Export writes the records of a question in the format of the options, and returns how many; told gets how many were written so far.
	Export(ctx context.Context, q RecordQuery, o export.Options, out io.Writer, told func(rows int64)) (int64, error)
	// Rebuild makes the hourly and daily sums anew from the records, and checks them; ErrConflict: calls came in time and again.
	Rebuild(ctx context.Context, told func(month string)) error
}

// Schedules returns the reports that are mailed, when each is due, and what became of it.
func (c *Console) Schedules(ctx context.Context, who *access.Principal) ([]mail.Scheduled, error) {
	if err := c.mayOfAll(who, access.ReadUsers); err != nil {
		return nil, err
	}
	return c.d.Schedules.List(ctx)
}

// PutSchedules stores reports that are mailed; others stay as they are. It may be repeated.
func (c *Console) PutSchedules(ctx context.Context, who *access.Principal, list []mail.Schedule) error {
	if err := c.mayOfAll(who, access.WriteUsers); err != nil {
		return err
	}
	for i := range list {
		if err := list[i].Validate(); err != nil {
			return invalid("%s", err)
		}
	}
	for i := range list {
		if err := c.d.Schedules.Put(ctx, list[i], who.By()); err != nil {
			return err
		}
		if err := c.log(ctx, who, access.AuditEvent{Tenant: list[i].Tenant, Action: "put schedule", Object: "schedule " + list[i].ID, After: list[i].Report}); err != nil {
			return err
		}
	}
	return nil
}

// RemoveSchedule takes a report away that is mailed.
func (c *Console) RemoveSchedule(ctx context.Context, who *access.Principal, id string) error {
	if err := c.mayOfAll(who, access.WriteUsers); err != nil {
		return err
	}
	if err := scheduleFault(c.d.Schedules.Remove(ctx, id)); err != nil {
		return err
	}
	return c.log(ctx, who, access.AuditEvent{Action: "remove schedule", Object: "schedule " + id})
}

// SendSchedule makes a report that is mailed and sends it now, beside its schedule.
func (c *Console) SendSchedule(ctx context.Context, who *access.Principal, id string) error {
	if err := c.mayOfAll(who, access.WriteUsers); err != nil {
		return err
	}
	list, err := c.d.Schedules.List(ctx)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Schedule.ID != id {
			continue
		}
		if err := c.d.Schedules.Send(ctx, list[i].Schedule); err != nil {
			return err
		}
		return c.log(ctx, who, access.AuditEvent{Tenant: list[i].Schedule.Tenant, Action: "send schedule", Object: "schedule " + id})
	}
	return scheduleFault(fmt.Errorf("%w: %s", mail.ErrNoSchedule, id))
}

func scheduleFault(err error) error {
	if errors.Is(err, mail.ErrNoSchedule) {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// ExportRecords writes whole records, with all columns, in the format of the options, and returns how many; told gets how many were
// written so far. It needs the permissions of everything that is in a record.
func (c *Console) ExportRecords(ctx context.Context, who *access.Principal, q CallQuery, o export.Options, out io.Writer, told func(rows int64)) (int64, error) {
	for _, p := range []access.Permission{access.ReadNumbers, access.ReadSale, access.ReadCost, access.ReadTraces} {
		if err := may(who, p); err != nil {
			return 0, err
		}
	}
	if err := c.callsAllowed(who, &q); err != nil {
		return 0, err
	}
	q.Attempts = true
	return c.d.Archive.Export(ctx, c.recordQuery(who, q), o, out, told)
}

// RebuildSums makes the hourly and daily sums anew from the records, month by month, and checks that each month adds up.
func (c *Console) RebuildSums(ctx context.Context, who *access.Principal, told func(month string)) error {
	if err := c.mayOfAll(who, access.WriteRetention); err != nil {
		return err
	}
	if err := c.d.Archive.Rebuild(ctx, told); err != nil {
		return err
	}
	return c.log(ctx, who, access.AuditEvent{Action: "rebuild sums", Object: "sums of calls"})
}
