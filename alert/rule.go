package alert

import (
	"slices"
	"time"

	"trunkline/internal/money"
	"trunkline/ledger"
)

// Measure says what a rule looks at.
type Measure string

// The measures.
const (
	Balance    Measure = "balance"    // Of the tenant's account, in its currency.
	Left       Measure = "left"       // Balance and credit less what is held for calls.
	CapPercent Measure = "cap"        // How much of a cap is used and held, in per cent; of several caps the fullest.
	Spend      Measure = "spend"      // What calls that ended within the window cost.
	Minutes    Measure = "minutes"    // Their billed minutes.
	Calls      Measure = "calls"      // How many were answered.
	Sequential Measure = "sequential" // The longest run of numbers one after the other that were called within the window.
	Spike      Measure = "spike"      // How many times the mean of the same hours of former weeks it is; see Rule.Of.
	Unrated    Measure = "unrated"    // Legs that could not be rated.
)

// overCalls reports whether the measure is taken of calls within a window.
func (m Measure) overCalls() bool {
	switch m {
	case Spend, Minutes, Calls, Sequential, Spike:
		return true
	case Balance, Left, CapPercent, Unrated:
	}
	return false
}

// money reports whether values of the measure are a client's money.
func (m Measure) money() bool {
	switch m {
	case Balance, Left, Spend:
		return true
	case CapPercent, Minutes, Calls, Sequential, Spike, Unrated:
	}
	return false
}

// Rule says when an alert fires and clears, and what is done then.
type Rule struct {
	ID      string  `yaml:"id" access:"open"`
	Tenant  string  `yaml:"tenant,omitempty" access:"open"` // Empty: each tenant by itself.
	Measure Measure `yaml:"measure" access:"open"`
	// By is what is measured by itself: tenant (the default), branch or extension.
	By ledger.Scope `yaml:"by,omitempty" access:"open"`
	// It fires when the value is above Above, or below Below.
	Above *money.Amount `yaml:"above,omitempty" access:"account"`
	Below *money.Amount `yaml:"below,omitempty" access:"account"`
	// Clear is the value at which it clears; the one at which it fires if empty.
	Clear *money.Amount `yaml:"clear,omitempty" access:"account"`

	// Of calls:
	Window   time.Duration `yaml:"window,omitempty" access:"open"`   // Default 1h.
	Prefixes []string      `yaml:"prefixes,omitempty" access:"open"` // Called numbers begin so; empty: all.
	Risky    bool          `yaml:"risky,omitempty" access:"open"`    // Or so, as the operator's risky destinations.
	Of       Measure       `yaml:"of,omitempty" access:"open"`       // Of a spike: spend (the default), minutes or calls.
	Least    *money.Amount `yaml:"least,omitempty" access:"account"` // Of a spike: nothing fires below this value of Of.

	// What is done when it fires.
	Notify []string `yaml:"notify,omitempty" access:"open"` // Channels, which are told when it clears too.
	Block  string   `yaml:"block,omitempty" access:"open"`  // tenant, extension, branch (as By), or destination (the prefixes). Not taken back when it clears.
	Lower  *Lower   `yaml:"lower,omitempty" access:"open"`
}

// Lower is a cap that is set when an alert fires. It is not taken back when it clears.
type Lower struct {
	Period  ledger.Period `yaml:"period" access:"open"`
	Money   *money.Amount `yaml:"money,omitempty" access:"account"`
	Seconds *int64        `yaml:"seconds,omitempty" access:"open"`
	Calls   *int64        `yaml:"calls,omitempty" access:"open"`
}

// Caps are what is set.
func (l *Lower) Caps() ledger.Caps {
	return ledger.Caps{Money: l.Money, Seconds: l.Seconds, Calls: l.Calls}
}

// Channel is where messages go: one of both.
type Channel struct {
	ID      string   `yaml:"id" access:"open"`
	Webhook string   `yaml:"webhook,omitempty" access:"secret"` // URL.
	Secret  string   `yaml:"secret,omitempty" access:"secret"`  // Signs what goes to the webhook.
	Mail    []string `yaml:"mail,omitempty" access:"open"`      // Addresses.
}

// Rules are all rules and channels.
type Rules struct {
	Channels []Channel      `yaml:"channels,omitempty" access:"open"`
	Rules    []Rule         `yaml:"rules,omitempty" access:"open"`
	Events   []Subscription `yaml:"events,omitempty" access:"open"`
}

// Channel returns a channel by its id.
func (r *Rules) Channel(id string) (*Channel, bool) {
	for i := range r.Channels {
		if r.Channels[i].ID == id {
			return &r.Channels[i], true
		}
	}
	return nil, false
}

// rule returns a rule by its id.
func (r *Rules) rule(id string) (*Rule, bool) {
	for i := range r.Rules {
		if r.Rules[i].ID == id {
			return &r.Rules[i], true
		}
	}
	return nil, false
}

// TellsMoney reports whether alarms of a rule, or messages about a kind of event, tell how a client's account stands. Of a rule that is not
// there any more nobody knows, so that it is true.
func (r *Rules) TellsMoney(rule string) bool {
	if one, ok := r.rule(rule); ok {
		return one.Measure.money() || one.Lower != nil && one.Lower.Money != nil
	}
	return !slices.Contains([]string{CallUnrated, DeckApplied, RouteLocked, RouteUnlocked}, rule)
}

// fires reports whether a value makes the rule fire.
func (r *Rule) fires(v money.Amount) bool {
	return r.Above != nil && r.Above.Less(v) || r.Below != nil && v.Less(*r.Below)
}

// clears reports whether a value lets it clear.
func (r *Rule) clears(v money.Amount) bool {
	switch {
	case r.Clear == nil:
		return !r.fires(v)
	case r.Above != nil:
		return !r.Clear.Less(v)
	}
	return !v.Less(*r.Clear)
}

// threshold is the value beyond which it fires, in words.
func (r *Rule) threshold() string {
	if r.Above != nil {
		return "above " + r.Above.String()
	}
	return "below " + r.Below.String()
}
