package provision

import (
	"time"

	"trunkline/internal/money"
)

// DialPlan makes E.164 numbers of what people dial. Its rules are tried in order; the first that matches decides.
type DialPlan struct {
	ID      string     `yaml:"id" access:"open"`
	Country string     `yaml:"country,omitempty" access:"open"` // Country code of local numbers, e.g. "7".
	Area    string     `yaml:"area,omitempty" access:"open"`    // Area code of local numbers where the extension or branch has none.
	Rules   []DialRule `yaml:"rules" access:"open"`
}

// DialRule is one line of a dial plan.
type DialRule struct {
	Match     string `yaml:"match" access:"open"`               // "8XXXXXXXXXX", "00.", "+.", "1XX": X any digit, "." one or more of them; others literally.
	Strip     int    `yaml:"strip,omitempty" access:"open"`     // Characters taken from the front.
	Add       string `yaml:"add,omitempty" access:"open"`       // Put in front; {country} and {area} are replaced.
	Set       string `yaml:"set,omitempty" access:"open"`       // The whole number instead.
	Extension bool   `yaml:"extension,omitempty" access:"open"` // What is left is the short number of an extension of the tenant.
	Trunk     string `yaml:"trunk,omitempty" access:"open"`     // What is left is called at this trunk of the client's: a voice menu, a mailbox.
	Emergency bool   `yaml:"emergency,omitempty" access:"open"` // Goes out whatever the credit.
	// Do is what the code of the rule does: withhold and show hide the caller's number, or do not, in the call to what is left, which is
	// dialled by the plan; forward_always, forward_busy, forward_no_answer and forward_unavailable set the extension's forwarding to
	// what is left, or end it where nothing is left. Empty: it is no code.
	Do      string `yaml:"do,omitempty" access:"open"`
	Service string `yaml:"service,omitempty" access:"open"` // Of an emergency rule: what urn:service:sos names beyond sos, such as police (RFC 5031).
	Block   bool   `yaml:"block,omitempty" access:"open"`   // Refused.
	Note    string `yaml:"note,omitempty" access:"open"`    // For people.
}

// RoutePlan is an ordered list of rules; a tenant's calls are routed by the first that matches.
type RoutePlan struct {
	ID      string      `yaml:"id" access:"open"`
	Default bool        `yaml:"default,omitempty" access:"open"` // For tenants that name no plan of their own.
	Rules   []RouteRule `yaml:"rules" access:"open"`
	Inherit string      `yaml:"inherit,omitempty" access:"open"` // The plan whose rules follow after its own.
}

// RouteRule is one line of a route plan. Empty conditions match everything.
type RouteRule struct {
	ID           string        `yaml:"id" access:"open"`
	To           []string      `yaml:"to,omitempty" access:"open"`           // Prefixes of the called number.
	Destinations []string      `yaml:"destinations,omitempty" access:"open"` // Groups of them; a number in either is meant.
	From         []string      `yaml:"from,omitempty" access:"open"`         // Prefixes of the caller's number.
	Tenants      []string      `yaml:"tenants,omitempty" access:"open"`
	Branches     []string      `yaml:"branches,omitempty" access:"open"`    // "branch", or "tenant/branch".
	Extensions   []string      `yaml:"extensions,omitempty" access:"open"`  // "extension", or "tenant/extension".
	Policy       string        `yaml:"policy" access:"open"`                // One of lcr.Policies.
	Gateways     []RouteTarget `yaml:"gateways,omitempty" access:"open"`    // Empty: every active gateway whose carrier has a deck.
	MinMargin    *money.Amount `yaml:"min_margin,omitempty" access:"price"` // Least margin per call of the assumed duration; negative allows a loss.
	MinPct       *int          `yaml:"min_margin_percent,omitempty" access:"price"`
	Quality      *QualityGate  `yaml:"quality,omitempty" access:"open"`
	MaxTries     int           `yaml:"max_tries,omitempty" access:"open"`  // Default 4.
	SetupTime    time.Duration `yaml:"setup_time,omitempty" access:"open"` // From the INVITE to the end of hunting; default as the proxy is set up.
	Continue     bool          `yaml:"continue,omitempty" access:"open"`   // The next matching rule follows when these gateways are used up.
	Hours        string        `yaml:"hours,omitempty" access:"open"`      // "Mo-Fr 08:00-20:00" in TimeZone.
	TimeZone     string        `yaml:"time_zone,omitempty" access:"open"`
}

// QualityGate is what a rule demands of a gateway's figures over the window of the operator's statistics.
type QualityGate struct {
	MinCalls int64         `yaml:"min_calls,omitempty" access:"open"` // Fewer say nothing, and the gateway is let through; default 50.
	MinASR   int64         `yaml:"min_asr,omitempty" access:"open"`   // Percent.
	MinNER   int64         `yaml:"min_ner,omitempty" access:"open"`   // Percent.
	MinACD   time.Duration `yaml:"min_acd,omitempty" access:"open"`
	MaxPDD   time.Duration `yaml:"max_pdd,omitempty" access:"open"`
	MaxShort int64         `yaml:"max_short,omitempty" access:"open"` // Percent of the answered calls.
}

// RouteTarget is a gateway in a rule with what the rule's policy needs to know of it.
type RouteTarget struct {
	Gateway  string `yaml:"gateway" access:"open"`
	Priority int    `yaml:"priority,omitempty" access:"open"`
	Weight   int    `yaml:"weight,omitempty" access:"open"`
	Percent  int    `yaml:"percent,omitempty" access:"open"`
	Hours    string `yaml:"hours,omitempty" access:"open"` // When it is used in this rule; in the rule's time zone.
}
