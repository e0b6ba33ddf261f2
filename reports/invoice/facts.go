package invoice

import (
	"context"
	"slices"
	"strings"
	"time"

	"trunkline/ledger"
	"trunkline/rating"
)

// CallQuery asks for the calls of a tenant in a time.
type CallQuery struct {
	Tenant    string
	Direction string // outbound, inbound, forwarded, internal; empty: all.
	Number    string // Of this number of the tenant only, in digits; empty: all.
	From      time.Time
	Till      time.Time
}

// CallCount is how many calls were answered, and for how long they were talked on.
type CallCount struct {
	Calls   int64
	Seconds int64
}

// CallCounter counts calls.
type CallCounter interface {
	CountCalls(ctx context.Context, q CallQuery) (CallCount, error)
}

// Reading is what a counter of a tenant stood at, or grew by, in one branch.
type Reading struct {
	Tenant  string    `json:"tenant"`
	Counter string    `json:"counter"`
	Branch  string    `json:"branch,omitempty"`
	At      time.Time `json:"at"`
	Value   int64     `json:"value"`
}

// Readings knows counters that others keep (storage, recording, modules), and payments.
type Readings interface {
	// ReadingsOf returns the readings of a counter before a moment, the oldest first.
	ReadingsOf(ctx context.Context, tenant, counter string, till time.Time) ([]Reading, error)
	// TopUps returns how often an account was topped up in a time, and by how many millionths.
	TopUps(ctx context.Context, account ledger.Account, from, till time.Time) (times, micros int64, err error)
}

// facts are what the conditions of one tenant's fees are judged by. They are asked for when they are needed, each once; the
// first failure is kept, and checked when all is reckoned.
type facts struct {
	ctx      context.Context //nolint:containedctx // rating.Facts knows no context; facts live for one reckoning only.
	calls    CallCounter
	readings Readings
	account  ledger.Account
	timeline *Timeline
	regions  func(number string) []string
	known    map[rating.FactQuery]int64
	err      error
}

// Numbers implements rating.Facts.
func (f *facts) Numbers(from, till time.Time) []rating.NumberFact {
	list := f.timeline.Numbers(from, till)
	for i := range list {
		list[i].Regions = f.regions(list[i].Number)
	}
	return list
}

// Value implements rating.Facts.
func (f *facts) Value(q rating.FactQuery) int64 {
	if v, ok := f.known[q]; ok {
		return v
	}
	if f.err != nil {
		return 0
	}
	v, err := f.ask(q)
	if err != nil {
		f.err = err
		return 0
	}
	f.known[q] = v
	return v
}

func (f *facts) ask(q rating.FactQuery) (int64, error) {
	switch q.Counter {
	case "seats":
		return f.timeline.SeatsAt(q.Till), nil
	case "topups", "topup_amount":
		times, micros, err := f.readings.TopUps(f.ctx, f.account, q.From, q.Till)
		if q.Counter == "topups" {
			return times, err
		}
		return micros, err
	}
	if class, ok := rating.CountedClass(q.Counter); ok {
		return total(f.timeline.NumbersAt(q.Till, class)), nil
	}
	if direction, what, ok := callsOf(q.Counter); ok {
		count, err := f.calls.CountCalls(f.ctx, CallQuery{
			Tenant: f.account.Owner, Direction: direction, Number: strings.TrimPrefix(q.Number, "+"), From: q.From, Till: q.Till,
		})
		if what == "calls" {
			return count.Calls, err
		}
		return count.Seconds, err
	}
	values, err := f.branchReadings(q.Counter, q.From, q.Till)
	return total(values), err
}

// counted reports whether anything is known of a counter: what the house counts itself always is, and others once they have been read.
func (f *facts) counted(counter string, till time.Time) (bool, error) {
	if _, ok := rating.CountedClass(counter); ok || slices.Contains([]string{"", "seats", "topups", "topup_amount"}, counter) {
		return true, nil
	}
	if _, _, ok := callsOf(counter); ok {
		return true, nil
	}
	list, err := f.readings.ReadingsOf(f.ctx, f.account.Owner, counter, till)
	return len(list) > 0, err
}

func total(m map[string]int64) int64 {
	var sum int64
	for _, n := range m {
		sum += n
	}
	return sum
}

// callsOf takes the name of a counter of calls apart: inbound_seconds, outbound_calls, talk_seconds, calls.
func callsOf(counter string) (direction, what string, ok bool) {
	if counter == "calls" {
		return "", "calls", true
	}
	direction, what, ok = strings.Cut(counter, "_")
	switch direction {
	case "talk":
		return "", what, ok && what == "seconds"
	case "inbound", "outbound", "forwarded", "internal":
		return direction, what, ok && (what == "seconds" || what == "calls")
	}
	return "", "", false
}

// branchReadings returns what a counter came to in each branch: what was added in the time, for those that count seconds,
// minutes, calls or money, and for all others where they last stood.
func (f *facts) branchReadings(counter string, from, till time.Time) (map[string]int64, error) {
	list, err := f.readings.ReadingsOf(f.ctx, f.account.Owner, counter, till)
	out := make(map[string]int64)
	for _, r := range list {
		switch {
		case !summed(counter):
			out[r.Branch] = r.Value
		case !r.At.Before(from):
			out[r.Branch] += r.Value
		}
	}
	return out, err
}

func summed(counter string) bool {
	for _, unit := range []string{"_seconds", "_minutes", "_hours", "_calls", "_amount"} {
		if strings.HasSuffix(counter, unit) {
			return true
		}
	}
	return false
}
