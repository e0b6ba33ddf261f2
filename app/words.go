package app

import (
	"context"
	"errors"

	"trunkline/console"
	"trunkline/internal/cause"
	"trunkline/internal/money"
	"trunkline/ledger"
)

// LimitWords say which limit is meant and what it is to be, in words of their own. At most one of branch, extension and destination is given.
type LimitWords struct {
	Branch, Extension, Destination string
	Period, Reason                 string
	Money                          *money.Amount // Nil: not given.
	Seconds, Calls                 int64         // Below zero: not given.
}

// Order is what is ordered of the limit that is meant. Words that name several are an error that is marked as cause.Input.
func (w *LimitWords) Order(action console.Action) (console.LimitOrder, error) {
	o := console.LimitOrder{Action: action, Scope: ledger.TenantScope, Period: ledger.Period(w.Period), Reason: w.Reason, Caps: ledger.Caps{Money: w.Money}}
	if w.Seconds >= 0 {
		o.Caps.Seconds = &w.Seconds
	}
	if w.Calls >= 0 {
		o.Caps.Calls = &w.Calls
	}
	given := 0
	for _, one := range []struct {
		scope ledger.Scope
		owner string
	}{{ledger.BranchScope, w.Branch}, {ledger.ExtensionScope, w.Extension}, {ledger.DestinationScope, w.Destination}} {
		if one.owner != "" {
			given++
			o.Scope, o.Owner = one.scope, one.owner
		}
	}
	if given > 1 {
		return o, cause.Mark(cause.Input, errors.New("give one of --branch, --extension and --destination"))
	}
	return o, nil
}

// ImportWords say which imports are meant.
type ImportWords struct{ console.ImportQuery }

// CheckWindow refuses a time that ends before it begins. The error is marked as cause.Input.
func (w *ImportWords) CheckWindow() error {
	if !w.From.IsZero() && !w.Till.IsZero() && !w.From.Before(w.Till) {
		return cause.Mark(cause.Input, errors.New("--from must be before --to"))
	}
	return nil
}

// Standing finds the imports that are meant and stand. Words that say too little, or mean none, are an error that is marked as cause.Input.
func (w *ImportWords) Standing(ctx context.Context, c *Local) (ids []int64, err error) {
	if w.PBX == "" || w.Tenant == "" {
		return nil, cause.Mark(cause.Input, errors.New("give the numbers of imports, or --tenant and --pbx with --file, --from and --to, or --changed"))
	}
	if err := w.CheckWindow(); err != nil {
		return nil, err
	}
	q := w.ImportQuery
	q.Standing, q.Limit = true, console.ImportsMost
	list, err := c.Imports(ctx, c.Who, q)
	if err == nil && len(list) == 0 {
		err = cause.Mark(cause.Input, errors.New("there is no such import that stands: see `trunkline import list`"))
	}
	for i := range list {
		ids = append(ids, list[i].ID)
	}
	return ids, err
}

// Period is all that a PBX brought in a time, whichever import did. Words that say too little are an error that is marked as cause.Input.
func (w *ImportWords) Period() (console.ImportSelection, error) {
	if w.Tenant == "" || w.PBX == "" || w.From.IsZero() || w.Till.IsZero() {
		return console.ImportSelection{}, cause.Mark(cause.Input, errors.New("give the numbers of imports, or --tenant and --pbx with --file, or with --from and --to"))
	}
	return console.ImportSelection{Tenant: w.Tenant, PBX: w.PBX, From: w.From, Till: w.Till}, w.CheckWindow()
}
