package provision

import (
	"time"

	"trunkline/internal/money"
)

// DialPlan makes E.164 numbers of what people dial. Its rules are tried in order; the first that matches decides.
type DialPlan struct {
	ID      string     `yaml:"id"`
	Country string     `yaml:"country,omitempty"` // Country code of local numbers, e.g. "7".
	Area    string     `yaml:"area,omitempty"`    // Area code of local numbers where the extension or branch has none.
	Rules   []DialRule `yaml:"rules"`
}

// DialRule is one line of a dial plan.
type DialRule struct {
	Match     string `yaml:"match"`               // "8XXXXXXXXXX", "00.", "+.", "1XX": X any digit, "." one or more of them; others literally.
	Strip     int    `yaml:"strip,omitempty"`     // Characters taken from the front.
	Add       string `yaml:"add,omitempty"`       // Put in front; {country} and {area} are replaced.
	Set       string `yaml:"set,omitempty"`       // The whole number instead.
	Extension bool   `yaml:"extension,omitempty"` // What is left is the short number of an extension of the tenant.
	Trunk     string `yaml:"trunk,omitempty"`     // What is left is called at this trunk of the client's: a voice menu, a mailbox.
	Emergency bool   `yaml:"emergency,omitempty"` // Goes out whatever the credit.
	// Do is what the code of the rule does: withhold and show hide the caller's number, or do not, in the call to what is left, which is
	// dialled by the plan; forward_always, forward_busy, forward_no_answer and forward_unavailable set the extension's forwarding to
	// what is left, or end it where nothing is left. Empty: it is no code.
	Do      string `yaml:"do,omitempty"`
	Service string `yaml:"service,omitempty"` // Of an emergency rule: what urn:service:sos names beyond sos, such as police (RFC 5031).
	Block   bool   `yaml:"block,omitempty"`   // Refused.
	Note    string `yaml:"note,omitempty"`    // For people.
}

// RoutePlan is an ordered list of rules; a tenant's calls are routed by the first that matches.
type RoutePlan struct {
	ID      string      `yaml:"id"`
	Default bool        `yaml:"default,omitempty"` // For tenants that name no plan of their own.
	Rules   []RouteRule `yaml:"rules"`
	Inherit string      `yaml:"inherit,omitempty"` // The plan whose rules follow after its own.
}

// RouteRule is one line of a route plan. Empty conditions match everything.
type RouteRule struct {
	ID           string        `yaml:"id"`
	To           []string      `yaml:"to,omitempty"`           // Prefixes of the called number.
	Destinations []string      `yaml:"destinations,omitempty"` // Groups of them; a number in either is meant.
	From         []string      `yaml:"from,omitempty"`         // Prefixes of the caller's number.
	Tenants      []string      `yaml:"tenants,omitempty"`
	Branches     []string      `yaml:"branches,omitempty"`   // "branch", or "tenant/branch".
	Extensions   []string      `yaml:"extensions,omitempty"` // "extension", or "tenant/extension".
	Policy       string        `yaml:"policy"`               // One of lcr.Policies.
	Gateways     []RouteTarget `yaml:"gateways,omitempty"`   // Empty: every active gateway whose carrier has a deck.
	MinMargin    *money.Amount `yaml:"min_margin,omitempty"` // Least margin per call of the assumed duration; negative allows a loss.
	MinPct       *int          `yaml:"min_margin_percent,omitempty"`
	Quality      *QualityGate  `yaml:"quality,omitempty"`
	MaxTries     int           `yaml:"max_tries,omitempty"`  // Default 4.
	SetupTime    time.Duration `yaml:"setup_time,omitempty"` // From the INVITE to the end of hunting; default as the proxy is set up.
	Continue     bool          `yaml:"continue,omitempty"`   // The next matching rule follows when these gateways are used up.
	Hours        string        `yaml:"hours,omitempty"`      // "Mo-Fr 08:00-20:00" in TimeZone.
	TimeZone     string        `yaml:"time_zone,omitempty"`
}

// QualityGate is what a rule demands of a gateway's figures over the window of the operator's statistics.
type QualityGate struct {
	MinCalls int64         `yaml:"min_calls,omitempty"` // Fewer say nothing, and the gateway is let through; default 50.
	MinASR   int64         `yaml:"min_asr,omitempty"`   // Percent.
	MinNER   int64         `yaml:"min_ner,omitempty"`   // Percent.
	MinACD   time.Duration `yaml:"min_acd,omitempty"`
	MaxPDD   time.Duration `yaml:"max_pdd,omitempty"`
	MaxShort int64         `yaml:"max_short,omitempty"` // Percent of the answered calls.
}

// RouteTarget is a gateway in a rule with what the rule's policy needs to know of it.
type RouteTarget struct {
	Gateway  string `yaml:"gateway"`
	Priority int    `yaml:"priority,omitempty"`
	Weight   int    `yaml:"weight,omitempty"`
	Percent  int    `yaml:"percent,omitempty"`
	Hours    string `yaml:"hours,omitempty"` // When it is used in this rule; in the rule's time zone.
}
