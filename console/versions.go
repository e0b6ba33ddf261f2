package console

import (
	"context"
	"errors"
	"strconv"
	"time"

	"trunkline/access"
	"trunkline/provision"
)

// PriceVersion is a version of a tariff or deck as it is shown.
type PriceVersion struct {
	Revision   int64      `json:"revision"`
	Label      string     `json:"label"` // As it stands in records.
	Applied    time.Time  `json:"applied"`
	By         string     `json:"by"`
	ValidFrom  *time.Time `json:"valid_from,omitempty"`  // Nil: it was always in force.
	ValidUntil *time.Time `json:"valid_until,omitempty"` // By its own word.
	State      string     `json:"state"`                 // past, in_force, announced, ended or withdrawn.
}

// Versions returns the versions of a tariff or deck in the order in which they were applied.
func (c *Console) Versions(ctx context.Context, who *access.Principal, kind provision.Kind, id string) ([]PriceVersion, error) {
	if _, err := c.Thing(ctx, who, kind, id); err != nil {
		return nil, err
	}
	now, line := c.d.Clock.Now(), c.d.Snapshot().Timeline(kind, id)
	out := make([]PriceVersion, 0, len(line.All()))
	for _, v := range line.All() {
		out = append(out, PriceVersion{
			Revision: v.Revision, Label: v.Label, Applied: v.Applied, By: v.By, ValidFrom: orNil(v.Begins), ValidUntil: orNil(v.Ends), State: line.State(v, now),
		})
	}
	return out, nil
}

// WithdrawVersion takes a version of a tariff back that has not begun; ErrConflict for one that has.
func (c *Console) WithdrawVersion(ctx context.Context, who *access.Principal, id string, revision int64) error {
	if err := may(who, access.WritePrices); err != nil {
		return err
	}
	if _, err := c.Thing(ctx, who, provision.KindTariff, id); err != nil {
		return err
	}
	stored, err := c.d.Setup.Load(ctx)
	if err != nil {
		return err
	}
	w := provision.Withdrawal{Kind: provision.KindTariff, ID: id, Revision: revision}
	changes, err := provision.Withdraw(ctx, c.d.Snapshot(), stored.Objects, w, c.d.Clock.Now())
	if errors.Is(err, provision.ErrWithdraw) {
		return errors.Join(ErrConflict, err)
	}
	if err != nil {
		return err
	}
	if _, err := c.d.Setup.Save(ctx, stored.Revision, changes, who.By()); err != nil {
		return err
	}
	return c.log(ctx, who, access.AuditEvent{Action: "withdrawVersion", Object: "tariff " + id, Before: "revision " + strconv.FormatInt(revision, 10)})
}
