package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrWithdraw says that a version cannot be taken back.
var ErrWithdraw = errors.New("the version cannot be taken back")

// Withdraw takes back a version of a tariff that has not begun yet, and puts what is in force at the moment in its place where it is the
// one that was applied last. What calls were priced by cannot be taken back: another version takes its place from a day on.
func Withdraw(ctx context.Context, s *Snapshot, objects []Object, w Withdrawal, now time.Time) (*Changes, error) {
	line := s.Timeline(w.Kind, w.ID)
	at := slices.IndexFunc(line.All(), func(v *Version) bool { return v.Revision == w.Revision })
	if at < 0 {
		return nil, fmt.Errorf("%w: %s %s has no version of revision %d", ErrWithdraw, w.Kind, w.ID, w.Revision)
	}
	v := line.All()[at]
	switch {
	case v.Withdrawn:
		return nil, fmt.Errorf("%w: %s is withdrawn already", ErrWithdraw, v.Label)
	case !v.Begins.After(now):
		return nil, fmt.Errorf("%w: %s has been in force since %s; apply another one with effective_from", ErrWithdraw, v.Label, v.Begins.Format(time.RFC3339))
	}
	out := &Changes{Files: make(map[string][]byte), Withdraw: []Withdrawal{w}}
	if line.Latest() != v {
		return out, nil
	}
	back := line.At(now)
	if back == v {
		return nil, fmt.Errorf("%w: there is no other version of %s %s: delete the %s", ErrWithdraw, w.Kind, w.ID, w.Kind)
	}
	object := slices.IndexFunc(objects, func(o Object) bool { return o.Kind == w.Kind && o.ID == w.ID })
	if object < 0 || len(v.files) == 0 || back.files[0].name != v.files[0].name {
		return nil, fmt.Errorf("%w: %s stands in another file than the version before it: apply that one again", ErrWithdraw, v.Label)
	}
	for _, f := range back.files {
		content, err := s.library.archive.Content(ctx, f.sum)
		if err != nil {
			return nil, err
		}
		out.Files[f.name] = content
	}
	return out, nil
}
