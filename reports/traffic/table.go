package traffic

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"trunkline/internal/money"
	"trunkline/reports/export"
)

// Rows says what the rows of a table are.
type Rows string

// The rows of tables.
const (
	ByGroup Rows = "group"
	ByDay   Rows = "day"
	ByHour  Rows = "hour"
)

// ParseRows reads the word; empty text is ByGroup.
func ParseRows(text string) (Rows, error) {
	switch r := Rows(text); r {
	case "", ByGroup:
		return ByGroup, nil
	case ByDay, ByHour:
		return r, nil
	}
	return "", fmt.Errorf("%w: rows %q: want group, day or hour", ErrQuestion, text)
}

// Table writes the report as a table.
func (r *Report) Table(rows Rows) *export.Table {
	t := &export.Table{Fields: append(text("kind", "owner", "group"), fields(rows)...)}
	for i := range r.Groups {
		g := &r.Groups[i]
		key := []any{string(g.Kind), g.Owner, g.ID}
		switch rows {
		case ByDay:
			g.addDays(t, key)
		case ByHour:
			g.addHours(t, key)
		case ByGroup:
			t.Add(append(key, g.cells()...)...)
		}
	}
	return t
}

func text(names ...string) []export.Field { return typed(export.Text, names...) }

func typed(k export.Kind, names ...string) []export.Field {
	out := make([]export.Field, len(names))
	for i, name := range names {
		out[i] = export.Field{Name: name, Kind: k}
	}
	return out
}

func fields(rows Rows) []export.Field {
	switch rows {
	case ByDay:
		f := append(text("date"), typed(export.Whole, "calls", "lost")...)
		f = append(f, typed(export.Amount, "carried_erlang")...)
		return append(append(f, text("busy_hour")...), typed(export.Amount, "busy_hour_carried", "busy_hour_offered")...)
	case ByHour:
		return append(append(text("hour"), typed(export.Whole, "calls", "lost")...), typed(export.Amount, "carried_erlang", "offered_erlang")...)
	case ByGroup:
	}
	f := append(typed(export.Whole, "lines", "calls", "answered", "lost", "lost_all_busy"), typed(export.Amount, "carried_erlang")...)
	f = append(append(f, text("busy_hour")...), typed(export.Amount, "busy_hour_carried", "busy_hour_offered")...)
	f = append(append(f, typed(export.Whole, "peak")...), text("peak_at")...)
	f = append(f, typed(export.Whole, "all_busy_seconds", "all_busy_times", "longest_wait_seconds", "longest_ring_seconds", "lines_needed", "lines_needed_most")...)
	return append(append(append(f, typed(export.Amount, "blocking_percent")...), typed(export.Whole, "lines_used")...), text("lines_unused")...)
}

func (t *Traffic) cells() []any {
	var lines, blocking any
	if t.Lines > 0 {
		lines = int64(t.Lines)
	}
	if t.Blocking != nil {
		const percent = 100
		blocking = places(*t.Blocking * percent)
	}
	out := append([]any{lines, t.Calls, t.Answered, t.Lost, t.LostBusy, places(float64(t.Carried))}, t.BusyHour.cells()...)
	return append(out, int64(t.Peak), stamp(t.PeakAt), int64(t.AllBusySeconds), int64(t.AllBusyTimes), int64(t.LongestWait), int64(t.LongestRing),
		int64(t.Needed), int64(t.NeededMost), blocking, int64(t.Used), strings.Join(t.Unused, " "))
}

func (b *BusyHour) cells() []any {
	if b == nil {
		return []any{"", nil, nil}
	}
	return []any{b.Start, places(float64(b.Carried)), places(float64(b.Offered))}
}

func (t *Traffic) addDays(to *export.Table, key []any) {
	for i := range t.Days {
		d := &t.Days[i]
		to.Add(append(append(slices.Clip(key), d.Date, d.Calls, d.Lost, places(float64(d.Carried))), d.BusyHour.cells()...)...)
	}
}

func (t *Traffic) addHours(to *export.Table, key []any) {
	for i := range t.Hours {
		h := &t.Hours[i]
		to.Add(append(slices.Clip(key), h.Start.Format(time.RFC3339), h.Calls, h.Lost, places(float64(h.Carried)), places(float64(h.Offered)))...)
	}
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.RFC3339)
}

// places is a figure with two places, as the writers of tables take decimals.
func places(v float64) money.Amount {
	const hundredths, micros = 100, 10_000
	return money.FromMicros(int64(math.Round(v*hundredths)) * micros)
}
