package invoice

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/reports"
)

// ErrCharge is returned, wrapped, for a charge that makes no sense or can no longer be made or taken back.
var ErrCharge = errors.New("the charge cannot be taken")

// Charge is a line of an invoice that somebody made by hand, once: work on site, a device, an allowance in goodwill. It stands on the
// document of the period that its day is in.
type Charge struct {
	ID      int64        `json:"id" access:"client"`
	Key     string       `json:"key,omitempty" access:"client"` // The same key makes no second charge; empty: there is none.
	Tenant  string       `json:"tenant" access:"client"`
	Branch  string       `json:"branch,omitempty" access:"client"` // That bears it; empty: it is shared out as fees of the whole company are.
	Day     string       `json:"day" access:"client"`              // Of the service, such as 2026-11-17, in the tenant's calendar. Its tax is that of the day.
	Text    string       `json:"text" access:"client"`
	Amount  money.Amount `json:"amount" access:"client"` // In the tenant's currency, as prices are: with the tax where they contain it. Below zero it is a credit.
	By      string       `json:"by,omitempty" access:"open"`
	Created time.Time    `json:"created_at,omitzero" access:"client"`
	Number  string       `json:"invoice,omitempty" access:"client"` // Of the document that it stands on; empty: it is not invoiced yet.
}

// chargeText bounds the text of a charge in bytes.
const chargeText = 200

// Validate reports what makes the charge unusable.
func (c *Charge) Validate() error {
	switch {
	case c.Tenant == "":
		return fmt.Errorf("%w: it names no client", ErrCharge)
	case strings.TrimSpace(c.Text) == "" || len(c.Text) > chargeText:
		return fmt.Errorf("%w: text: say what it is for, in up to %d bytes", ErrCharge, chargeText)
	case c.Amount.IsZero():
		return fmt.Errorf("%w: its amount is 0", ErrCharge)
	}
	if _, err := time.Parse(time.DateOnly, c.Day); err != nil {
		return fmt.Errorf("%w: day %q: want such as 2026-11-17", ErrCharge, c.Day)
	}
	return nil
}

// Charges knows the charges that were made by hand.
type Charges interface {
	// ChargesOf returns those of tenants, or of all where none are named, with a day in [from, till), by tenant in the order of their ids.
	ChargesOf(ctx context.Context, tenants []string, from, till string) (map[string][]Charge, error)
}

// chargeLines takes over what was charged by hand for days of the period.
func (d *drafter) chargeLines() error {
	from, till := d.dayOf(d.period.From), d.dayOf(d.period.Till)
	for i := range d.charges {
		c := &d.charges[i]
		if c.Day < from || c.Day >= till {
			continue
		}
		day, err := time.Parse(time.DateOnly, c.Day)
		if err != nil {
			return err
		}
		at := clock.Midnight(day.Year(), day.Month(), day.Day(), d.zone)
		price := c.Amount
		line := Line{
			Kind: FeeLine, Key: "charge/" + strconv.FormatInt(c.ID, 10), Column: reports.ColumnShared, Text: c.Text, From: at, Till: at, Quantity: 1,
			Price: &price, Amount: c.Amount, fee: "charge", served: served{at, at},
		}
		if c.Branch != "" {
			line.Shares = []reports.BranchShare{{Branch: c.Branch, Amount: c.Amount}}
		} else if line.Shares, err = reports.Allocate(c.Amount, d.profile.Share, d.weights, d.shareScale(c.Amount)); err != nil {
			return err
		}
		d.add(line)
	}
	return nil
}

// dayOf is the date of a moment in the period's time zone.
func (d *drafter) dayOf(at time.Time) string { return at.In(d.zone).Format(time.DateOnly) }
