package retention

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Line is what the rules say of a kind, and what would come of it now.
type Line struct {
	Kind  Kind
	Keep  Span
	All   Stock
	Goes  Stock    // Of All.
	Stays []string // Why something that is old stays.
}

// Plan returns what a run would do. It changes nothing.
func (r *Runner) Plan(ctx context.Context) ([]Line, error) {
	holds, err := r.Holds.InForce(ctx)
	if err != nil {
		return nil, err
	}
	held := heldBy(holds)
	calls, err := r.planCalls(ctx, held)
	if err != nil {
		return nil, err
	}
	out := []Line{calls}
	for _, k := range []Kind{Traces, Raw} {
		l, err := r.planBlank(ctx, k, held)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	for _, k := range tables() {
		l, err := r.planTable(ctx, k, held)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

func (r *Runner) planCalls(ctx context.Context, held Held) (Line, error) {
	l := Line{Kind: Calls, Keep: r.Rules.Calls}
	days, err := r.Calls.Days(ctx, held)
	if err != nil {
		return l, err
	}
	before, ok := l.Keep.before(r.Clock.Now())
	var obstacles []Obstacle
	if ok {
		if obstacles, err = r.Books.Obstacles(ctx, before); err != nil {
			return l, err
		}
	}
	kept := int64(0)
	for i := range days {
		d := &days[i]
		l.All.add(d.All)
		if !ok || d.Day.Add(24*time.Hour).After(before) {
			continue
		}
		at := slices.IndexFunc(obstacles, func(o Obstacle) bool { return o.of(d.Day) })
		if at >= 0 {
			l.stay(d.Day.Format(time.DateOnly) + ": " + obstacles[at].Why)
			continue
		}
		goes := d.All
		goes.Rows -= d.Held
		kept += d.Held
		if goes.Rows > 0 {
			l.Goes.add(goes)
		}
	}
	if kept > 0 {
		l.stay(fmt.Sprintf("%d rows are held", kept))
	}
	return l, nil
}

// staysShown bounds the reasons that are listed.
const staysShown = 20

func (l *Line) stay(why string) {
	switch {
	case len(l.Stays) < staysShown:
		l.Stays = append(l.Stays, why)
	case len(l.Stays) == staysShown:
		l.Stays = append(l.Stays, "and others")
	}
}

func (r *Runner) planBlank(ctx context.Context, k Kind, held Held) (l Line, err error) {
	l = Line{Kind: k, Keep: r.Rules.Of(k)}
	if l.All, _, err = r.Columns.Filled(ctx, k, time.Time{}, held); err != nil {
		return l, err
	}
	before, ok := l.Keep.before(r.Clock.Now())
	if !ok {
		return l, nil
	}
	old, free, err := r.Columns.Filled(ctx, k, before, held)
	l.Goes = free
	if n := old.Rows - free.Rows; n > 0 {
		l.stay(fmt.Sprintf("%d rows are held", n))
	}
	return l, err
}

func (r *Runner) planTable(ctx context.Context, k Kind, held Held) (l Line, err error) {
	l = Line{Kind: k, Keep: r.Rules.Of(k)}
	before, ok := l.Keep.before(r.Clock.Now())
	if !ok {
		before = time.Unix(0, 0)
	}
	if l.All, l.Goes, err = r.Rows.Stock(ctx, k, before); err != nil || held.None() || l.Goes.Rows == 0 {
		return l, err
	}
	n := int64(0)
	err = r.Rows.Each(ctx, k, time.Unix(0, 0), before, func(row Row) error {
		if held.Covers(row.Tenant, row.Text) {
			n++
		}
		return nil
	})
	if l.Goes.Rows -= n; n > 0 {
		l.stay(fmt.Sprintf("%d rows are held", n))
	}
	return l, err
}
