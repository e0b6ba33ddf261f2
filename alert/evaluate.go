package alert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"trunkline/internal/clock"
	"trunkline/internal/money"
)

// Reading is a value of a rule's measure.
type Reading struct {
	Tenant string
	Owner  string // The branch or extension; empty where the rule is by tenant.
	Value  money.Amount
}

// Alarm is an alert that fires, or fired.
type Alarm struct {
	ID     int64        `access:"open"`
	Rule   string       `access:"open"`
	Tenant string       `access:"open"`
	Owner  string       `access:"open"`
	Value  money.Amount `access:"account"` // When it fired; when it cleared, if it did.
	Text   string       `access:"account"` // In a sentence.
	Done   string       `access:"account"` // What was done beside telling somebody; empty: nothing.
	Since  time.Time    `access:"open"`
	Till   time.Time    `access:"open"` // Zero: it still fires.
}

// subject is what an alarm is about; there is one open alarm for each.
type subject struct{ rule, tenant, owner string }

// Source measures. A subject of which it says nothing has the value zero.
type Source interface {
	Readings(ctx context.Context, r *Rule, now time.Time) ([]Reading, error)
}

// Book keeps alarms. Each step writes the messages that go out with it; a step that another has done meanwhile does nothing.
type Book interface {
	// Open returns the alarms that fire.
	Open(ctx context.Context) ([]Alarm, error)
	// Fire notes that one fires, with messages to channels.
	Fire(ctx context.Context, a Alarm, channels []string) error
	// Clear notes that one fires no more.
	Clear(ctx context.Context, a Alarm, channels []string) error
}

// Actor stops what is to be stopped. Its methods may be repeated.
type Actor interface {
	// Act blocks and lowers as the rule says, and tells what it did.
	Act(ctx context.Context, r *Rule, at Reading) (string, error)
}

// Evaluator fires and clears.
type Evaluator struct {
	Source Source
	Book   Book
	Actor  Actor
	Clock  clock.Clock
	Log    *slog.Logger
}

// Evaluate measures every rule once, and fires and clears what is to. A rule that cannot be measured keeps its alarms, and
// the others are not kept waiting by it.
func (e *Evaluator) Evaluate(ctx context.Context, rules *Rules) error {
	open, err := e.Book.Open(ctx)
	if err != nil {
		return err
	}
	firing := make(map[subject]Alarm, len(open))
	for _, a := range open {
		firing[subject{a.Rule, a.Tenant, a.Owner}] = a
	}
	var failed error
	for i := range rules.Rules {
		r := &rules.Rules[i]
		if err := e.rule(ctx, r, firing); err != nil {
			failed = errors.Join(failed, fmt.Errorf("rule %s: %w", r.ID, err))
		}
	}
	for s, a := range firing {
		if _, ok := rules.rule(s.rule); ok {
			continue
		}
		a.Text = "The rule was taken away."
		failed = errors.Join(failed, e.Book.Clear(ctx, a, nil))
	}
	return failed
}

func (e *Evaluator) rule(ctx context.Context, r *Rule, firing map[subject]Alarm) error {
	now := e.Clock.Now()
	readings, err := e.Source.Readings(ctx, r, now)
	if err != nil {
		return err
	}
	seen := make(map[subject]bool, len(readings))
	for _, at := range readings {
		seen[subject{r.ID, at.Tenant, at.Owner}] = true
	}
	for s, a := range firing {
		if s.rule == r.ID && !seen[s] {
			readings = append(readings, Reading{Tenant: a.Tenant, Owner: a.Owner})
		}
	}
	var failed error
	for _, at := range readings {
		a, fires := firing[subject{r.ID, at.Tenant, at.Owner}]
		switch {
		case !fires && r.fires(at.Value):
			failed = errors.Join(failed, e.fire(ctx, r, at, now))
		case fires && r.clears(at.Value):
			a.Value, a.Till, a.Text = at.Value, now, r.describe(at)+". It is over."
			e.Log.InfoContext(ctx, "alert cleared", "rule", r.ID, "tenant", at.Tenant, "owner", at.Owner, "value", at.Value.String())
			failed = errors.Join(failed, e.Book.Clear(ctx, a, r.Notify))
		}
	}
	return failed
}

// fire acts before it notes the alarm: what is killed in between is done again.
func (e *Evaluator) fire(ctx context.Context, r *Rule, at Reading, now time.Time) error {
	done, err := e.Actor.Act(ctx, r, at)
	if err != nil {
		return err
	}
	e.Log.WarnContext(ctx, "alert fires", "rule", r.ID, "tenant", at.Tenant, "owner", at.Owner, "value", at.Value.String(), "done", done)
	text := r.describe(at) + ", " + r.threshold() + "."
	if done != "" {
		text += " Done: " + done + "."
	}
	return e.Book.Fire(ctx, Alarm{
		Rule: r.ID, Tenant: at.Tenant, Owner: at.Owner, Value: at.Value, Since: now, Text: text, Done: done,
	}, r.Notify)
}

// describe says what was measured.
func (r *Rule) describe(at Reading) string {
	who := "tenant " + at.Tenant
	if at.Owner != "" {
		who += ", " + string(r.By) + " " + at.Owner
	}
	what := string(r.Measure)
	if r.Measure == Spike {
		what = string(r.Of) + " against the same hours of former weeks"
	}
	if r.Window > 0 {
		what += " of " + r.Window.String()
	}
	return fmt.Sprintf("%s: %s is %s%s", who, what, at.Value, r.unit())
}

// unit follows a value.
func (r *Rule) unit() string {
	switch r.Measure {
	case CapPercent:
		return " %"
	case Spike:
		return " times as much"
	case Balance, Left, Spend, Minutes, Calls, Sequential, Unrated:
	}
	return ""
}
