package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/ledger"
	"trunkline/provision"
)

// Books are the closed months of accounts.
type Books interface {
	// Close closes the books of an account up to a moment, or opens them again from it on: ledger.ErrClosing where calls of the
	// period could not be rated yet, ledger.ErrInvoiced where an invoice stands for it. It may be repeated.
	Close(ctx context.Context, c ledger.Closing) (ledger.Closing, error)
	// Closings returns what was closed and opened of an account, the newest first.
	Closings(ctx context.Context, account ledger.Account) ([]ledger.Closing, error)
}

// Whose names an account: a tenant or a carrier. Where both are empty it means all.
type Whose struct {
	Tenant  string
	Carrier string
}

func (w Whose) all() bool { return w == Whose{} }

// holder is an account with the time zone in which its months begin and end.
type holder struct {
	account ledger.Account
	zone    *time.Location
}

// holders are the accounts that are meant and somebody may work on, in their order. The months of carriers are those of UTC.
func (c *Console) holders(who *access.Principal, p access.Permission, w Whose) ([]holder, error) {
	if err := may(who, p); err != nil {
		return nil, err
	}
	s := c.d.Snapshot()
	var out []holder
	for _, t := range s.Operator().Tenants {
		if (w.all() || t.ID == w.Tenant) && who.Sees(t.ID) {
			out = append(out, holder{ledger.Tenant(t.ID, t.Currency), s.Zone(t.ID)})
		}
	}
	for _, carrier := range s.Operator().Carriers {
		if (w.all() || carrier.ID == w.Carrier) && who.Sees("") && who.May(access.ReadCost) {
			out = append(out, holder{ledger.Carrier(carrier.ID, carrier.Currency), time.UTC})
		}
	}
	if len(out) == 0 && !w.all() {
		if w.Carrier != "" {
			return nil, missing(provision.KindCarrier, w.Carrier)
		}
		return nil, missing(provision.KindTenant, w.Tenant)
	}
	return out, nil
}

// holder is the account that is named.
func (c *Console) holder(who *access.Principal, p access.Permission, w Whose) (holder, error) {
	if err := may(who, p); err != nil {
		return holder{}, err
	}
	if (w.Tenant == "") == (w.Carrier == "") {
		return holder{}, invalid("account: name a tenant or a carrier")
	}
	list, err := c.holders(who, p, w)
	if err != nil {
		return holder{}, err
	}
	return list[0], nil
}

// AccountsOf returns the accounts of a kind in the order of their ids.
func (c *Console) AccountsOf(ctx context.Context, who *access.Principal, kind ledger.Kind) ([]ledger.State, error) {
	if kind == ledger.TenantAccount {
		return c.Accounts(ctx, who)
	}
	for _, p := range []access.Permission{access.ReadMoney, access.ReadCost} {
		if err := may(who, p); err != nil {
			return nil, err
		}
	}
	if !who.Sees("") {
		return nil, fmt.Errorf("%w: accounts of the operator", ErrNotFound)
	}
	return c.d.Money.States(ctx, kind)
}

// StatementOf returns the postings of an account in [from, till), with the balance after each: at most limit lines.
func (c *Console) StatementOf(ctx context.Context, who *access.Principal, w Whose, from, till time.Time, limit int) ([]ledger.Line, error) {
	h, err := c.holder(who, access.ReadMoney, w)
	if err != nil {
		return nil, err
	}
	return c.d.Money.Statement(ctx, h.account, from, till, limit)
}

// Closings returns what was closed and opened of an account, the newest first.
func (c *Console) Closings(ctx context.Context, who *access.Principal, w Whose) ([]ledger.Closing, error) {
	h, err := c.holder(who, access.ReadMoney, w)
	if err != nil {
		return nil, err
	}
	return c.d.Books.Closings(ctx, h.account)
}

// CloseBooks closes a month, such as 2026-10, and all before it, for an account or for all. Nothing is posted in a closed month
// any more. An account that cannot be closed does not keep the others open: what was done is returned with the error. It may be
// repeated.
func (c *Console) CloseBooks(ctx context.Context, who *access.Principal, w Whose, month, why string) ([]ledger.Closing, error) {
	return c.moveBooks(ctx, who, w, "close books", why, func(zone *time.Location) (time.Time, error) {
		middle, err := middleOf(month, zone)
		_, end := ledger.Month.Bounds(middle, zone)
		return end.UTC(), err
	})
}

// OpenBooks opens a month of an account and all after it again.
func (c *Console) OpenBooks(ctx context.Context, who *access.Principal, w Whose, month, why string) ([]ledger.Closing, error) {
	if err := may(who, access.WriteMoney); err != nil {
		return nil, err
	}
	if w.all() {
		return nil, invalid("account: name a tenant or a carrier")
	}
	return c.moveBooks(ctx, who, w, "open books", why, func(zone *time.Location) (time.Time, error) {
		middle, err := middleOf(month, zone)
		return ledger.Month.Start(middle, zone).UTC(), err
	})
}

// middleOf is a moment within a month that every time zone agrees on.
func middleOf(month string, zone *time.Location) (time.Time, error) {
	first, err := time.Parse("2006-01", month)
	if err != nil {
		return first, invalid("month: %q is none: write it like 2026-10", month)
	}
	return time.Date(first.Year(), first.Month(), 15, 12, 0, 0, 0, zone), nil
}

func (c *Console) moveBooks(ctx context.Context, who *access.Principal, w Whose, action, why string, till func(*time.Location) (time.Time, error)) ([]ledger.Closing, error) {
	list, err := c.holders(who, access.WriteMoney, w)
	if err != nil {
		return nil, err
	}
	if why, err = reason(why); err != nil {
		return nil, err
	}
	orders := make([]ledger.Closing, 0, len(list))
	for _, h := range list {
		at, err := till(h.zone)
		if err != nil {
			return nil, err
		}
		if at.After(c.d.Clock.Now()) {
			return nil, fmt.Errorf("%w: %w: it is over at %s", ErrConflict, ledger.ErrClosing, at.Format(time.RFC3339))
		}
		orders = append(orders, ledger.Closing{Account: h.account, Till: at, Reason: why, By: who.By()})
	}
	var done []ledger.Closing
	var failed error
	for _, order := range orders {
		one, err := c.d.Books.Close(ctx, order)
		if err != nil {
			failed = errors.Join(failed, booksFault(err))
			continue
		}
		done = append(done, one)
	}
	if len(done) == 0 {
		return nil, failed
	}
	return done, errors.Join(failed, c.log(ctx, who, access.AuditEvent{
		Tenant: w.Tenant, Action: action, Object: strings.TrimSpace("books " + w.Tenant + w.Carrier), After: tills(done) + " " + why,
	}))
}

// booksFault tells what stands in the way of a change of the books from what is ours.
func booksFault(err error) error {
	if errors.Is(err, ledger.ErrClosing) || errors.Is(err, ledger.ErrInvoiced) {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}

// tills are the moments that books are closed up to, each once.
func tills(done []ledger.Closing) string {
	var out []string
	for _, d := range done {
		out = append(out, when(d.Till))
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ", ")
}
