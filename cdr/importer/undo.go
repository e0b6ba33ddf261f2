package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trunkline/cdr"
	"trunkline/internal/calls"
)

// Selection says what is taken back: imports, or all calls of a PBX whose setup is in [From, Till).
type Selection struct {
	Imports    []int64
	Tenant     string
	PBX        string
	From, Till time.Time
	Reason     string
	By         string
}

// Leg is the identity of a leg, and the quarter of an hour that its record counts in.
type Leg struct {
	Call calls.ID
	Seq  uint16
	Slot time.Time
}

// Undo is a taking back of calls.
type Undo struct {
	ID          int64
	Tenant      string
	PBX         string
	First, Last time.Time // Setups of the calls.
	Legs        int64     // That are taken back.
	Shared      int64     // Calls that stay, because other imports have them, too.
	Others      []int64   // Those imports, at most a few.
}

// Withdrawals keeps which legs are taken back. All methods may be repeated.
type Withdrawals interface {
	// Legs returns what a selection of imports would take back; ErrNone, ErrNothing.
	Legs(ctx context.Context, s Selection) ([]Leg, Undo, error)
	// Begin notes that legs are taken back: those of a selection of imports, or else the ones that are given. From then on nothing of
	// them that is still on its way counts, and nothing more of the PBX is imported until End. An undo of the same imports that
	// has not ended is returned again.
	Begin(ctx context.Context, s Selection, legs []Leg) (Undo, error)
	// Of returns the legs that an undo takes back.
	Of(ctx context.Context, undo int64) (map[Identity]bool, error)
	// End says that all is taken back.
	End(ctx context.Context, undo int64) error
	// Fail notes why an undo has ended before its time.
	Fail(ctx context.Context, undo int64, why string) error
}

// Identity is what a leg is known by.
type Identity struct {
	Call calls.ID
	Seq  uint16
}

// Books is where the money of calls is kept.
type Books interface {
	// MayWithdraw refuses what Withdraw would refuse, and changes nothing.
	MayWithdraw(ctx context.Context, records []cdr.Record) error
	// Withdraw reverses records: money, allowances and limits are given back.
	Withdraw(ctx context.Context, undo int64, records []cdr.Record) error
	// Deliver brings what was posted to the store of calls.
	Deliver(ctx context.Context) error
}

// Calls is the store of rated calls.
type Calls interface {
	// Imported returns the legs of a PBX that are in force, with setups in [from, till), in the order of their slots; for a zero
	// till those whose slots are not before from.
	Imported(ctx context.Context, tenant, pbx string, from, till time.Time) ([]Leg, error)
	// Whole returns the records in force of up to 5,000 legs of a tenant, which are in the order of their slots.
	Whole(ctx context.Context, tenant string, legs []Leg) ([]cdr.Record, error)
}

// Undoer takes imports back.
type Undoer struct {
	Withdrawals Withdrawals
	Books       Books
	Calls       Calls
}

// undoChunk is how many records are reversed in one transaction.
const undoChunk = 4000

// Undo takes a selection back, all of it or nothing. It is an error of the ledger where a call is in a closed period or on an
// invoice. One that was killed, or failed, goes on when it is called again.
func (u *Undoer) Undo(ctx context.Context, s Selection) (Undo, error) {
	legs, err := u.legs(ctx, s)
	if err != nil {
		return Undo{}, err
	}
	undo, err := u.Withdrawals.Begin(ctx, s, legs)
	if err != nil {
		return undo, err
	}
	return undo, u.GoOn(ctx, &undo)
}

// GoOn ends an undo that has begun. It may be repeated.
func (u *Undoer) GoOn(ctx context.Context, undo *Undo) error {
	err := u.reverse(ctx, undo)
	if err == nil {
		return u.Withdrawals.End(ctx, undo.ID)
	}
	if ctx.Err() != nil {
		return err
	}
	return errors.Join(err, u.Withdrawals.Fail(ctx, undo.ID, err.Error()))
}

// legs are what a selection would take back, after a look whether anything is in the way.
func (u *Undoer) legs(ctx context.Context, s Selection) ([]Leg, error) {
	if err := u.Books.Deliver(ctx); err != nil {
		return nil, err
	}
	if len(s.Imports) > 0 {
		legs, undo, err := u.Withdrawals.Legs(ctx, s)
		if err != nil || len(legs) == 0 { // Without legs it is one that has begun already.
			return legs, err
		}
		return legs, u.look(ctx, &undo, setOf(legs))
	}
	legs, err := u.Calls.Imported(ctx, s.Tenant, s.PBX, s.From, s.Till)
	if err == nil && len(legs) == 0 {
		err = fmt.Errorf("%w: PBX %s of %s has no calls in this period", ErrNothing, s.PBX, s.Tenant)
	}
	if err != nil {
		return nil, err
	}
	return legs, u.chunks(ctx, s.Tenant, legs, u.Books.MayWithdraw)
}

func setOf(legs []Leg) map[Identity]bool {
	out := make(map[Identity]bool, len(legs))
	for i := range legs {
		out[Identity{legs[i].Call, legs[i].Seq}] = true
	}
	return out
}

// look refuses what could not be taken back, before anything is.
func (u *Undoer) look(ctx context.Context, undo *Undo, which map[Identity]bool) error {
	legs, err := u.inForce(ctx, undo, which)
	if err != nil {
		return err
	}
	return u.chunks(ctx, undo.Tenant, legs, u.Books.MayWithdraw)
}

// slack is how much earlier than its setup a call may count: its times may have been mended by hand.
const slack = 24 * time.Hour

// inForce are the legs of an undo that are in force.
func (u *Undoer) inForce(ctx context.Context, undo *Undo, which map[Identity]bool) ([]Leg, error) {
	all, err := u.Calls.Imported(ctx, undo.Tenant, undo.PBX, undo.First.Add(-slack), time.Time{})
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, l := range all {
		if which[Identity{l.Call, l.Seq}] {
			out = append(out, l)
		}
	}
	return out, nil
}

// reverse takes back what is in force of an undo that has begun.
func (u *Undoer) reverse(ctx context.Context, undo *Undo) error {
	if undo.Legs == 0 {
		return nil
	}
	if err := u.Books.Deliver(ctx); err != nil { // What was rated before the undo began is to be seen.
		return err
	}
	which, err := u.Withdrawals.Of(ctx, undo.ID)
	if err != nil {
		return err
	}
	legs, err := u.inForce(ctx, undo, which)
	if err != nil {
		return err
	}
	return u.chunks(ctx, undo.Tenant, legs, func(ctx context.Context, records []cdr.Record) error {
		if err := u.Books.Withdraw(ctx, undo.ID, records); err != nil {
			return err
		}
		return u.Books.Deliver(ctx)
	})
}

// chunks calls do with the records of legs, some at a time.
func (u *Undoer) chunks(ctx context.Context, tenant string, legs []Leg, do func(context.Context, []cdr.Record) error) error {
	for len(legs) > 0 {
		n := min(undoChunk, len(legs))
		records, err := u.Calls.Whole(ctx, tenant, legs[:n])
		if err != nil {
			return err
		}
		if err := do(ctx, records); err != nil {
			return err
		}
		legs = legs[n:]
	}
	return nil
}
